"""What was called of every ticket, write by write, beside what a reference says.

Every write that calls something is a look of the router at the ticket as the write before left it,
so it is compared with what the reference does at the same moment: nothing depends on when somebody
reads the store, and a rung that falls due between two looks is the next look's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from faults.ear import Deadline
from shared.policy.ladder import BREACH
from shared.tickets import Clock, Steps, Ticket, Transition
from shared.tickets.clocks import ClockState
from shared.tickets.model import TimelineEntry
from shared.tickets.steps import DROPPED, RulesOf
from tests.support.deadline_reference import Owner, Reference, Told

WITHIN_A_MILLISECOND: Final = timedelta(microseconds=999)
"""Times are kept in whole milliseconds, so a rung is due by that much before its time."""
CALLS: Final = frozenset({Transition.WARN, Transition.BREACH})


class Called:
    """Every ticket with its reference; `differences` says in words where they did not agree."""

    def __init__(self, rules_of: RulesOf, reference_of: Callable[[Ticket], Reference]) -> None:
        """Judge pauses by these rules; each ticket gets a reference of its own."""
        self._rules_of = rules_of
        self._reference_of = reference_of
        self._references: dict[str, Reference] = {}
        self.tickets: dict[str, Ticket] = {}
        self.calls: Counter[Deadline] = Counter()
        self.handed_over = 0
        self.differences: dict[str, None] = {}
        """Each once, in the order in which they were found."""

    @property
    def warned(self) -> int:
        """How many rungs before the end of a limit were called."""
        return sum(n for (*_, level), n in self.calls.items() if level < BREACH)

    @property
    def broken(self) -> int:
        """How many at the end of a limit or after it."""
        return self.calls.total() - self.warned

    @property
    def clocks(self) -> int:
        """How many clocks have an end."""
        return sum(state.due is not None for t in self.tickets.values() for *_, state in _clocks(t))

    def take(self, after: Ticket) -> None:
        """The next write of a ticket; the writes of each come in their order."""
        number = after.number
        before = self.tickets.get(number)
        self.tickets[number] = after
        if before is None:
            self._references[number] = self._reference_of(after)
            return
        entries = after.timeline[len(before.timeline) :]
        if any(entry.transition in CALLS for entry in entries):
            self._compare(before, list(_found(before, after, entries)), entries[-1].at)
        for entry in entries:
            if entry.transition == DROPPED:
                self.differ(f"{number} at {entry.at:%F %T}: {entry.note} fell due and was refused")
            self._references[number].note(entry.transition, entry.order, entry.at)

    def _compare(self, before: Ticket, found: list[Told], now: datetime) -> None:
        number = before.number
        for owner, clock, level in (rest for kind, *rest in found if kind == "call"):
            self.calls[number, owner, clock, level] += 1
        self.handed_over += sum(kind == "hand over" for kind, *_ in found)
        begun = Steps.begin(before, now, self._rules_of).ticket
        expected = self._references[number].look(begun, now + WITHIN_A_MILLISECOND)
        if found != expected:
            self.differ(f"{number} at {now:%F %T}: expected {_said(expected)}; {_said(found)}")

    def check(self, now: datetime) -> None:
        """Nothing that is due at `now` is uncalled, and no promise is broken beside those that were
        called so. For a time at which the services say that they have done all.
        """
        for number, ticket in self.tickets.items():
            reference = self._references[number]
            begun = Steps.begin(ticket, now, self._rules_of).ticket
            if due := reference.would(begun, now):
                self.differ(f"{number}: expected {_said(due)} before {now:%F %T}; nothing")
            for owner, clock, state in _clocks(ticket):
                if (state.breached_at is not None) != reference.broke(owner, clock):
                    self.differ(
                        f"{number}: {clock.value} of {owner or 'the whole'} expected "
                        f"{'broken' if reference.broke(owner, clock) else 'kept'}; "
                        f"{'broken' if state.breached_at else 'kept'}"
                    )

    def hear(self, heard: Mapping[Deadline, Iterable[str]]) -> None:
        """Compare what was put on record with the ids of what was said on the bus."""
        for deadline in self.calls.keys() | heard.keys():
            said, called = len(set(heard.get(deadline, ()))), self.calls[deadline]
            if said != called:
                number, owner, clock, level = deadline
                call = _one("call", owner, clock, level)
                self.differ(f"{number}: {call} called {called} times; said {said}")

    def differ(self, how: str) -> None:
        """Put a difference on record, once."""
        self.differences[how] = None


def _clocks(ticket: Ticket) -> Iterator[tuple[Owner, Clock, ClockState]]:
    """Those of the whole and of this round's orders."""
    yield from ((None, clock, state) for clock, state in ticket.clocks.items())
    for order in ticket.orders:
        yield from ((order.id, clock, state) for clock, state in order.clocks.items())


def _found(before: Ticket, after: Ticket, entries: Iterable[TimelineEntry]) -> Iterator[Told]:
    """What a write of the router called and handed over, in its order."""
    made = iter(after.work_orders[len(before.work_orders) :])
    for entry in entries:
        if entry.transition in CALLS:
            clock, _, level = str(entry.note).partition("/")
            assert (entry.transition == Transition.BREACH) is (int(level) >= BREACH)
            yield "call", entry.order, clock, int(level)
        elif entry.transition == Transition.TRANSFER:
            yield "hand over", entry.order, next(made).assignee


def _said(told: Iterable[Told]) -> str:
    return ", ".join(_one(*each) for each in told) or "nothing"


def _one(kind: str, owner: Owner, what: object, level: int | None = None) -> str:
    whose = owner or "the whole"
    return f"{what}/{level} of {whose}" if kind == "call" else f"{whose} to {what}"
