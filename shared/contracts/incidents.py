"""What the router says of incidents: many callers, one outage."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from shared.contracts.base import Event


class IncidentEvent(Event):
    """What every fact about an incident carries: an outage of `area` at an estate, of some
    `buildings` or, when none is named, of all. `recipients` are the people of the duty list who are
    to know.
    """

    can_be_urgent: ClassVar[bool] = False

    incident: str
    revision: int
    estate: str
    area: str
    buildings: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class IncidentOffered(IncidentEvent):
    """So many `households` reported the same within minutes: somebody is to decide."""

    name: ClassVar[str] = "incident.offered"
    households: int


class IncidentDismissed(IncidentEvent):
    """These requests have nothing in common; `reason` is a code."""

    name: ClassVar[str] = "incident.dismissed"
    reason: str


class IncidentConfirmed(IncidentEvent):
    """It is one outage; its requests are looked after as one from now on."""

    name: ClassVar[str] = "incident.confirmed"


class IncidentPromised(IncidentEvent):
    """It is to be over by `restore_by` (UTC). The first promise stays on record beside it; `reason`
    says, as a code, why a later one differs.
    """

    name: ClassVar[str] = "incident.promised"
    restore_by: AwareDatetime
    reason: str | None = None


class IncidentSpread(IncidentEvent):
    """Requests came in from `beyond`, buildings that are not in its scope."""

    name: ClassVar[str] = "incident.spread"
    beyond: tuple[str, ...]


class IncidentScoped(IncidentEvent):
    """Its scope changed: buildings came to it, have it over, or never had it."""

    name: ClassVar[str] = "incident.scoped"
    added: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class IncidentAnnounced(IncidentEvent):
    """One caller of each household concerned is told: those of the tickets `numbers`. `notice`
    counts what was announced.
    """

    name: ClassVar[str] = "incident.announced"
    notice: int
    numbers: tuple[str, ...]
    restore_by: AwareDatetime | None = None


class IncidentDueSoon(IncidentEvent):
    """The promised time is near: keep it, or promise another before it passes."""

    name: ClassVar[str] = "incident.due_soon"
    restore_by: AwareDatetime


class IncidentOverdue(IncidentEvent):
    """The promised time has passed."""

    name: ClassVar[str] = "incident.overdue"
    restore_by: AwareDatetime


class IncidentRestored(IncidentEvent):
    """It is over everywhere; each caller is told by their own request."""

    name: ClassVar[str] = "incident.restored"


class IncidentClosed(IncidentEvent):
    """Nothing of its requests is left to do."""

    name: ClassVar[str] = "incident.closed"
