"""What must be called of a ticket, and who must have its work: a reference for the deadlines.

It shares nothing with `shared.tickets` or the router. It is given when each clock began and ends,
which `tests/tickets/test_clock_reference.py` checks, and remembers by itself what was called, who
had the work, and which time is whose. The ladder and the sample's duty list are typed in here anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from shared.tickets import Ticket

MINUTE: Final = timedelta(minutes=1)
VISIT: Final = timedelta(hours=1)
"""How long every visit is that is agreed where the reference looks."""
NOTICE: Final = timedelta(minutes=30)
"""How long before its beginning a visit is reminded of: the sample policy's."""
COUNTED_MINUTES: Final = 200 * 24 * 60
ZONE: Final = ZoneInfo("Asia/Shanghai")
People = Mapping[str, Sequence[str]]
"""Of one estate: by department who is on duty, first choice first."""
Owner = str | None
"""A work order, or None: the whole."""
Told = tuple[Any, ...]
"""`("call", owner, clock, level)` or `("hand over", owner, to whom)`."""


def _people(estate: str) -> People:
    sizes = {"engineering": 3, "security": 3, "environment": 2, "greening": 2,
             "customer-service": 2, "finance": 2}  # fmt: skip
    return {
        department.replace("-", "_"): [f"{estate}-{department}-{n + 1}" for n in range(size)]
        for department, size in sizes.items()
    }


PEOPLE: Final[Mapping[str, People]] = {
    "jinyuan": _people("jy"),
    "binjiang": _people("bj"),
    "cuihu": _people("ch"),
}
"""The sample's duty list."""


@dataclass(frozen=True)
class Minutes:
    """Which minutes count, one after the other from `since` on: all, or those of the working week
    but for the days that a calendar names.
    """

    since: datetime
    days_off: frozenset[date] = frozenset()
    made_up: frozenset[date] = frozenset()

    def counts(self, local: datetime, on: str) -> bool:
        if on in {"wall", "days"}:
            return True
        minute = local.hour * 60 + local.minute
        day = local.date()
        worked = day in self.made_up or (local.weekday() < 5 and day not in self.days_off)
        return worked and (on == "workdays" or 510 <= minute < 720 or 810 <= minute < 1080)

    def passed(self, moment: datetime, on: str) -> float:
        """Minutes that counted until a moment."""
        whole, rest = divmod((moment - self.since) / MINUTE, 1)
        before, after = ticks(self, on)[int(whole) : int(whole) + 2]
        return before + (after - before) * rest

    def moment_of(self, minutes: float, on: str) -> datetime:
        """The first moment by which so many counted."""
        n = bisect_left(ticks(self, on), minutes)
        return self.since + (n - 1 + minutes - ticks(self, on)[n - 1]) * MINUTE


@cache
def ticks(minutes: Minutes, on: str) -> list[int]:
    """How many minutes counted by each minute since then."""
    local, found = minutes.since.astimezone(ZONE), [0]
    for n in range(COUNTED_MINUTES):
        found.append(found[-1] + minutes.counts(local + n * MINUTE, on))
    return found


AUTUMN: Final = Minutes(datetime(2026, 11, 1, tzinfo=UTC))
"""From then on the sample's calendar names no days."""


@dataclass(frozen=True)
class Ladder:
    """Shares that warn, and minutes after the end that are told higher up."""

    shares: tuple[float, ...]
    higher: tuple[int, ...]

    def rungs(
        self, begun: datetime, due: datetime, on: str, minutes: Minutes
    ) -> Iterator[tuple[int, datetime]]:
        counted = minutes.passed(due, on) - minutes.passed(begun, on)
        scale = on if counted else "wall"
        counted = counted or (due - begun) / MINUTE
        for n, share in enumerate(self.shares):
            warned = minutes.moment_of(minutes.passed(begun, scale) + counted * share, scale)
            yield 1 - len(self.shares) + n, min(warned, due)
        yield from self.from_the_end(due, scale, minutes)

    def from_the_end(
        self, due: datetime, on: str, minutes: Minutes
    ) -> Iterator[tuple[int, datetime]]:
        yield 1, due
        for n, after in enumerate(self.higher):
            yield 2 + n, minutes.moment_of(minutes.passed(due, on) + after, on)


