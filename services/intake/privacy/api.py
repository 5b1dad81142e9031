"""HTTP in: one call each. What shows a person is never kept on its way (`no-store`)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from services.intake.privacy.access_trace import AccessTrace, Sought
from services.intake.privacy.alarms import AlarmAnswers, alarm_view
from services.intake.privacy.call_backs import CallBackCallers
from services.intake.privacy.domain import Finding, Reason, Status, Which
from services.intake.privacy.legal_holds import Held, LegalHolds, hold_view
from services.intake.privacy.legal_holds import Reason as HoldReason
from services.intake.privacy.photos import Photos
from services.intake.privacy.privacy_requests import CopyHandover
from services.intake.privacy.reveals import Openings, Wish
from shared.contracts.refusals import NotThere
from shared.runtime import Actor, Body, Routes, may, source_of
from shared.runtime.authentication import Named, require_name
from shared.tickets.numbers import TicketNumber

NO_STORE: Final = {"Cache-Control": "no-store"}
AS_IT_IS: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
PHOTO: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The photo", "content": {"image/jpeg": {}}}
}
Limit = Annotated[int, Query(ge=1, le=200)]
Number = Annotated[TicketNumber, Field(min_length=1, max_length=60)]
After = Annotated[str | None, Query(max_length=100)]


class RevealBody(Body):
    """Whom to open, and why."""

    number: Number
    person: Which
    reason: Reason


class CallerBody(Body):
    """A call of the caller whom one has taken to ring back."""

    call: Annotated[str, Field(min_length=1, max_length=60)]


class CallerView(BaseModel):
    """Whom to ring, and how many more persons whoever asks may open."""

    call: str
    phone: str
    opened_at: datetime
    left_hour: int
    left_day: int


class AllowanceView(BaseModel):
    """How many more persons whoever asks may open in this hour and day, and how many in all."""

    left_hour: int
    left_day: int
    per_hour: int
    per_day: int


class RevealView(BaseModel):
    """When a person was opened; themselves only the first time. What is left is as it is now."""

    number: str
    person: Which
    reason: Reason
    opened_at: datetime
    repeated: bool
    left_hour: int
    left_day: int
    name: str | None = None
    phone: str | None = None
    room: str | None = None


class AlarmAnswerBody(Body):
    """What was found."""

    reason: Finding


class SeenBody(Body):
    """Whom it is about: a phone number, or a person of a ticket. In a body, since proxies keep
    addresses.
    """

    phone: Annotated[str, Field(max_length=40)] | None = None
    number: Number | None = None
    person: Which | None = None


class HoldBody(Body):
    """What to hold, and why: one ticket or, with `person`, all tickets of one of its persons."""

    number: Number
    person: Which | None = None
    reason: HoldReason


def build_reveals_api(openings: Openings, callers: CallBackCallers) -> Routes:
    """Opening persons."""
    router = Routes("/v1/reveals", tags=["privacy"])

    @router.post(
        "",
        status_code=201,
        dependencies=[may("person.reveal")],
        response_model_exclude_unset=True,
        responses={200: {"description": "A repeat: when it was opened", "model": RevealView}},
    )
    async def reveal(
        body: RevealBody, actor: Actor, request: Request, response: Response, key: Named = None
    ) -> RevealView:
        """Open one person of a ticket, once: the same key again tells when it was, and no more."""
        wish = Wish(body.number, body.person, body.reason)
        found = await openings.reveal(
            wish, actor, name=require_name(key, "reveal"), source=source_of(request)
        )
        response.headers.update(NO_STORE)
        response.status_code = 201 if found.person is not None else 200
        assert found.left is not None, "who wishes to open somebody is told what is left"
        return RevealView(
            number=body.number,
            person=body.person,
            reason=body.reason,
            opened_at=found.at,
            repeated=found.person is None,
            left_hour=found.left.left_hour,
            left_day=found.left.left_day,
            **(found.person or {}),
        )

    @router.post("/calls", status_code=201, dependencies=[may("call_back.do")])
    async def of_call(
        body: CallerBody, actor: Actor, request: Request, response: Response
    ) -> CallerView:
        """The number of a caller whom one has taken to ring back, until one has said what came of
        it: each time on record, counted once.
        """
        found = await callers.show(body.call, actor, source=source_of(request))
        response.headers.update(NO_STORE)
        return CallerView(
            call=body.call,
            phone=found.phone,
            opened_at=found.at,
            left_hour=found.left.left_hour,
            left_day=found.left.left_day,
        )

    @router.get("/allowance", dependencies=[may("person.reveal")])
    async def allowance(actor: Actor, response: Response) -> AllowanceView:
        """How many more persons whoever asks may open."""
        response.headers.update(NO_STORE)
        return AllowanceView(**asdict(await openings.allowance(actor)))

    return router


def build_photos_api(photos: Photos) -> Routes:
    """Photos of finished work."""
    router = Routes("/v1/proofs", tags=["privacy"])

    @router.get("/{id}", dependencies=[may("proof.see")], response_class=Response, responses=PHOTO)
    async def open_(id: str, actor: Actor, request: Request) -> Response:
        """Open a photo; each opening is on record."""
        photo = await photos.open(id, actor, source=source_of(request))
        return Response(photo, media_type="image/jpeg", headers={**NO_STORE, **AS_IT_IS})

    return router


def build_alarms_api(alarm_answers: AlarmAnswers) -> Routes:
    """Alarms about how persons are opened."""
    router = Routes("/v1/reading-alarms", tags=["privacy"])

    @router.get("", dependencies=[may("reading_alarm.see")])
    async def listed(
        actor: Actor, status: Status | None = None, after: After = None, limit: Limit = 50
    ) -> dict[str, Any]:
        """Alarms within reach, newest first; `next` is the cursor of the next page."""
        page = await alarm_answers.page(actor, status=status, after=after, limit=limit)
        return {"items": [alarm_view(alarm) for alarm in page.items], "next": page.next}

    @router.post("/{id}/answer", dependencies=[may("reading_alarm.answer")])
    async def answer(
        id: str, body: AlarmAnswerBody, actor: Actor, request: Request
    ) -> dict[str, Any]:
        """Say what was found; never about oneself."""
        found = await alarm_answers.answer(id, actor, body.reason, source=source_of(request))
        return alarm_view(found)

    return router


def build_tracing_api(access_trace: AccessTrace) -> Routes:
    """Who has seen whom."""
    router = Routes("/v1/persons", tags=["privacy"])

    @router.post("/seen", dependencies=[may("person.trace")])
    async def seen(
        body: SeenBody,
        actor: Actor,
        request: Request,
        response: Response,
        after: After = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        """Who has seen a person, newest first; `next` is the cursor of the next page."""
        response.headers.update(NO_STORE)
        sought = Sought(body.phone, body.number, body.person)
        return await access_trace.seen(
            sought, actor, after=after, limit=limit, source=source_of(request)
        )

    return router


def build_holds_api(legal_holds: LegalHolds) -> Routes:
    """What must not be erased."""
    router = Routes("/v1/legal-holds", tags=["privacy"])

    @router.get("", dependencies=[may("legal_hold.see")])
    async def listed(actor: Actor, after: After = None, limit: Limit = 50) -> dict[str, Any]:
        """Holds, newest first; `next` is the cursor of the next page."""
        page = await legal_holds.page(actor, after=after, limit=limit)
        return {"items": [hold_view(hold) for hold in page.items], "next": page.next}

    @router.post("", status_code=201, dependencies=[may("legal_hold.set")])
    async def set_(
        body: HoldBody, actor: Actor, request: Request, key: Named = None
    ) -> dict[str, Any]:
        """Hold it; once this is answered, nothing of it is erased."""
        held = Held(body.number, body.person, body.reason)
        return hold_view(
            await legal_holds.set(
                held, actor, name=require_name(key, "legal hold"), source=source_of(request)
            )
        )

    @router.post("/{id}/lift", dependencies=[may("legal_hold.set")])
    async def lift(id: str, actor: Actor, request: Request) -> dict[str, Any]:
        """Nothing keeps it any longer."""
        return hold_view(await legal_holds.lift(id, actor, source=source_of(request)))

    return router


def build_copies_api(copy_handover: CopyHandover) -> Routes:
    """Copies of people's own data."""
    router = Routes("/v1/privacy-copies", tags=["privacy"])

    @router.post("/{request_id}/open", dependencies=[may("privacy_copy.open")])
    async def open_(
        request_id: str, actor: Actor, request: Request, response: Response
    ) -> dict[str, Any]:
        """Open the copy made for a request, to hand it over; each opening is on record."""
        found = await copy_handover.open(request_id, actor, source=source_of(request))
        if found is None:
            raise NotThere
        response.headers.update(NO_STORE)
        return found

    return router
