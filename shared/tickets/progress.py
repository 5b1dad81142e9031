"""When a caller hears how it goes: at most once in the policy's time, and not while people sleep.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from shared.tickets.lifecycle import DONE, OVER, Transition
from shared.tickets.model import LifecycleRules, Ticket, TimelineEntry

Fate = Literal["told", "waits", "replaced", "dropped"]
"""What becomes of a public note."""
_FINISHING: Final = frozenset({Transition.RESOLVE, Transition.HAND_OVER})

AT_ANY_HOUR: Final = frozenset({"emergency", "urgent"})
"""Who waits for something urgent wants to hear of it at night, too."""


def told_of_progress(ticket: Ticket, rules: LifecycleRules) -> datetime | None:
    """From when the caller is told of the last public note of this round; None where the policy
    tells nobody.

    A note that comes while the message about an earlier one still waits goes with that message: the
    words are made when it is sent. So ten notes in a row are two messages, and the second has the
    last word.
    """
    times = times_of_progress(ticket, rules)
    return times[-1][1] if times else None


def times_of_progress(
    ticket: Ticket, rules: LifecycleRules
) -> tuple[tuple[TimelineEntry, datetime], ...]:
    """From when the caller is told of each public note of this round, in order; notes of one time
    are one message, which has the words of the last.
    """
    every, told = rules.tell_progress, None
    found: list[tuple[TimelineEntry, datetime]] = []
    if every is None:
        return ()
    for entry in ticket.public_notes:
        if told is None or entry.at >= told + every:
            told = _awake(entry.at, ticket, rules)
        elif entry.at >= told:
            told = _awake(told + every, ticket, rules)
        found.append((entry, told))
    return tuple(found)


def fate_of_progress(
    ticket: Ticket, rules: LifecycleRules, now: datetime
) -> Mapping[TimelineEntry, tuple[Fate, datetime]]:
    """What becomes of each public note of this round, and since or from when: `told`, it `waits`,
    a later one goes in its place (`replaced`), or the work ended before (`dropped`), since a result
    says more than what was meant to be said on the way.
    """
    times = times_of_progress(ticket, rules)
    last = {at: entry for entry, at in times}
    ended = _work_ended_at(ticket)
    found: dict[TimelineEntry, tuple[Fate, datetime]] = {}
    for entry, at in times:
        fate: Fate = "told" if at <= now else "waits"
        if ended is not None and at > ended:
            fate = "dropped"
        elif last[at] is not entry:
            fate = "replaced"
        found[entry] = (fate, at)
    return found


def _work_ended_at(ticket: Ticket) -> datetime | None:
    """When the work of this round was finished; None while it is not."""
    if ticket.status not in OVER | DONE:
        return None
    return max((e.at for e in ticket.entries if e.transition in _FINISHING), default=None)


def _awake(at: datetime, ticket: Ticket, rules: LifecycleRules) -> datetime:
    if ticket.plan.urgency in AT_ANY_HOUR:
        return at
    return rules.quiet_until(at) or at
