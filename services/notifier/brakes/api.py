"""`/v1/messages/brakes`: keep messages back, and let them go."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from services.notifier.brakes.desk import BrakeDesk
from services.notifier.brakes.domain import Brake, BrakeKind, brake_view
from shared.contracts.ids import Code, NamedId
from shared.contracts.notifier import Purpose
from shared.runtime import Actor, NoteBody, Routes, WordsRoute, may


class BrakeBody(NoteBody):
    """What is kept back: messages of a template, an incident, an estate, a channel, or of several
    of these at once. `hold` keeps them until it is released, what is stopped never goes out. Urgent
    ones are kept back only with `urgent`, of a template or an incident that is named.
    """

    kind: BrakeKind
    purpose: Purpose | None = None
    incident: NamedId | None = None
    estate: NamedId | None = None
    channel: Code | None = None
    urgent: Annotated[bool, Field(strict=True)] = False


def build_brakes_api(desk: BrakeDesk) -> Routes:
    """`/v1/messages/brakes`."""
    router = Routes("/v1/messages/brakes", tags=["messages"], route_class=WordsRoute)

    async def shown(brake: Brake) -> dict[str, Any]:
        return brake_view(brake, await desk.counts(brake))

    @router.get("", dependencies=[may("message.brake")])
    async def listed(
        actor: Actor,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Brakes within reach, newest first, each with how its messages stand; `next` is the cursor
        of the next page.
        """
        found = await desk.page(actor, after=after, limit=limit)
        return {"items": [await shown(brake) for brake in found.items], "next": found.next}

    @router.post("", status_code=201, dependencies=[may("message.brake")])
    async def put_on(actor: Actor, body: BrakeBody) -> dict[str, Any]:
        """Keep messages back from now on, in every replica within five seconds."""
        brake = await desk.put_on(
            actor,
            body.kind,
            purpose=body.purpose,
            incident=body.incident,
            estate=body.estate,
            channel=body.channel,
            urgent=body.urgent,
            note=body.scrubbed(),
        )
        return await shown(brake)

    @router.post("/{id}/release", dependencies=[may("message.brake")])
    async def let_go(id: str, actor: Actor) -> dict[str, Any]:
        """Keep nothing back by it any more; twice changes nothing."""
        return await shown(await desk.release(actor, id))

    return router
