"""Use case: is it reported already? The likeliest of what was reported at the place within the
policy's span, open or over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.intake.finding.likeness import Told, likest
from services.intake.finding.showing import SEE
from services.intake.finding.views import CARD_FIELDS, card_of
from shared.buildings import building_of
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.privacy.terms import terms_of
from shared.readers.ticket_filters import TicketFilters
from shared.readers.ticket_lists import NEWEST, ticket_listing
from shared.store import Doc, Store
from shared.tickets import TicketStatus
from shared.tickets.lifecycle import FOR_GOOD, OPEN, OVER
from shared.triage.classify import Classification

MOST_OPEN: Final = 300
MOST_OVER: Final = 100
"""Tickets of the place that are looked at, the newest of each."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What somebody is telling; the area and the building as far as they were named."""

    estate: str
    building: str | None
    area: str | None
    text: str


class Similar:
    """Finds likely duplicates."""

    def __init__(
        self,
        store: Store,
        policy: Callable[[], Policy],
        classify: Callable[[str], Classification],
    ) -> None:
        self._store = store
        self._policy = policy
        self._classify = classify

    async def to(self, sketch: Sketch, principal: Principal) -> list[Doc]:
        """Cards of tickets that may be about the same, each with why; none for a place that is not
        known.
        """
        estate = self._policy().group.find_estate(sketch.estate)
        told = self._told(sketch)
        if estate is None or not (told.terms or told.building):
            return []
        docs = await self._candidates(estate.id, principal)
        by_number = {doc["_id"]: doc for doc in docs}
        return [
            {"ticket": card_of(by_number[like.number]), "why": like.why}
            for like in likest(told, docs)
        ]

    def _told(self, sketch: Sketch) -> Told:
        area = sketch.area
        if area is None and sketch.text.strip():
            area = self._classify(sketch.text).area
        building = sketch.building or building_of(sketch.text)
        return Told(building, area, frozenset(terms_of(sketch.text)))

    async def _candidates(self, estate: str, principal: Principal) -> list[Doc]:
        within = self._policy().at(estate).rules.repeats_within
        since = self._store.clock.now() - within
        found: list[Doc] = []
        for statuses, most in ((OPEN, MOST_OPEN), (OVER - FOR_GOOD, MOST_OVER)):
            asked = TicketFilters(
                statuses=frozenset[TicketStatus](statuses), estates=(estate,), registered_from=since
            )
            listing = ticket_listing(principal, SEE, asked)
            found += await self._store.find(
                "tickets",
                listing.query,
                sort=NEWEST.sort,
                limit=most,
                fields=(*CARD_FIELDS, "terms"),
            )
        return [doc for doc in found if not doc.get("test")]
