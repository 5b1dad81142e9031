"""Times in which nobody heard an exchange."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Why(StrEnum):
    """What ended before it was heard again."""

    RESTART = "restart"
    """The exchange itself: no call outlived it."""
    CONNECTION = "connection"
    """The line to it: calls went on unheard."""
    OVERFLOW = "overflow"
    """Nothing: it was heard, and could not be passed on for so long that it was thrown away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """From the last event that a listener heard to the first moment in which it heard again.

    `surveyed`: whoever was still there has been listed since, so whoever was not is gone.
    `offers_from`: since when new calls may have gone unheard. An exchange that stops in good order
    refuses calls without telling, so then this is the last call that it took.
    """

    exchange: str
    listener: str
    why: Why
    began: datetime
    ended: datetime
    surveyed: bool
    offers_from: datetime

    def hides(self, offered_at: datetime) -> bool:
        """Whether a call offered then may be known to nobody."""
        return self.offers_from <= offered_at <= self.ended


def unheard(gaps: Iterable[Gap], listeners: set[str]) -> list[Gap]:
    """The times in which none of an exchange's listeners heard, by time.

    A later telling of a gap (the one that surveyed) takes the place of the earlier one. A restart
    is one for all: whichever listener hears of it first, no call outlives it.
    """
    told = {(gap.listener, gap.began): gap for gap in sorted(gaps, key=lambda gap: gap.surveyed)}
    each = {name: [gap for gap in told.values() if gap.listener == name] for name in listeners}
    first, *others = [each[name] for name in sorted(each)] or [[]]
    common = first
    for other in others:
        common = [both for a in common for b in other if (both := _both(a, b)) is not None]
    return sorted(common, key=lambda gap: gap.began)


def _both(a: Gap, b: Gap) -> Gap | None:
    began, ended = max(a.began, b.began), min(a.ended, b.ended)
    if began >= ended:
        return None
    return replace(
        a,
        why=Why.RESTART if Why.RESTART in {a.why, b.why} else a.why,
        began=began,
        ended=ended,
        surveyed=a.surveyed or b.surveyed,
        offers_from=max(a.offers_from, b.offers_from),
    )
