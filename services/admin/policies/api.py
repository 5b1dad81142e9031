"""`/v1/policies`: HTTP in, one call each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Header, Query
from fastapi.responses import Response, StreamingResponse

from services.admin.accounts.staff import By
from services.admin.policies.drafting import Drafting
from services.admin.policies.names import NAMED_BY, NamesView, etag_of, is_known, names_in, names_of
from services.admin.policies.publishing import Publishing
from services.admin.policies.reading import Reading
from services.admin.policies.rehearsal import Tally
from services.admin.policies.rehearsing import Rehearsing
from services.admin.policies.storage import Policies
from services.admin.policies.views import (
    ApprovalBody,
    AtOnceBody,
    ChangedDraft,
    DifferencesView,
    FaultsView,
    NewDraft,
    PresentView,
    ReadersView,
    RefusalBody,
    RehearsalBody,
    VersionPage,
    VersionView,
    differences_view,
    faults_view,
    present_view,
    readers_view,
    tally_line,
    version_view,
)
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.runtime import Actor, NoStore, Routes, Source, may

PREFIX = "/v1/policies"
IN_FORCE: Final = "in-force"
"""Stands for the version that is in force at the moment, whichever that is."""


def build_reading_api(reading: Reading, policies: Policies, drafting: Drafting) -> Routes:
    """For everybody on the staff: what holds, what is drafted, what differs."""
    router = Routes(PREFIX, tags=["policies"], route_class=NoStore)

    @router.get("", dependencies=[may("policy.see")])
    async def listed(
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> VersionPage:
        """Versions and drafts, the newest first; `next` is the cursor of the next page."""
        found = await reading.listed(after=after, limit=limit)
        return VersionPage(items=[version_view(*one) for one in found.items], next=found.next)

    @router.get("/in-force", dependencies=[may("policy.see")])
    async def present() -> PresentView:
        """What counts now, what will, and until when what was put in force at once."""
        return present_view(*await reading.present())

    @router.get("/{id}", dependencies=[may("policy.see")])
    async def one(id: str) -> VersionView:
        """One version or draft."""
        return version_view(*await reading.one(id))

    @router.get("/{id}/documents", dependencies=[may("policy.see")])
    async def documents(id: str) -> dict[str, Any]:
        """Its documents, by kind."""
        return await policies.documents(id)

    @router.get(
        "/{id}/export",
        dependencies=[may("policy.see")],
        responses={200: {"content": {"application/yaml": {}}}},
        response_class=Response,
    )
    async def export(id: str) -> Response:
        """Its documents as one YAML file; sent as an overlay it gives the same documents."""
        return Response(await reading.export(id), media_type="application/yaml")

    @router.get("/{id}/faults", dependencies=[may("policy.see")])
    async def faults(id: str) -> FaultsView:
        """Everything that keeps it from coming into force now."""
        version, _ = await reading.one(id)
        return faults_view(await drafting.faults(version))

    @router.get("/{id}/diff", dependencies=[may("policy.see")])
    async def diff(
        id: str, against: Annotated[str | None, Query(max_length=60)] = None
    ) -> DifferencesView:
        """What it has otherwise than another version, or than the one it was made from."""
        return differences_view(*await reading.differences(id, against))

    @router.post("/{id}/confirm", dependencies=[may("policy.confirm")])
    async def confirm(id: str, actor: Actor) -> VersionView:
        """Whoever asks has read it."""
        await reading.confirm(id, actor)
        return version_view(*await reading.one(id))

    @router.get("/{id}/readers", dependencies=[may("policy.draft")])
    async def readers(id: str) -> ReadersView:
        """Who has confirmed having read it, and who must and has not."""
        return readers_view(await reading.readers(id))

    return router


def build_names_api(policies: Policies, policy: Callable[[], Policy]) -> Routes:
    """For whatever shows ids and codes to people: what they are called."""
    router = Routes(PREFIX, tags=["policies"])

    @router.get(
        "/{id}/names",
        dependencies=[may("policy.see")],
        response_model=NamesView,
        responses={304: {"description": "The same as what is known by this ETag"}},
    )
    async def names(id: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        """What its estates, types, areas and the like are called, and all codes, in both languages;
        `in-force` stands for the version that is. With an ETag: who knows it already is told so.
        """
        body = (await _names(id)).model_dump_json().encode()
        etag = etag_of(body)
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if is_known(etag, if_none_match):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def _names(id: str) -> NamesView:
        if id == IN_FORCE:
            present = policy()
            return names_of(present.version, present.group, present.taxonomy)
        return names_in(id, await policies.some_documents(id, NAMED_BY))

    return router


def build_drafts_api(drafting: Drafting, rehearsing: Rehearsing, reading: Reading) -> Routes:
    """For those who draft."""
    router = Routes(PREFIX, tags=["policies"], route_class=NoStore)

    @router.post("", status_code=201, dependencies=[may("policy.draft")])
    async def create(body: NewDraft, actor: Actor) -> VersionView:
        """Draft a change of the newest version."""
        version = await drafting.draft(actor.id, body.title, body.to_wording())
        return version_view(*await reading.one(version.id))

    @router.put("/{id}", dependencies=[may("policy.draft")])
    async def change(id: str, body: ChangedDraft, actor: Actor) -> VersionView:
        """Change a draft, or one that was refused."""
        worded = body.overlay is not None or body.documents is not None
        await drafting.change(
            id,
            actor.id,
            edition=body.edition,
            title=body.title,
            wording=body.to_wording() if worded else None,
            start_over=body.start_over,
        )
        return version_view(*await reading.one(id))

    @router.post("/{id}/rebase", dependencies=[may("policy.draft")])
    async def rebase(id: str, actor: Actor) -> VersionView:
        """Base a draft on the newest version, with what it changes."""
        await drafting.carry_over(id, actor.id)
        return version_view(*await reading.one(id))

    @router.post("/{id}/submit", dependencies=[may("policy.draft")])
    async def submit(id: str, actor: Actor) -> VersionView:
        """Ask for its approval; refused with all its faults."""
        await drafting.submit(id, actor.id)
        return version_view(*await reading.one(id))

    @router.post(
        "/{id}/dry-run",
        dependencies=[may("policy.draft")],
        responses={200: {"content": {"application/x-ndjson": {}}}},
        response_class=StreamingResponse,
    )
    async def dry_run(id: str, body: RehearsalBody, actor: Actor) -> StreamingResponse:
        """Plan the last requests under it and under what is in force: one JSON object a line, the
        last one with what would differ.
        """
        tally = await rehearsing.begin(id)
        lines = _lines(rehearsing, tally, last=body.last, asks=actor)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    return router


def build_deciding_api(publishing: Publishing, reading: Reading) -> Routes:
    """For those who decide, and for those who cannot wait."""
    router = Routes(PREFIX, tags=["policies"], route_class=NoStore)

    @router.post("/break-glass", status_code=201, dependencies=[may("policy.break_glass")])
    async def break_glass(body: AtOnceBody, actor: Actor, source: Source) -> VersionView:
        """Change what is in force at once; unless somebody keeps it, it lapses by itself."""
        made = await publishing.break_glass(
            By(actor, source),
            body.to_wording(),
            title=body.title,
            reason=body.reason,
            lasts=timedelta(hours=body.hours),
        )
        return version_view(*await reading.one(made.id))

    @router.post("/{id}/approve", dependencies=[may("policy.approve")])
    async def approve(id: str, body: ApprovalBody, actor: Actor, source: Source) -> VersionView:
        """Let what somebody else submitted come into force, now or later."""
        await publishing.approve(
            id, By(actor, source), begins=body.begins, must_confirm=body.must_confirm
        )
        return version_view(*await reading.one(id))

    @router.post("/{id}/refuse", dependencies=[may("policy.approve")])
    async def refuse(id: str, body: RefusalBody, actor: Actor, source: Source) -> VersionView:
        """Send it back to its authors, with a reason."""
        await publishing.refuse(id, By(actor, source), reason=body.reason)
        return version_view(*await reading.one(id))

    @router.post("/{id}/keep", dependencies=[may("policy.approve")])
    async def keep(id: str, actor: Actor, source: Source) -> VersionView:
        """Let stay what somebody else put in force at once."""
        await publishing.keep(id, By(actor, source))
        return version_view(*await reading.one(id))

    @router.post("/{id}/withdraw", dependencies=[may("policy.draft")])
    async def withdraw(id: str, actor: Actor, source: Source) -> VersionView:
        """Take back a draft or what was put in force at once; who may approve, an approval too."""
        await publishing.withdraw(id, By(actor, source))
        return version_view(*await reading.one(id))

    return router


async def _lines(
    rehearsing: Rehearsing, tally: Tally, *, last: int, asks: Principal
) -> AsyncIterator[bytes]:
    total = 0
    async for _, total in rehearsing.run(tally, last=last, asks=asks):
        yield tally_line(tally, total, state="running")
    yield tally_line(tally, total, state="done")
