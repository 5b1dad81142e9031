"""When a caller hears how it goes: at most once in the policy's time, and not while people sleep.
Pure.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.tickets.model import LifecycleRules, Ticket

AT_ANY_HOUR: Final = frozenset({"emergency", "urgent"})
"""Who waits for something urgent wants to hear of it at night, too."""


def told_of_progress(ticket: Ticket, rules: LifecycleRules) -> datetime | None:
    """From when the caller is told of the last public note of this round; None where the policy
    tells nobody.

    A note that comes while the message about an earlier one still waits goes with that message: the
    words are made when it is sent. So ten notes in a row are two messages, and the second has the
    last word.
    """
    every, told = rules.tell_progress, None
    if every is None:
        return None
    for entry in ticket.public_notes:
        if told is None or entry.at >= told + every:
            told = _awake(entry.at, ticket, rules)
        elif entry.at >= told:
            told = _awake(told + every, ticket, rules)
    return told


def _awake(at: datetime, ticket: Ticket, rules: LifecycleRules) -> datetime:
    if ticket.plan.urgency in AT_ANY_HOUR:
        return at
    return rules.quiet_until(at) or at
