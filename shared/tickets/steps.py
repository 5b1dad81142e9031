"""Acts done one after the other in one change, each judged on what the one before left. Pure.

What somebody wants is done whole, or not at all (`must`). What time brings about is nobody's wish:
what the table refuses of it is dropped, and the rest is done (`may`). So no effect holds up the
others, and none comes again at every look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from shared.contracts import Event
from shared.tickets import acts
from shared.tickets.apply import BY_TIME, apply, overdue
from shared.tickets.clock_moves import clocks_of, set_clock
from shared.tickets.clocks import pass_over
from shared.tickets.errors import NoSuchOrder, NotAllowed
from shared.tickets.model import LifecycleRules, Ticket, TimelineEntry

DROPPED: Final = "dropped"
"""How the timeline names what fell due and was refused. No row of the table: nothing moved."""
RulesOf = Callable[[str | None], LifecycleRules]
"""The rules of an estate."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """An act that fell due, and why it was not done."""

    act: acts.Act
    why: NotAllowed | NoSuchOrder

    @property
    def clock(self) -> str:
        """The clock it was about; empty where it was about none."""
        return self.act.clock.value if isinstance(self.act, acts.Fire) else ""


@dataclass(frozen=True, slots=True)
class Steps:
    """A ticket as it is after `done`, all at the same moment, with what is said of it."""

    ticket: Ticket
    now: datetime
    rules_of: RulesOf
    events: tuple[Event, ...] = ()
    done: tuple[acts.Act, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @classmethod
    def begin(cls, ticket: Ticket, now: datetime, rules_of: RulesOf) -> Self:
        """A pause that is over comes before whatever else is done."""
        steps = cls(ticket, now, rules_of)
        for act in overdue(ticket, now):
            steps = steps.may(act)
        return steps

    @property
    def is_change(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.done or self.dropped)

    @property
    def rules(self) -> LifecycleRules:
        """What holds where the ticket is."""
        return self.rules_of(self.ticket.estate)

    def must(self, *wanted: acts.Act) -> Self:
        """All of them, in this order. Raises NotAllowed or NoSuchOrder for the first refused."""
        steps = self
        for act in wanted:
            # Whoever finds out the place decides by what holds there.
            estate = act.estate if isinstance(act, acts.Reclassify) else steps.ticket.estate
            step = apply(steps.ticket, act, steps.now, steps.rules_of(estate))
            events, done = (*steps.events, *step.events), (*steps.done, act)
            steps = replace(steps, ticket=step.ticket, events=events, done=done)
        return steps

    def may(self, act: acts.Act) -> Self:
        """It, or a note that it was refused; in either case it does not fall due again."""
        try:
            return self.must(act)
        except (NotAllowed, NoSuchOrder) as why:
            left = _without(self.ticket, act, self.now, self.rules)
            return replace(self, ticket=left, dropped=(*self.dropped, Dropped(act, why)))


def _without(ticket: Ticket, act: acts.Act, now: datetime, rules: LifecycleRules) -> Ticket:
    """The ticket as if `act` had come and changed nothing, on record."""
    order = getattr(act, "order", None)
    if isinstance(act, acts.Fire) and act.clock in clocks_of(ticket, order):
        state = clocks_of(ticket, order)[act.clock]
        ticket = set_clock(ticket, act, pass_over(state, now, rules.ladder))
    elif isinstance(act, acts.Resume) and (found := ticket.order(act.order)) is not None:
        ticket = ticket.with_order(replace(found, resume_at=None))
    note = "/".join(filter(None, (act.transition.value, act.note)))
    entry = TimelineEntry(now, DROPPED, BY_TIME, order, note)
    return replace(ticket, timeline=(*ticket.timeline, entry))
