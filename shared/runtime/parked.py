"""Every service's parked messages over HTTP: listed, shown, replayed on record; never opened."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Request

from shared.audit import Trail
from shared.bus import ParkedRelay
from shared.contracts.ids import Code, shown_key
from shared.contracts.refusals import NotNow, NotThere
from shared.runtime.authentication import Actor, source_of
from shared.runtime.endpoint_rights import may
from shared.runtime.routes import Body, Routes
from shared.store import Doc
from shared.store.parked import ParkedMessages
from shared.store.parked_entry import TOO_MANY

TRY_AGAIN: Final = "try again in a moment"
ASK_THE_SENDER: Final = "ask the sender, and discard it"
Limit = Annotated[int, Query(ge=1, le=200)]


class DiscardBody(Body):
    """Why nobody needs it, as a code."""

    reason: Code


def build_parked_api(parked: ParkedMessages, relay: ParkedRelay, trail: Trail) -> Routes:
    """The operator's hands on what this service could not handle."""
    router = Routes("/v1/parked", tags=["parked"])

    @router.get("", dependencies=[may("parked.see")])
    async def listed(after: str | None = None, limit: Limit = 50) -> dict[str, Any]:
        """Parked messages without their bodies, the newest first; `next` is the cursor of the next
        page.
        """
        page = await parked.listed(after=after, limit=limit)
        return {"items": [_shown(entry) for entry in page.items], "next": page.next}

    @router.get("/{id}", dependencies=[may("parked.see")])
    async def show(id: str) -> dict[str, Any]:
        """One parked message; its body stays as it is kept."""
        entry = await _get(parked, id)
        return _shown(entry) | {"sealed": entry["sealed"], "bytes": len(entry["body"])}

    @router.post("/{id}/replay", status_code=202, dependencies=[may("parked.replay")])
    async def replay(id: str, actor: Actor, request: Request) -> dict[str, str]:
        """Send it to its queue again, its attempts forgotten; on record before it is sent."""
        entry = await _get(parked, id)
        if entry["reason"] == TOO_MANY:
            raise NotNow("not-kept", "This stands for messages that were not kept", ASK_THE_SENDER)
        if entry.get("cut"):
            raise NotNow("not-whole", "Only the beginning of this was kept", ASK_THE_SENDER)
        await trail.record(
            actor,
            "parked.replayed",
            ("parked", id),
            source=source_of(request),
            details={"queue": entry["queue"]},
        )
        await relay.replay(entry, fresh=True)
        return {"id": id, "status": "replayed"}

    @router.post("/{id}/discard", dependencies=[may("parked.discard")])
    async def discard(id: str, body: DiscardBody, actor: Actor, request: Request) -> dict[str, str]:
        """End one that nobody needs any more; on record with the reason before it ends."""
        entry = await _get(parked, id)
        await trail.record(
            actor,
            "parked.discarded",
            ("parked", id),
            source=source_of(request),
            details={"queue": entry["queue"], "reason": body.reason},
        )
        if not await parked.discard(id):
            raise NotNow("not-told-yet", "What it says of itself is not published yet", TRY_AGAIN)
        return {"id": id, "status": "discarded"}

    return router


async def _get(parked: ParkedMessages, id: str) -> Doc:
    entry = await parked.get(id)
    if entry is None:
        raise NotThere
    return entry


def _shown(entry: Doc) -> Doc:
    return {
        "id": entry["_id"],
        "queue": entry["queue"],
        "reason": entry["reason"],
        "detail": entry["detail"],
        "attempts": entry["attempts"],
        "parked_at": entry["parked_at"],
        "next_at": entry["next_at"],
        "principal": entry["principal"],
        "key": shown_key(entry.get("routing_key", "")),
        "answered": entry.get("answered", False),
        "cut": entry.get("cut", False),
        "more": entry.get("more", 0),
        "ends_at": entry.get("ends_at"),
    }
