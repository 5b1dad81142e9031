"""Outages that many report: offered, confirmed, announced, over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Path, Query
from pydantic import AfterValidator, Field

from services.router.bodies import Limit
from services.router.cards import Counted
from services.router.incidents.decisions import IncidentDecisions
from services.router.incidents.incident import Incident, Status
from services.router.incidents.views import (
    IncidentPage,
    IncidentView,
    NoticeDraftView,
    incident_view,
    summary,
)
from shared.contracts.ids import Code, without_number
from shared.contracts.times import Moment
from shared.identity import Principal, allows
from shared.runtime import Actor, Body, Routes, may
from shared.tickets.numbers import TicketNumber

MOST_BUILDINGS: Final = 500
Shown = Callable[[Principal, Incident], Awaitable[IncidentView]]
Id = Annotated[str, Path(max_length=200)]
Building = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z]{1,4}(-[0-9A-Za-z]{1,4})?$"), AfterValidator(without_number)
]
Buildings = Annotated[tuple[Building, ...], Field(max_length=MOST_BUILDINGS)]
Number = Annotated[TicketNumber, Field(min_length=1, max_length=20)]
Name = Annotated[str, Field(min_length=1, max_length=60)]


class ConfirmBody(Body):
    """Where it is, when that is known better than it was found; no building means everywhere."""

    buildings: Buildings | None = None
    restore_by: Moment | None = None


class DeclareBody(Body):
    """An outage that nobody has called about yet."""

    estate: Name
    area: Name
    buildings: Buildings = ()
    restore_by: Moment | None = None


class DismissBody(Body):
    """Why these have nothing in common."""

    reason: Code


class PromiseBody(Body):
    """By when it is over; a second promise says why it differs."""

    restore_by: Moment
    reason: Code | None = None


class ScopeBody(Body):
    """In which buildings it is (left out: as before; none: everywhere), and in which it is over."""

    buildings: Buildings | None = None
    restored: Buildings = ()


class AnnounceBody(Body):
    """How many households whoever announces it has counted; it goes to no more."""

    at_most: Annotated[int, Field(ge=0)] | None = None


class ReleaseBody(Body):
    """How many households whoever releases it has counted, typed by themselves."""

    households: Annotated[int, Field(ge=0)]


class LinkBody(Body):
    """Which request."""

    number: Number


class PartBody(LinkBody):
    """Which request has nothing to do with it, and why."""

    reason: Code


def build_incidents_api(incident_decisions: IncidentDecisions) -> Routes:
    """`/v1/incidents`: what they are, how they begin and end."""
    router, shown = _begun(incident_decisions)

    @router.get("", dependencies=[may("incident.see")])
    async def listed(
        actor: Actor,
        status: Annotated[Status | None, Query()] = None,
        estate: Annotated[str | None, Query(max_length=60)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = 50,
    ) -> IncidentPage:
        """Those that are open, or in one status, within reach: the earliest first, of those that
        are dismissed or closed the latest; `next` is a cursor.
        """
        found, count = await incident_decisions.within_reach(
            actor, status=status, estate=estate, after=after, limit=limit
        )
        items = tuple(summary(incident) for incident in found.items)
        return IncidentPage(items=items, next=found.next, all=Counted.of(count))

    @router.post("", status_code=201, dependencies=[may("incident.decide")])
    async def declare(actor: Actor, body: DeclareBody) -> IncidentView:
        """Make one that is known before anybody called."""
        made = await incident_decisions.declare(actor, body.estate, body.area, body.buildings)
        if body.restore_by is not None:
            made = await incident_decisions.promise(actor, made.id, body.restore_by, None)
        return await shown(actor, made)

    @router.get("/{id}", dependencies=[may("incident.see")])
    async def one(id: Id, actor: Actor) -> IncidentView:
        """One, with its requests, promises, announcements and where it was thought to be."""
        return await shown(actor, await incident_decisions.get(actor, id))

    @router.get("/{id}/notice", dependencies=[may("incident.decide")])
    async def notice(id: Id, actor: Actor) -> NoticeDraftView:
        """What an announcement would say now, and how many households it would reach."""
        return await incident_decisions.draft(actor, id)

    @router.post("/{id}/confirm", dependencies=[may("incident.decide")])
    async def confirm(id: Id, actor: Actor, body: ConfirmBody) -> IncidentView:
        """It is one outage: its requests are linked, and those to come."""
        found = await incident_decisions.confirm(actor, id, body.buildings)
        if body.restore_by is not None:
            found = await incident_decisions.promise(actor, id, body.restore_by, None)
        return await shown(actor, found)

    @router.post("/{id}/dismiss", dependencies=[may("incident.decide")])
    async def dismiss(id: Id, actor: Actor, body: DismissBody) -> IncidentView:
        """These requests have nothing in common."""
        return await shown(actor, await incident_decisions.dismiss(actor, id, body.reason))

    @router.post("/{id}/restore", dependencies=[may("incident.decide")])
    async def restore(id: Id, actor: Actor) -> IncidentView:
        """It is over everywhere: the work of its requests is done, and each caller is told."""
        return await shown(actor, await incident_decisions.restore(actor, id))

    return router


def build_running_incidents_api(incident_decisions: IncidentDecisions) -> Routes:
    """`/v1/incidents`: what is done while one lasts."""
    router, shown = _begun(incident_decisions)

    @router.post("/{id}/promise", dependencies=[may("incident.decide")])
    async def promise(id: Id, actor: Actor, body: PromiseBody) -> IncidentView:
        """Say by when it is over; what was promised before stays on record."""
        return await shown(
            actor, await incident_decisions.promise(actor, id, body.restore_by, body.reason)
        )

    @router.post("/{id}/scope", dependencies=[may("incident.decide")])
    async def scope(id: Id, actor: Actor, body: ScopeBody) -> IncidentView:
        """Say where it is, and where it is over."""
        return await shown(
            actor,
            await incident_decisions.rescope(actor, id, body.buildings, body.restored),
        )

    @router.post("/{id}/announce", dependencies=[may("incident.decide")])
    async def announce(id: Id, actor: Actor, body: AnnounceBody) -> IncidentView:
        """Tell each household concerned once how it stands, and who calls later."""
        return await shown(actor, await incident_decisions.announce(actor, id, body.at_most))

    @router.post("/{id}/release", dependencies=[may("incident.release")])
    async def release(id: Id, actor: Actor, body: ReleaseBody) -> IncidentView:
        """Let an announcement to many go that somebody else wrote, and that reaches so many."""
        return await shown(actor, await incident_decisions.release(actor, id, body.households))

    @router.post("/{id}/link", dependencies=[may("incident.link")])
    async def link(id: Id, actor: Actor, body: LinkBody) -> IncidentView:
        """Take a request for part of it; it stays a request of its own."""
        return await shown(actor, await incident_decisions.link(actor, id, body.number))

    @router.post("/{id}/unlink", dependencies=[may("incident.link")])
    async def unlink(id: Id, actor: Actor, body: PartBody) -> IncidentView:
        """Take a request for a matter of its own."""
        return await shown(
            actor, await incident_decisions.part(actor, id, body.number, body.reason)
        )

    return router


def _begun(incident_decisions: IncidentDecisions) -> tuple[Routes, Shown]:
    async def shown(actor: Principal, incident: Incident) -> IncidentView:
        """Of which requests it is made is for those who link them."""
        linked = await incident_decisions.linked(incident)
        view = incident_view(incident, linked, await incident_decisions.heard(incident))
        if not allows(actor, "incident.link"):
            return view
        more = await incident_decisions.made_of(actor, incident, linked)
        return view.model_copy(
            update={
                "tickets": tuple(each.number for each in linked),
                "requests": more.requests,
                "by_building": more.by_building,
            }
        )

    return Routes("/v1/incidents", tags=["incidents"]), shown
