"""What goes on at somebody's telephones now, and whether an exchange is heard. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.calls.call import Call
from shared.calls.listening import BEAT, Listening

UNHEARD_AFTER: Final = 3 * BEAT
"""So long after the last word of every listener nobody hears an exchange."""

Doing = Literal["ringing", "talking"]


@dataclass(frozen=True, slots=True)
class AtTelephone:
    """A call at one of somebody's telephones. `since`: it has been ringing, or talked at."""

    extension: str
    doing: Doing
    since: datetime


def at_telephones(call: Call, extensions: Collection[str]) -> AtTelephone | None:
    """What a running call does at these telephones; None where it is not at them."""
    if call.ended_at is not None or call.test:
        return None
    answered = _talking(call, extensions)
    if answered is not None:
        return answered
    rings = [ring for ring in call.rings if ring.ended is None and ring.agent in extensions]
    if not rings or rings[-1].agent is None:
        return None
    return AtTelephone(rings[-1].agent, "ringing", rings[-1].began)


def _talking(call: Call, extensions: Collection[str]) -> AtTelephone | None:
    """The stretches of a running call last until its last sign of life."""
    mine = [
        talk for talk in call.talks if talk.agent in extensions and talk.ended >= call.last_sign_at
    ]
    if not mine or mine[-1].agent is None:
        return None
    return AtTelephone(mine[-1].agent, "talking", mine[-1].began)


def is_heard(words: Iterable[Listening], now: datetime) -> bool:
    """Whether a listener hears the exchange, by its last word on the exchange's own clock."""
    return any(word.connected and _since_said(word, now) <= UNHEARD_AFTER for word in words)


def _since_said(word: Listening, now: datetime) -> timedelta:
    """What the clocks differ by is not silence."""
    return now - timedelta(seconds=word.clock_offset_s or 0.0) - word.until
