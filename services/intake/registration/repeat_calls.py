"""Whether a caller has come about the same matter before: found by the blind index alone.

One read from an index, with those of its neighbours, beside what a registration waits for anyway;
none for an emergency.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from services.intake.registration.domain import Arrival
from shared.contracts.report import Caller
from shared.policy.policy import Rules
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in
from shared.store import Asked, Doc, Store
from shared.tickets import TicketStatus

SWITCHBOARD: Final = 20
"""A number with more tickets in the span has a switchboard behind it, which is nobody."""
OF_A_CALLER: Final = Asked(
    "tickets",
    by="index.phone",
    order="registered_at",
    most=SWITCHBOARD + 1,
    fields=(
        "estate",
        "area",
        "mark",
        "test",
        "repeat_of",
        "registered_at",
        "index.flat",
        "index.surname",
    ),
)
REMEMBERED: Final = timedelta(hours=1)
"""So long a switchboard is not asked for again: it stays one for days."""
MOST_REMEMBERED: Final = 1_000
ELSEWHERE: Final = frozenset({TicketStatus.MERGED, TicketStatus.CANCELLED})
"""What went on under another number, or was not wanted after all."""


class RepeatCalls:
    """Finds the first ticket of a caller's matter."""

    def __init__(self, store: Store, index: BlindIndex) -> None:
        self._store = store
        self._index = index
        self._switchboards: dict[str, datetime] = {}

    async def first(self, arrival: Arrival, estate: str | None, rules: Rules) -> str | None:
        """The number of the first ticket of the same caller about the same area of this estate,
        within `repeats_within`; None where there is none, or where it cannot be told.
        """
        phone = arrival.report.caller.phone if arrival.report.caller else None
        entries = self._index.phones(phone) if _can_repeat(arrival, estate, rules) else []
        now = self._store.clock.now()
        if not entries or self._switchboards.get(entries[0], now) > now:
            return None
        since = now - rules.repeats_within
        docs = [doc for doc in await self._latest(entries) if doc["registered_at"] >= since]
        if len(docs) > SWITCHBOARD:
            self._remember(entries[0], now)
        of_others = self._of_others(docs, arrival.report.caller, estate)
        return first_of(docs, estate=estate, area=arrival.found.area, besides=of_others)

    def _of_others(
        self, docs: Sequence[Doc], caller: Caller | None, estate: str | None
    ) -> set[str]:
        """Those of the number's tickets that somebody of another flat or family name has left."""
        entries = self._index.of_caller(estate, caller.model_dump() if caller else {})
        return {
            doc["_id"]
            for doc in docs
            for field in ("flat", "surname")
            if differ(entries[field], entries_in((doc.get("index") or {}).get(field)))
        }

    async def _latest(self, entries: Sequence[str]) -> list[Doc]:
        """The latest tickets of a number, the earliest of them first."""
        # One, but while the index's secret is being changed.
        found = [await self._store.having(OF_A_CALLER, entry) for entry in entries]
        return sorted(chain(*found), key=itemgetter("registered_at"))

    def _remember(self, entry: str, now: datetime) -> None:
        """The number has a switchboard behind it: the next reports from there ask nothing."""
        if len(self._switchboards) >= MOST_REMEMBERED:
            self._switchboards.clear()
        self._switchboards[entry] = now + REMEMBERED


def _can_repeat(arrival: Arrival, estate: str | None, rules: Rules) -> bool:
    """Whether its matter is known well enough to be somebody's second, and anybody would hear."""
    sure = arrival.found.confidence >= rules.hold_below_confidence
    calm = not (arrival.found.emergency or arrival.report.test)
    caller = arrival.report.caller
    # Our own people report for many.
    is_own = caller is not None and caller.role == "staff"
    return calm and sure and not is_own and estate is not None and bool(rules.repeats)


def differ(entries: Sequence[str], others: Sequence[str]) -> bool:
    """Whether both are known, and they are of two flats or families."""
    return bool(entries and others) and not set(entries) & set(others)


def first_of(
    docs: Sequence[Mapping[str, Any]],
    *,
    estate: str | None,
    area: str,
    besides: Collection[str] = (),
) -> str | None:
    """Of one number's tickets, the earliest first, the one that all others of a matter name. Those
    of another household (`besides`) are none of it, but count for what a switchboard is.
    """
    if len(docs) > SWITCHBOARD:
        return None
    same = (
        doc
        for doc in docs
        if (doc["estate"], doc["area"]) == (estate, area)
        and not doc.get("test")
        and doc.get("mark") not in ELSEWHERE
        and doc["_id"] not in besides
    )
    first = next(same, None)
    return (first.get("repeat_of") or first["_id"]) if first else None
