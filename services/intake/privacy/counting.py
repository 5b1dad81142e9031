"""Counts what each of our staff opens, and raises an alarm about what is unusual."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.intake.privacy.domain import (
    DAY,
    Alarm,
    Allowance,
    Opening,
    Reader,
    alarm_id,
    left_to,
    signs_in,
    wait_for,
)
from services.intake.privacy.storage import ALARMS, READERS, raised, tickets_of_one_flat
from shared.contracts import Step
from shared.contracts.refusals import TooOften
from shared.identity import Principal
from shared.privacy.index import Kept
from shared.store import Collection, Store
from shared.telemetry import logger, metrics

ATTEMPTS: Final = 10
"""One person's openings meet only where the same token is used in several places at once."""


class OpeningCount:
    """The count of openings, which all that open somebody share."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers = Collection(store, READERS)
        self._alarms = Collection(store, ALARMS)

    async def allowance(self, principal: Principal) -> Allowance:
        """How many more persons somebody may open now."""
        reader = await self._readers.get(principal.id) or Reader(id=principal.id)
        return left_to(reader, principal.role, self._store.clock.now())

    async def count(
        self,
        principal: Principal,
        made: Callable[[datetime], Opening],
        *,
        is_unlimited: bool = False,
    ) -> tuple[Reader, bool]:
        """The reader with one opening more, and whether there is one more: an errand counts once.
        Raises TooOften over the limit.
        """

        def decide(reader: Reader, now: datetime) -> Step[Reader] | None:
            opening = made(now)
            if opening.errand is not None and reader.opened_on(opening.errand, now) is not None:
                return None
            wait = None if is_unlimited else wait_for(reader, principal.role, now)
            if wait is not None:
                metrics.REVEALS.labels("over_limit").inc()
                raise TooOften(
                    "too-many-reveals",
                    "You have opened as many persons as your role may",
                    "wait, or let somebody else of your desk open this one",
                    wait=max(1, math.ceil(wait.total_seconds())),
                )
            return Step(reader.with_opening(opening))

        changed = await self._readers.change(
            principal.id, decide, new=Reader(id=principal.id), attempts=ATTEMPTS
        )
        assert changed is not None, "a reader is made at the first opening"
        return changed.after, changed.is_change

    async def watch(
        self, reader: Reader, principal: Principal, estate: str | None, flat: Kept | None = None
    ) -> None:
        """Raise an alarm for each thing that is unusual, now that one more has been opened."""
        last = reader.recent[-1]
        numbers = {opening.number for opening in reader.within(DAY, last.at)}
        of_the_flat = await tickets_of_one_flat(self._store, flat, numbers)
        for sign, count in signs_in(reader, last.at, of_the_flat=of_the_flat).items():
            alarm = Alarm(
                id=alarm_id(reader.id, sign, last.at),
                at=last.at,
                reader=reader.id,
                role=principal.role,
                sign=sign,
                count=count,
                number=last.number,
                estate=estate,
            )
            if await self._alarms.insert(raised(alarm), last.at):
                metrics.READING_ALARMS.labels(sign.value).inc()
                logger.warning("reading_alarm", alarm=alarm.id, sign=sign.value, reader=reader.id)
