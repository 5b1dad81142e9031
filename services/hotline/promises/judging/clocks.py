"""Whether every deadline fired, and fired once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.hotline.promises.facts import Papers
from services.hotline.promises.findings import Finding
from services.hotline.promises.kinds import FIRED_TWICE, NOT_FIRED
from shared.tickets import Clock, Ticket, Transition, WorkOrder
from shared.tickets.model import TimelineEntry

STARTS_ANEW: Final = frozenset({Clock.ACCEPT, Clock.FEED_BACK})
"""The whole's clocks that may start again in the same round, and then fire again."""
RESTARTS: Final = frozenset({Transition.HOLD, Transition.RECLASSIFY})


def judge_clocks(papers: Papers, before: datetime) -> Iterator[Finding]:
    """Deadlines of this round."""
    ticket = papers.ticket
    if ticket.mark is None:
        for owner, clock, _, due in ticket.deadlines():
            if due < before:
                why = f"{clock} of {owner or 'the whole'}, due {due:%F %T}Z"
                yield Finding(NOT_FIRED, ticket.number, why)
    for why in (*twice_in_orders(ticket), *twice_in_whole(ticket), *told_twice(papers)):
        yield Finding(FIRED_TWICE, ticket.number, why)


def twice_in_orders(ticket: Ticket) -> Iterator[str]:
    """A clock of a work order warns once and breaks once in its life."""
    fired = Counter((e.order, e.transition) for e in ticket.timeline)
    for order in ticket.work_orders:
        for transition, marks in ((Transition.BREACH, breached(order)),
                                  (Transition.WARN, warned(order))):  # fmt: skip
            if fired[order.id, transition] > marks:
                yield f"{order.id}: {transition} {fired[order.id, transition]} times"


def breached(order: WorkOrder) -> int:
    """How many of its clocks broke."""
    return sum(state.breached_at is not None for state in order.clocks.values())


def warned(order: WorkOrder) -> int:
    """How many of its clocks warned; a warning passed over bears the time of the breach."""
    return sum(
        state.warned_at is not None and state.warned_at != state.breached_at
        for state in order.clocks.values()
    )


def twice_in_whole(ticket: Ticket) -> Iterator[str]:
    """The whole's clocks of this round break once each time they were started."""
    round_ = entries_of_round(ticket)
    fired = sum(e.order is None and e.transition == Transition.BREACH for e in round_)
    again = sum(e.transition in RESTARTS for e in round_)
    broken = sum(state.breached_at is not None for state in ticket.clocks.values())
    if fired > broken + again * len(STARTS_ANEW):
        yield f"the whole: breach {fired} times"


def entries_of_round(ticket: Ticket) -> tuple[TimelineEntry, ...]:
    """The timeline from the last reopening on."""
    begins = (Transition.REOPEN, Transition.NOT_SATISFIED)
    places = [n for n, entry in enumerate(ticket.timeline) if entry.transition in begins]
    return ticket.timeline[places[-1] if places else 0 :]


def told_twice(papers: Papers) -> Iterator[str]:
    """Messages of one breach with two due times: the clock broke, was not marked, broke again."""
    breaches = Counter(
        (owner, clock, message.recipient)
        for message in papers.messages
        if message.purpose == "breach" and (named := owner_and_clock(message.occurrence))
        for owner, clock in [named]
        if not (owner.startswith("round/") and clock in STARTS_ANEW)
    )
    for (owner, clock, _), n in breaches.items():
        if n > 1:
            yield f"{clock} of {owner}: {n} breaches told"


def owner_and_clock(occurrence: str) -> tuple[str, str] | None:
    """Whose clock and which: `clock/<owner>/<clock>/<level>/<due>`; the owner may hold a slash."""
    kind, _, rest = occurrence.partition("/")
    parts = rest.rsplit("/", 3)
    return (parts[0], parts[1]) if kind == "clock" and len(parts) == 4 else None