SAMPLE: Final = Ladder((0.75,), (2 * 60, 24 * 60, 72 * 60))
"""The sample policy's."""


@dataclass(frozen=True)
class Running:
    """A clock that runs as somebody looks."""

    owner: Owner
    clock: str
    begun: datetime
    due: datetime
    on: str


@dataclass
class Reference:
    """What was called of which clock, who had the work, and what a look has to do."""

    ladder: Ladder
    people: People = field(default_factory=lambda: PEOPLE["jinyuan"])
    minutes: Minutes = AUTUMN
    called: dict[tuple[Owner, str], int] = field(default_factory=dict)
    extended_at: datetime | None = None

    def look(self, ticket: Ticket, now: datetime) -> list[Told]:
        """What a look at a ticket does, which is remembered as done."""
        due = []
        for running in self._running(ticket):
            above = self.called.get((running.owner, running.clock), -99)
            ripe = [(n, at) for n, at in self._rungs(running) if n > above and at <= now]
            if ripe:
                level, at = max(ripe)
                due.append((at, running, level))
        return list(self._done(ticket, sorted(due, key=lambda one: one[0])))

    def would(self, ticket: Ticket, now: datetime) -> list[Told]:
        """What a look at a ticket would do, if there were one."""
        return replace(self, called=dict(self.called)).look(ticket, now)

    def broke(self, owner: Owner, clock: str) -> bool:
        """Whether a clock was called broken."""
        return self.called.get((owner, clock), -99) >= 1

    def _done(self, ticket: Ticket, due: list[tuple[datetime, Running, int]]) -> Iterator[Told]:
        lost: set[Owner] = set()
        for _, running, level in due:
            if running.owner in lost:
                continue
            self.called[running.owner, running.clock] = level
            yield "call", running.owner, running.clock, level
            is_given = running.clock == "accept" and running.owner is not None and level >= 1
            if is_given and (person := self._next(ticket, running.owner)) is not None:
                lost.add(running.owner)
                yield "hand over", running.owner, person

    def _next(self, ticket: Ticket, owner: Owner) -> str | None:
        (department,) = [order.department for order in ticket.orders if order.id == owner]
        had = {order.assignee for order in ticket.orders if order.department == department}
        there = self.people.get(department, ())
        return next((person for person in there if person not in had), None)

    def _running(self, ticket: Ticket) -> Iterator[Running]:
        owners: list[tuple[Owner, Mapping[Any, Any]]] = [(None, ticket.clocks)]
        owners += [(order.id, order.clocks) for order in ticket.orders]
        for owner, clocks in owners:
            for clock, state in clocks.items():
                runs = state.stopped_at is None and state.segments[-1].kind == "run"
                if not runs or state.due is None:
                    continue
                begun: datetime = state.segments[0].start
                if (owner, clock.value) == (None, "resolve"):
                    begun = self.extended_at or begun
                on = state.limit.on if state.limit is not None else "wall"
                yield Running(owner, clock.value, begun, state.due, on)

    def _rungs(self, running: Running) -> Iterator[tuple[int, datetime]]:
        if running.clock != "appointment":
            yield from self.ladder.rungs(running.begun, running.due, running.on, self.minutes)
            return
        reminder = running.due - VISIT - NOTICE
        if reminder > running.begun:
            yield 0, reminder
        yield from self.ladder.from_the_end(running.due, "wall", self.minutes)

    def note(self, transition: str, owner: Owner, now: datetime) -> None:
        """A time that is given anew is warned of anew."""
        match transition:
            case "extend":
                self.extended_at = now
                self.called.pop((None, "resolve"), None)
            case "appoint":
                self.called.pop((owner, "appointment"), None)
            case "hold":
                self.called.pop((None, "accept"), None)
            case _:
                pass
