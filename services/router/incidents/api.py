"""Outages that many report: offered, confirmed, announced, over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import Field

from services.router.bodies import Moment
from services.router.incidents.deciding import Deciding
from services.router.incidents.incident import Incident, Linked, Status, households
from shared.identity import Principal, allows
from shared.runtime import Asking, Body, Code, Routes, may

MOST_BUILDINGS: Final = 500
Shown = Callable[[Principal, Incident], Awaitable[dict[str, Any]]]
Id = Annotated[str, Path(max_length=200)]
Building = Annotated[str, Field(pattern=r"^[^\W_][\w-]{0,19}$")]
Buildings = Annotated[tuple[Building, ...], Field(max_length=MOST_BUILDINGS)]
Number = Annotated[str, Field(min_length=1, max_length=20)]
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


class LinkBody(Body):
    """Which request."""

    number: Number


class PartBody(LinkBody):
    """Which request has nothing to do with it, and why."""

    reason: Code


def build_incidents_api(deciding: Deciding) -> Routes:
    """`/v1/incidents`: what they are, how they begin and end."""
    router, shown = _begun(deciding)

    @router.get("", dependencies=[may("incident.see")])
    async def listed(
        asking: Asking,
        status: Annotated[Status | None, Query()] = None,
        estate: Annotated[str | None, Query(max_length=60)] = None,
    ) -> dict[str, Any]:
        """Those that are open, or in one status, within reach; the earliest first."""
        found = await deciding.within_reach(asking, status=status, estate=estate)
        return {"items": [summary(incident) for incident in found]}

    @router.post("", status_code=201, dependencies=[may("incident.decide")])
    async def declare(asking: Asking, body: DeclareBody) -> dict[str, Any]:
        """Make one that is known before anybody called."""
        made = await deciding.declare(asking, body.estate, body.area, body.buildings)
        if body.restore_by is not None:
            made = await deciding.promise(asking, made.id, body.restore_by, None)
        return await shown(asking, made)

    @router.get("/{id}", dependencies=[may("incident.see")])
    async def one(id: Id, asking: Asking) -> dict[str, Any]:
        """One, with its requests, promises, announcements and where it was thought to be."""
        return await shown(asking, await deciding.get(asking, id))

    @router.post("/{id}/confirm", dependencies=[may("incident.decide")])
    async def confirm(id: Id, asking: Asking, body: ConfirmBody) -> dict[str, Any]:
        """It is one outage: its requests are linked, and those to come."""
        found = await deciding.confirm(asking, id, body.buildings)
        if body.restore_by is not None:
            found = await deciding.promise(asking, id, body.restore_by, None)
        return await shown(asking, found)

    @router.post("/{id}/dismiss", dependencies=[may("incident.decide")])
    async def dismiss(id: Id, asking: Asking, body: DismissBody) -> dict[str, Any]:
        """These requests have nothing in common."""
        return await shown(asking, await deciding.dismiss(asking, id, body.reason))

    @router.post("/{id}/restore", dependencies=[may("incident.decide")])
    async def restore(id: Id, asking: Asking) -> dict[str, Any]:
        """It is over everywhere: the work of its requests is done, and each caller is told."""
        return await shown(asking, await deciding.restore(asking, id))

    return router


def build_running_incidents_api(deciding: Deciding) -> Routes:
    """`/v1/incidents`: what is done while one lasts."""
    router, shown = _begun(deciding)

    @router.post("/{id}/promise", dependencies=[may("incident.decide")])
    async def promise(id: Id, asking: Asking, body: PromiseBody) -> dict[str, Any]:
        """Say by when it is over; what was promised before stays on record."""
        return await shown(asking, await deciding.promise(asking, id, body.restore_by, body.reason))

    @router.post("/{id}/scope", dependencies=[may("incident.decide")])
    async def scope(id: Id, asking: Asking, body: ScopeBody) -> dict[str, Any]:
        """Say where it is, and where it is over."""
        return await shown(
            asking, await deciding.rescope(asking, id, body.buildings, body.restored)
        )

    @router.post("/{id}/announce", dependencies=[may("incident.decide")])
    async def announce(id: Id, asking: Asking, body: AnnounceBody) -> dict[str, Any]:
        """Tell each household concerned once how it stands, and who calls later."""
        return await shown(asking, await deciding.announce(asking, id, body.at_most))

    @router.post("/{id}/release", dependencies=[may("incident.release")])
    async def release(id: Id, asking: Asking) -> dict[str, Any]:
        """Let an announcement to many go that somebody else wrote."""
        return await shown(asking, await deciding.release(asking, id))

    @router.post("/{id}/link", dependencies=[may("incident.link")])
    async def link(id: Id, asking: Asking, body: LinkBody) -> dict[str, Any]:
        """Take a request for part of it; it stays a request of its own."""
        return await shown(asking, await deciding.link(asking, id, body.number))

    @router.post("/{id}/unlink", dependencies=[may("incident.link")])
    async def unlink(id: Id, asking: Asking, body: PartBody) -> dict[str, Any]:
        """Take a request for a matter of its own."""
        return await shown(asking, await deciding.part(asking, id, body.number, body.reason))

    return router


def _begun(deciding: Deciding) -> tuple[Routes, Shown]:
    async def shown(asking: Principal, incident: Incident) -> dict[str, Any]:
        """Of which requests it is made is for those who link them."""
        linked = await deciding.linked(incident)
        numbers = [each.number for each in linked] if allows(asking, "incident.link") else None
        return incident_view(incident, linked) | ({} if numbers is None else {"tickets": numbers})

    return Routes("/v1/incidents", tags=["incidents"]), shown


def summary(incident: Incident) -> dict[str, Any]:
    """An incident in a list."""
    return {
        "id": incident.id,
        "estate": incident.estate,
        "area": incident.area,
        "buildings": incident.buildings,
        "status": incident.status,
        "began_at": incident.began_at,
        "households": incident.households,
        "beyond": incident.beyond,
        "restored_in": incident.restored_in,
        "restore_by": incident.restore_by,
    }


def incident_view(incident: Incident, linked: list[Linked]) -> dict[str, Any]:
    """One incident. `reachable` counts the households that an announcement would reach now."""
    return summary(incident) | {
        "decided_at": incident.decided_at,
        "decided_by": incident.decided_by,
        "reason": incident.reason,
        "restored_at": incident.restored_at,
        "restored_by": incident.restored_by,
        "closed_at": incident.closed_at,
        "scopes": incident.scopes,
        "promises": incident.promises,
        "notices": incident.notices,
        "linked": len(linked),
        "open": sum(request.is_open for request in linked),
        "reachable": len(households(linked, incident)),
        "told": len(incident.told),
    }
