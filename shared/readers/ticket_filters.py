"""What somebody may ask for in a list of tickets, as a query: each filter takes several values, any
of which will do, and all filters hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from shared.documents import Doc
from shared.identity import Principal
from shared.tickets import TicketStatus
from shared.tickets.lifecycle import OPEN, OVER

EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything: whatever has a time at all is later."""
SOMETHING_DUE: Final[Mapping[str, Any]] = {"due": {"$gt": EVER}}


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilters:
    """What is asked for; what is left out is not asked. `over` is whether it is over, `to_tell` a
    query of what a person has to tell the caller, `terms` what its words must all hold.
    """

    number: str | None = None
    terms: tuple[str, ...] = ()
    statuses: Collection[TicketStatus] = ()
    over: bool | None = None
    estates: Collection[str] = ()
    buildings: Collection[str] = ()
    departments: Collection[str] = ()
    types: Collection[str] = ()
    areas: Collection[str] = ()
    urgencies: Collection[str] = ()
    held: Collection[str] = ()
    owners: Collection[str] = ()
    assignees: Collection[str] = ()
    channels: Collection[str] = ()
    incidents: Collection[str] = ()
    risk: bool | None = None
    level: int | None = None
    registered_from: datetime | None = None
    registered_to: datetime | None = None
    due_before: datetime | None = None
    to_tell: Mapping[str, Any] | None = None

    def query(self, principal: Principal) -> Doc:
        """The question, but for estates and departments, which are a matter of reach."""
        parts = [part for make in _PARTS if (part := make(self, principal))]
        return {"$and": parts} if len(parts) > 1 else dict(*parts)

    @property
    def is_led_by_an_index(self) -> bool:
        """Whether some filter has an index of its own that gives few tickets: then all statuses are
        not named one by one.
        """
        led = (
            self.number, self.terms, self.buildings, self.owners, self.assignees, self.incidents,
            self.areas,
        )  # fmt: skip
        return any(led) or bool(self.risk or self.level or self.held) or self.due_before is not None

    @property
    def wanted_statuses(self) -> Collection[TicketStatus]:
        """All that fit `statuses` and `over`."""
        of_state = {None: frozenset(TicketStatus), True: OVER, False: OPEN}[self.over]
        return of_state & frozenset(self.statuses or TicketStatus)


def _number(asked: TicketFilters, _: Principal) -> Doc:
    return {"_id": asked.number} if asked.number is not None else {}


def _terms(asked: TicketFilters, _: Principal) -> Doc:
    return {"terms": {"$all": list(asked.terms)}} if asked.terms else {}


def _statuses(asked: TicketFilters, _: Principal) -> Doc:
    """Named one by one even when all are wanted: so the index gives them in order of time."""
    wanted = sorted(status.value for status in asked.wanted_statuses)
    if asked.is_led_by_an_index and len(wanted) == len(TicketStatus):
        return {}
    return {"status": {"$in": wanted}}


def _named(field: str, values: Callable[[TicketFilters], Collection[str]]) -> Any:
    def part(asked: TicketFilters, _: Principal) -> Doc:
        wanted = sorted(values(asked))
        if not wanted:
            return {}
        return {field: wanted[0] if len(wanted) == 1 else {"$in": wanted}}

    return part


def _held(asked: TicketFilters, _: Principal) -> Doc:
    if not asked.held:
        return {}
    return {"held.reason": {"$in": sorted(asked.held)}, "held.since": {"$type": "date"}}


def _channels(asked: TicketFilters, principal: Principal) -> Doc:
    """Of who asked for confidence departments do not hear it, nor may they find it out."""
    if not asked.channels:
        return {}
    hidden = {"confidential": {"$ne": True}} if principal.role == "department" else {}
    return {"channel": {"$in": sorted(asked.channels)}, **hidden}


def _marks(asked: TicketFilters, _: Principal) -> Doc:
    risk = {} if asked.risk is None else {"risk": True if asked.risk else {"$ne": True}}
    level = {} if not asked.level else {"level": {"$gte": asked.level}}
    return {**risk, **level}


def _times(asked: TicketFilters, _: Principal) -> Doc:
    found: Doc = {}
    bounds = {"$gte": asked.registered_from, "$lt": asked.registered_to}
    if registered := {name: at for name, at in bounds.items() if at is not None}:
        found["registered_at"] = registered
    if asked.due_before is not None:
        found["due"] = {"$gt": EVER, "$lt": asked.due_before}
    return found


def _to_tell(asked: TicketFilters, _: Principal) -> Doc:
    return dict(asked.to_tell or {})


_PARTS: Final = (
    _number,
    _terms,
    _statuses,
    _held,
    _channels,
    _marks,
    _times,
    _to_tell,
    _named("building", lambda asked: asked.buildings),
    _named("urgency", lambda asked: asked.urgencies),
    _named("type", lambda asked: asked.types),
    _named("area", lambda asked: asked.areas),
    _named("owner", lambda asked: asked.owners),
    _named("work_orders.assignee", lambda asked: asked.assignees),
    _named("incident", lambda asked: asked.incidents),
)
