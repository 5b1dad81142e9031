"""What the page of calls back shows of what telephony answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.shapes.call_backs import CallBackSeen
from services.console.frame.times import Due, due_of, moment
from shared.policy.templates import Language

LIVE: Final = frozenset({"open", "claimed"})
ENDED: Final = ("never_reached", "reached", "superseded", "not_possible")
"""The states that a reader may choose beside those that are to be done."""


@dataclass(frozen=True, slots=True)
class CallBackCard:
    """One caller to ring back in the list. `caller` is behind a mask, None where the number is
    withheld or not known.
    """

    call: str
    caller: str | None
    is_withheld: bool
    line: str
    count: int
    last: str
    due: Due | None
    state: str
    why_not: str | None
    by: str | None
    tries: int

    @property
    def is_late(self) -> bool:
        """Whether somebody ought to have rung."""
        return self.due is not None and self.due.state == "late"


@dataclass(frozen=True, slots=True)
class CallBackView:
    """The one that is opened beside the list."""

    card: CallBackCard
    since: str
    attempts: Sequence[tuple[str, str, str]]
    ended: str | None
    is_mine: bool
    can_take: bool


def people_of(found: Iterable[CallBackSeen]) -> set[str]:
    """Whose names are wanted."""
    return {
        id
        for each in found
        for id in (each.claimed_by, *(attempt.by for attempt in each.attempts))
        if id
    }


def card_of(
    seen: CallBackSeen, people: Mapping[str, str], now: datetime, language: Language
) -> CallBackCard:
    """One row."""
    is_live = seen.state in LIVE
    return CallBackCard(
        call=seen.call,
        caller=seen.caller,
        is_withheld=seen.unseen or seen.why_not == "withheld",
        line=seen.line,
        count=seen.count,
        last=moment(seen.last_at, now, language),
        due=due_of(seen.due_at, now, language) if is_live else None,
        state=seen.state,
        why_not=seen.why_not,
        by=people.get(seen.claimed_by, seen.claimed_by) if seen.claimed_by else None,
        tries=len(seen.attempts),
    )


def view_of(
    seen: CallBackSeen,
    people: Mapping[str, str],
    now: datetime,
    language: Language,
    *,
    reader: str,
    may_do: bool,
) -> CallBackView:
    """The one that is opened, with what `reader` can do to it."""
    is_mine = seen.state == "claimed" and seen.claimed_by == reader
    return CallBackView(
        card=card_of(seen, people, now, language),
        since=moment(seen.since, now, language),
        attempts=[
            (moment(each.at, now, language), people.get(each.by, each.by), each.heard)
            for each in seen.attempts
        ],
        ended=moment(seen.ended_at, now, language) if seen.ended_at else None,
        is_mine=is_mine and may_do,
        can_take=may_do and seen.state in LIVE and not is_mine,
    )


def never_reached_of(counts: Mapping[str, int]) -> int | None:
    """Of those that are over and could be rung, the percentage that was never reached; None where
    there is none.
    """
    rung = counts["never_reached"] + counts["reached"] + counts["superseded"]
    return round(100 * counts["never_reached"] / rung) if rung else None
