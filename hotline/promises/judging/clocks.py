"""Whether every deadline fired, and fired once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from hotline.promises.facts import Papers
from hotline.promises.findings import Finding
from hotline.promises.kinds import FIRED_TWICE, NOT_FIRED
from shared.tickets import Clock, Ticket, Transition

STARTS_ANEW: Final = frozenset({(None, Clock.ACCEPT), (None, Clock.FEED_BACK)})
"""The whole's clocks that may start again in the same round, and then fire again."""
FIRES: Final = frozenset({Transition.WARN, Transition.BREACH})


def judge_clocks(papers: Papers, before: datetime) -> Iterator[Finding]:
    """Deadlines of this round."""
    ticket = papers.ticket
    if ticket.mark is None:
        for owner, clock, _, due in ticket.deadlines():
            if due < before:
                why = f"{clock} of {owner or 'the whole'}, due {due:%F %T}Z"
                yield Finding(NOT_FIRED, ticket.number, why)
    for why in (*fired_twice(ticket), *told_twice(papers)):
        yield Finding(FIRED_TWICE, ticket.number, why)


def fired_twice(ticket: Ticket) -> Iterator[str]:
    """Each rung of a clock is called once. What may start again is left out: the queue's and the
    feedback's clock, a visit that was agreed anew, the warnings of a time that was put off.
    """
    counted = Counter(
        (entry.order, entry.note)
        for entry in ticket.timeline
        if entry.transition in FIRES and entry.note and (entry.order or entry in ticket.entries)
    )
    for (order, called), n in counted.items():
        clock = Clock(str(called).partition("/")[0])
        anew = (order, clock) in STARTS_ANEW or clock is Clock.APPOINTMENT
        put_off = clock is Clock.RESOLVE and ticket.extensions
        if n > 1 and not anew and not put_off:
            yield f"{order or 'the whole'}: {called} {n} times"


def told_twice(papers: Papers) -> Iterator[str]:
    """Messages of one breach with two due times: the clock broke, was not marked, broke again."""
    breaches = Counter(
        (*called, message.recipient)
        for message in papers.messages
        if message.purpose == "breach" and (called := rung_of(message.occurrence))
        if not may_break_again(called[0], called[1])
    )
    for (owner, clock, level, _), n in breaches.items():
        if n > 1:
            yield f"{clock} of {owner}: {n} breaches of level {level} told"


def may_break_again(owner: str, clock: str) -> bool:
    """Whether the clock can start anew under the same owner."""
    of_whole = owner.startswith("round/") and (None, clock) in STARTS_ANEW
    return of_whole or clock == Clock.APPOINTMENT


def rung_of(occurrence: str) -> tuple[str, str, str] | None:
    """Whose clock, which and its level: `clock/<owner>/<clock>/<level>/<due>`; the owner may hold a
    slash.
    """
    kind, _, rest = occurrence.partition("/")
    parts = rest.rsplit("/", 3)
    return (parts[0], parts[1], parts[2]) if kind == "clock" and len(parts) == 4 else None
