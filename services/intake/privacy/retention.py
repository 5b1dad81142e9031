"""Persons are kept as long as the policy says, and no longer: a loop erases what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final, get_args

from services.intake.privacy.erasure import Erased, Erasure
from services.intake.privacy.legal_holds import LegalHolds
from services.intake.privacy.works import Copies
from shared.bus import run_every
from shared.bus.loops import each
from shared.contracts.report import TicketType
from shared.identity import service_principal
from shared.policy.policy import Policy
from shared.readers.ticket_filters import EVER
from shared.store import Doc, Store
from shared.telemetry import logger

LOOK_SECONDS: Final = 600.0
"""What is kept for years does not end by the second."""
BATCH: Final = 50
"""Few enough for the routine to go on beside them."""
BY_RULE: Final = service_principal("intake")


class Retention:
    """Erases the persons of tickets that have been over for long enough."""

    def __init__(
        self, store: Store, erasure: Erasure, legal_holds: LegalHolds, policy: Callable[[], Policy]
    ) -> None:
        self._store = store
        self._erasure = erasure
        self._legal_holds = legal_holds
        self._policy = policy
        self._copies = Copies(store)

    async def run(self) -> None:
        """Look until cancelled."""
        await run_every(self.look, seconds=LOOK_SECONDS, wake=self._store.clock.moved)

    async def look(self) -> None:
        """Erase all that is due now, batch by batch, and copies that nobody fetched."""
        policy = self._policy()
        for type in get_args(TicketType):
            for places, span in spans(policy, type):
                while await self._some(type, places, span) == BATCH:
                    pass
        if dropped := await self._copies.drop_expired():
            logger.info("privacy_copies_dropped", count=dropped)

    async def _some(self, type: str, places: Doc, span: timedelta) -> int:
        """One batch of a type; how many were taken out of the way, erased or held."""
        due = self._store.clock.now() - span
        docs = await self._store.find(
            "tickets",
            {
                "type": type,
                **places,
                "over_at": {"$gt": EVER, "$lt": due},
                "persons": {"$gt": {}},
                "legal_holds.0": {"$exists": False},
            },
            sort=(("over_at", 1),),
            limit=BATCH,
            fields=("index", "persons"),
        )
        found = {doc["_id"]: doc for doc in docs}
        begins = self._store.precedence.routine
        failed = await each(partial(self._end, found), found, begins=begins)
        return len(found) - len(failed)

    async def _end(self, found: dict[str, Doc], number: str) -> None:
        doc = found[number]
        if (hold := await self._legal_holds.covering(doc)) is not None:
            await self._legal_holds.mark(number, hold, by=BY_RULE.id)
            return
        persons = list(doc["persons"])
        outcome = await self._erasure.erase(number, persons, by=BY_RULE, why="retention")
        if outcome is Erased.DONE:
            logger.info("persons_erased", ticket=number)


def spans(policy: Policy, type: str) -> Iterator[tuple[Doc, timedelta]]:
    """How long persons are kept, and where: estates with a rule of their own one by one, and all
    others together.
    """
    usual = policy.rules.retained(type)
    every = {
        estate.id: policy.at(estate.id).rules.retained(type) for estate in policy.group.estates
    }
    own = {estate: span for estate, span in every.items() if span != usual}
    yield ({"estate": {"$nin": sorted(own)}} if own else {}), usual
    for estate, span in own.items():
        yield {"estate": estate}, span
