"""Whether a caller has come about the same matter before: found by the blind index alone. It is
looked up before their words are judged, since who comes back says less of the matter.

One read from an index, with those of its neighbours, beside what a registration waits for anyway;
none for an emergency.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from services.intake.registration.domain import Arrival
from shared.contracts.report import Caller
from shared.policy.policy import Policy, Rules
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in
from shared.readers.switchboards import SWITCHBOARD
from shared.store import Asked, Doc, Store
from shared.tickets import TicketStatus
from shared.triage.classify import Classification

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


@dataclass(frozen=True, slots=True)
class Matter:
    """What a caller has come for before: the ticket that all others of it name, and its area."""

    first: str
    area: str


class RepeatCalls:
    """Finds what a caller has come for before."""

    def __init__(self, store: Store, index: BlindIndex) -> None:
        self._store = store
        self._index = index
        self._switchboards: dict[str, datetime] = {}

    async def matter(self, arrival: Arrival, estate: str | None, rules: Rules) -> Matter | None:
        """What the same caller has come for before at this estate and comes for again, within
        `repeats_within`; None where there is none, or where it cannot be told.
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
        sure = arrival.found.confidence >= rules.hold_below_confidence
        of_others = self._of_others(docs, arrival.report.caller, estate)
        return matter_of(docs, arrival.found, estate=estate, sure=sure, besides=of_others)

    def _of_others(
        self, docs: Sequence[Doc], caller: Caller | None, estate: str | None
    ) -> set[str]:
        """Those of the number's tickets that somebody of another flat or family name has left."""
        if not docs:  # as for most: then nothing is made for a comparison
            return set()
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
    """Whether it may be somebody's second, and it matters: anybody would hear of it, or the words
    alone do not say what it is about.
    """
    calm = not (arrival.found.emergency or arrival.report.test)
    unsure = arrival.found.confidence < rules.hold_below_confidence
    caller = arrival.report.caller
    # Our own people report for many.
    is_own = caller is not None and caller.role == "staff"
    return calm and not is_own and estate is not None and (bool(rules.repeats) or unsure)


def differ(entries: Sequence[str], others: Sequence[str]) -> bool:
    """Whether both are known, and they are of two flats or families."""
    return bool(entries and others) and not set(entries) & set(others)


def matter_of(
    docs: Sequence[Mapping[str, Any]],
    found: Classification,
    *,
    estate: str | None,
    sure: bool,
    besides: Collection[str] = (),
) -> Matter | None:
    """Which matter of one number's tickets, the earliest first, words come back to: of the same
    area, where they are `sure` or refer back to a report; else, where they refer back to one, the
    only matter that there is. Those of another household (`besides`) are none of it, but count for
    what a switchboard is.
    """
    if len(docs) > SWITCHBOARD or not (sure or found.refers_back):
        return None
    own = [
        doc
        for doc in docs
        if doc["estate"] == estate
        and not doc.get("test")
        and doc.get("mark") not in ELSEWHERE
        and doc["_id"] not in besides
    ]
    matters = [Matter(doc.get("repeat_of") or doc["_id"], doc["area"]) for doc in own]
    same = next((matter for matter in matters if matter.area == found.area), None)
    if same is not None or sure:
        return same
    return matters[0] if len({matter.first for matter in matters}) == 1 else None


def in_its_light(found: Classification, matter: Matter, policy: Policy) -> Classification:
    """What words are about that come back to a matter: where they are not sure enough to be worked
    on, they are about its area, and no person has to find that out.
    """
    enough = policy.rules.hold_below_confidence
    if found.confidence >= enough:
        return found
    department = policy.taxonomy.department_for(found.type, matter.area)
    known = {"area": matter.area, "department": department, "confidence": enough}
    return found.model_copy(update={**known, "reasons": (*found.reasons, "history")})
