"""HTTP in: one call each. What shows a person is never kept on its way (`no-store`)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from pydantic import Field

from services.intake.privacy.answering import Answering, alarm_view
from services.intake.privacy.domain import Finding, Reason, Status, Which
from services.intake.privacy.holding import Held, Holding, hold_view
from services.intake.privacy.holding import Reason as HoldReason
from services.intake.privacy.photos import Photos
from services.intake.privacy.privacy_requests import Handing
from services.intake.privacy.reveals import Revealing, Wish
from services.intake.privacy.tracing import Sought, Tracing
from shared.contracts.refusals import NotThere
from shared.contracts.report import Short
from shared.runtime import Asking, Body, Routes, may, source_of
from shared.runtime.asking import Named, require_name

NO_STORE: Final = {"Cache-Control": "no-store"}
AS_IT_IS: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
PHOTO: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The photo", "content": {"image/jpeg": {}}}
}
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[str | None, Query(max_length=100)]


class RevealBody(Body):
    """Whom to open, and why."""

    number: Short
    person: Which
    reason: Reason


class AnswerBody(Body):
    """What was found."""

    reason: Finding


class SeenBody(Body):
    """Whom it is about: a phone number, or a person of a ticket. In a body, since proxies keep
    addresses.
    """

    phone: Annotated[str, Field(max_length=40)] | None = None
    number: Short | None = None
    person: Which | None = None


class HoldBody(Body):
    """What to hold, and why: one ticket or, with `person`, all tickets of one of its persons."""

    number: Short
    person: Which | None = None
    reason: HoldReason


def build_reveals_api(revealing: Revealing) -> Routes:
    """Opening persons."""
    router = Routes("/v1/reveals", tags=["privacy"])

    @router.post(
        "",
        status_code=201,
        dependencies=[may("person.reveal")],
        responses={200: {"description": "A repeat: when it was opened"}},
    )
    async def reveal(
        body: RevealBody, asking: Asking, request: Request, response: Response, key: Named = None
    ) -> dict[str, Any]:
        """Open one person of a ticket, once: the same key again tells when it was, and no more."""
        wish = Wish(body.number, body.person, body.reason)
        found = await revealing.reveal(
            wish, asking, name=require_name(key, "reveal"), source=source_of(request)
        )
        response.headers.update(NO_STORE)
        response.status_code = 201 if found.person is not None else 200
        told = {**wish.to_json(), "opened_at": found.at, "repeated": found.person is None}
        return told | (found.person or {})

    return router


def build_photos_api(photos: Photos) -> Routes:
    """Photos of finished work."""
    router = Routes("/v1/proofs", tags=["privacy"])

    @router.get("/{id}", dependencies=[may("proof.see")], response_class=Response, responses=PHOTO)
    async def open_(id: str, asking: Asking, request: Request) -> Response:
        """Open a photo; each opening is on record."""
        photo = await photos.open(id, asking, source=source_of(request))
        return Response(photo, media_type="image/jpeg", headers={**NO_STORE, **AS_IT_IS})

    return router


def build_alarms_api(answering: Answering) -> Routes:
    """Alarms about how persons are opened."""
    router = Routes("/v1/reading-alarms", tags=["privacy"])

    @router.get("", dependencies=[may("reading_alarm.see")])
    async def listed(
        asking: Asking, status: Status | None = None, after: After = None, limit: Limit = 50
    ) -> dict[str, Any]:
        """Alarms within reach, newest first; `next` is the cursor of the next page."""
        page = await answering.page(asking, status=status, after=after, limit=limit)
        return {"items": [alarm_view(alarm) for alarm in page.items], "next": page.next}

    @router.post("/{id}/answer", dependencies=[may("reading_alarm.answer")])
    async def answer(id: str, body: AnswerBody, asking: Asking, request: Request) -> dict[str, Any]:
        """Say what was found; never about oneself."""
        found = await answering.answer(id, asking, body.reason, source=source_of(request))
        return alarm_view(found)

    return router


def build_tracing_api(tracing: Tracing) -> Routes:
    """Who has seen whom."""
    router = Routes("/v1/persons", tags=["privacy"])

    @router.post("/seen", dependencies=[may("person.trace")])
    async def seen(
        body: SeenBody,
        asking: Asking,
        request: Request,
        response: Response,
        after: After = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        """Who has seen a person, newest first; `next` is the cursor of the next page."""
        response.headers.update(NO_STORE)
        sought = Sought(body.phone, body.number, body.person)
        return await tracing.seen(
            sought, asking, after=after, limit=limit, source=source_of(request)
        )

    return router


def build_holds_api(holding: Holding) -> Routes:
    """What must not be erased."""
    router = Routes("/v1/legal-holds", tags=["privacy"])

    @router.get("", dependencies=[may("legal_hold.see")])
    async def listed(asking: Asking, after: After = None, limit: Limit = 50) -> dict[str, Any]:
        """Holds, newest first; `next` is the cursor of the next page."""
        page = await holding.page(asking, after=after, limit=limit)
        return {"items": [hold_view(hold) for hold in page.items], "next": page.next}

    @router.post("", status_code=201, dependencies=[may("legal_hold.set")])
    async def set_(
        body: HoldBody, asking: Asking, request: Request, key: Named = None
    ) -> dict[str, Any]:
        """Hold it; once this is answered, nothing of it is erased."""
        held = Held(body.number, body.person, body.reason)
        return hold_view(
            await holding.set(
                held, asking, name=require_name(key, "reveal"), source=source_of(request)
            )
        )

    @router.post("/{id}/lift", dependencies=[may("legal_hold.set")])
    async def lift(id: str, asking: Asking, request: Request) -> dict[str, Any]:
        """Nothing keeps it any longer."""
        return hold_view(await holding.lift(id, asking, source=source_of(request)))

    return router


def build_copies_api(handing: Handing) -> Routes:
    """Copies of people's own data."""
    router = Routes("/v1/privacy-copies", tags=["privacy"])

    @router.post("/{request_id}/open", dependencies=[may("privacy_copy.open")])
    async def open_(
        request_id: str, asking: Asking, request: Request, response: Response
    ) -> dict[str, Any]:
        """Open the copy made for a request, to hand it over; each opening is on record."""
        found = await handing.open(request_id, asking, source=source_of(request))
        if found is None:
            raise NotThere
        response.headers.update(NO_STORE)
        return found

    return router
