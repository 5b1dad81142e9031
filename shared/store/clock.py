"""Now, by the database's clock: the only clock that decides anything.

Each process keeps the offset between its own monotonic clock and the server's, so that asking
for the time costs nothing and nine minutes of skew between machines move no deadline.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from motor.motor_asyncio import AsyncIOMotorDatabase

Database = AsyncIOMotorDatabase[dict[str, Any]]
TRIAL_ID: Final = "trial"
FURTHEST: Final = timedelta(days=3650)
"""Calendars and dates still work that far ahead."""
WHOLE: Final = timedelta(milliseconds=1)
"""The server cuts its time to milliseconds, so it may be that much further."""


class DatabaseClock:
    """The server's time, in UTC, in whole milliseconds as MongoDB keeps them.

    In a data folder made for trials a stored offset is added, so that days pass in seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._base: datetime | None = None
        self._measured = 0.0
        self.heard_at = 0.0
        """When the server last told its time, in monotonic seconds; 0 before it did."""
        self._forward = timedelta()
        self._is_trial = False
        self.moved = asyncio.Event()
        """Set when the trial clock was moved forward, so that loops look again at once."""

    def now(self) -> datetime:
        """The present moment; RuntimeError before the first `refresh`."""
        if self._base is None:
            raise RuntimeError("the clock was not started: call refresh() first")
        moment = self._reckoned(self._base, time.monotonic()) + self._forward
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def outside(self) -> datetime:
        """The present moment without a trial's offset: for what the clocks of others decide, such
        as the codes on somebody's phone.
        """
        return self.now() - self._forward

    @property
    def is_trial(self) -> bool:
        """Whether the data were made for trials, as of the last `refresh`."""
        return self._is_trial

    async def refresh(self) -> None:
        """Measure the offset anew: at first half of the round trip is taken as the way back.

        Later time steps no further than it must for what the server says to lie between our time
        of asking and our time of hearing: a slow answer tells less than we knew already.
        """
        sent = time.monotonic()
        hello = await self._database.client.admin.command("hello")
        received = time.monotonic()
        trial = await self._database["clock"].find_one({"_id": TRIAL_ID})
        local = hello["localTime"]
        local = local if local.tzinfo else local.replace(tzinfo=UTC)
        self._step(local, sent, received)
        self.heard_at = received
        self._is_trial = trial is not None
        forward = timedelta(milliseconds=trial["forward_ms"] if trial else 0)
        if forward > self._forward:
            self._forward = forward
            self.moved.set()

    def _step(self, local: datetime, sent: float, received: float) -> None:
        if self._base is None:
            self._base, self._measured = local, (sent + received) / 2
        behind = local - self._reckoned(self._base, received)
        ahead = self._reckoned(self._base, sent) - (local + WHOLE)
        self._base += max(behind, timedelta()) - max(ahead, timedelta())

    def _reckoned(self, base: datetime, monotonic: float) -> datetime:
        return base + timedelta(seconds=monotonic - self._measured)


async def allow_trial(database: Database) -> None:
    """Mark the data as a trial's, whose clock may be moved."""
    await database["clock"].update_one(
        {"_id": TRIAL_ID}, {"$setOnInsert": {"forward_ms": 0}}, upsert=True
    )


async def trial_offset(database: Database) -> timedelta:
    """How far a trial's clock was moved; nothing where the data are no trial's."""
    doc = await database["clock"].find_one({"_id": TRIAL_ID})
    return timedelta(milliseconds=doc["forward_ms"] if doc else 0)


async def forward_trial(database: Database, span: timedelta) -> timedelta | None:
    """Move a trial's clock forward; the whole offset, or None where the data are no trial's.

    Raises ValueError for a span that is not forward or goes beyond FURTHEST in all.
    """
    if span <= timedelta():
        raise ValueError("the clock moves forward only")
    step, furthest = _millis(span), _millis(FURTHEST)
    doc = await database["clock"].find_one_and_update(
        {"_id": TRIAL_ID, "forward_ms": {"$lte": furthest - step}},
        {"$inc": {"forward_ms": step}},
        return_document=True,
    )
    if doc is None and await database["clock"].find_one({"_id": TRIAL_ID}) is not None:
        raise ValueError(f"that is too far: a trial goes at most {FURTHEST.days} days ahead")
    return timedelta(milliseconds=doc["forward_ms"]) if doc else None


def _millis(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
