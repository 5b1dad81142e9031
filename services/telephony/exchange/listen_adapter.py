"""Listens to one exchange, and tells what it hears: facts, and what went unheard.

Nothing is kept but what waits for the broker. After a lost connection it asks who is there; what
happened meanwhile is a gap, which it tells. A second one may listen to the same exchange: both tell
the same facts under the same ids.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from services.telephony.exchange.listen_manager import (
    ConnectionLost,
    ManagerConnection,
    SignInRefused,
)
from services.telephony.exchange.listen_outgoing import MemoryFull, Outgoing
from services.telephony.exchange.translate import Translator
from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_clock import time_of
from services.telephony.exchange.translate_document import ExchangeDocument
from shared.calls.gaps import Gap
from shared.calls.listening import BEAT, Listening
from shared.calls.telling import told
from shared.telemetry import logger

OVERFLOW: Final = "overflow"
"""Why a gap, beside what the exchange or the line to it is to blame for: our memory was full."""
BOOT_SECONDS: Final = 60.0
"""So long the exchange's word on since when it is up is waited for: it may be starting."""
_SNAPSHOT: Final = ("CoreShowChannels", "QueueStatus")
"""In this order: whoever has asked the last knows who is there. Bridges stand with the channels."""


@dataclass(frozen=True, slots=True)
class Manager:
    """Where the exchange's manager interface is, and who we are there."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds. `beat`: so often its word is given that it hears; ten times as often while it has
    something to tell. `first_wait` to `longest_wait`: before it connects again.
    """

    beat: float = BEAT.total_seconds()
    first_wait: float = 0.5
    longest_wait: float = 30.0


@dataclass(slots=True)
class _Hearing:
    """What is known of the connection in hand. Times are the exchange's."""

    booted: asyncio.Event = field(default_factory=asyncio.Event)
    since: datetime | None = None
    until: datetime | None = None
    up: datetime | None = None
    """Since when the exchange is up, by our own clock."""
    booted_at: datetime | None = None
    gap: Gap | None = None
    surveyed: bool = False
    timed: int = 0
    untimed: int = 0
    has_news: bool = False


def utc_now() -> datetime:
    """By this machine's clock."""
    return datetime.now(UTC)


class Adapter:
    """One listener. `gaps` counts what went unheard, by why. `now` is its own clock; without one it
    takes each event for just happened, as in a trial whose time is moved.
    """

    def __init__(
        self,
        document: ExchangeDocument,
        manager: Manager,
        outgoing: Outgoing,
        *,
        listener: str = "1",
        rhythm: Rhythm | None = None,
        now: Callable[[], datetime] | None = utc_now,
    ) -> None:
        self.exchange, self.listener = document.exchange, listener
        self.outgoing = outgoing
        self.gaps: Counter[str] = Counter()
        self.clock_offset: timedelta | None = None
        """How far our own clock is ahead of the exchange's."""
        self.is_refused = False
        self.too_long = 0
        self._manager, self._rhythm, self._now = manager, rhythm or Rhythm(), now
        self._translator = Translator(document, listener)
        self._lines = tuple(name for name, line in document.lines.items() if not line.test)
        self._hearing = _Hearing()
        self._was_full = False

    @property
    def is_connected(self) -> bool:
        """Whether it hears, and knows who was there when it began to."""
        return self._hearing.surveyed

    @property
    def has_no_times(self) -> bool:
        """Whether the exchange tells no times, so that nothing is counted."""
        return self._hearing.untimed > 0 and not self._hearing.timed

    @property
    def last_event(self) -> datetime | None:
        """The time of the last event, by the exchange's clock."""
        return self._translator.heard_until

    @property
    def left_out(self) -> Counter[str]:
        """What was left out or is not named, by why."""
        return self._translator.counts + Counter(too_long=self.too_long)

    async def run(self) -> None:
        """Connect, listen, and connect again, until cancelled."""
        wait = self._rhythm.first_wait
        while True:
            await self.outgoing.until_room()
            try:
                await self._hear()
            except SignInRefused:
                self.is_refused = True
                wait = self._rhythm.longest_wait
                logger.error("exchange_refuses", pbx=self.exchange)
            except (OSError, TimeoutError, ConnectionLost) as error:
                logger.warning("exchange_lost", pbx=self.exchange, why=type(error).__name__)
            except MemoryFull:
                self._was_full = True
                logger.error("memory_full", pbx=self.exchange, facts=len(self.outgoing))
            finally:
                wait = self._rhythm.first_wait if self._hearing.surveyed else wait
                self._says_lost()
            await asyncio.sleep(wait * random.uniform(0.5, 1))
            wait = min(2 * wait, self._rhythm.longest_wait)

    async def _hear(self) -> None:
        """One connection, to its end."""
        self._translator.connect()
        hearing = self._hearing = _Hearing()
        connection = await ManagerConnection.open(
            self._manager.host, self._manager.port, self._take
        )
        listening = asyncio.create_task(connection.listen())
        conversing = asyncio.create_task(self._converse(connection, hearing))
        try:
            await asyncio.wait({listening, conversing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.too_long += connection.too_long
            await connection.aclose()
            for task in (listening, conversing):
                task.cancel()
            ended = await asyncio.gather(listening, conversing, return_exceptions=True)
        # A line that is lost ends both; whatever else is the reason.
        raise max((each for each in ended if each is not None), key=_weight)

    async def _converse(self, connection: ManagerConnection, hearing: _Hearing) -> None:
        await connection.sign_in(self._manager.user, self._manager.secret)
        self.is_refused = False
        hearing.since = await self._time_of(connection)
        with suppress(TimeoutError):
            async with asyncio.timeout(BOOT_SECONDS):
                await hearing.booted.wait()
        if not hearing.booted.is_set():  # the manager user may not read `system`
            self._take({"Event": "FullyBooted"})
        if hearing.up is not None:
            hearing.booted_at = hearing.up - (self.clock_offset or timedelta())
        for action in _SNAPSHOT:
            await connection.ask_list(action)
        hearing.surveyed = True
        logger.info("exchange_heard", pbx=self.exchange, gap=hearing.gap is not None)
        await self._keep_saying(connection, hearing)

    async def _keep_saying(self, connection: ManagerConnection, hearing: _Hearing) -> None:
        """That it hears, and up to when; asking for the time shows that the line is not dead."""
        while True:
            hearing.has_news = False
            hearing.until = await self._time_of(connection)
            self._says(connected=True)
            for _ in range(10):
                await asyncio.sleep(self._rhythm.beat / 10)
                if hearing.has_news:
                    break

    async def _time_of(self, connection: ManagerConnection) -> datetime:
        """The exchange's time; all that it said before has been heard by then."""
        asked_at = self._heard_at({})
        answer = await connection.ask("Ping")
        answered_at = self._heard_at(answer)
        at = time_of(answer.get("Timestamp", ""))
        if at is None:
            return self._translator.clock.now(answered_at)
        if self._now is not None:
            self.clock_offset = asked_at + (answered_at - asked_at) / 2 - at
        return at

    def _heard_at(self, block: Block) -> datetime:
        if self._now is not None:
            return self._now()
        return time_of(block.get("Timestamp", "")) or self._translator.heard_until or utc_now()

    def _take(self, block: Block) -> None:
        """One block, as it comes in; raises MemoryFull."""
        hearing, now = self._hearing, self._heard_at(block)
        before, untimed = self._translator.heard_until, self._translator.counts["no_timestamp"]
        try:
            for each in self._translator.take(block, now):
                if isinstance(each, Gap):
                    self._missed(each)
                else:
                    self.outgoing.put(*told(each))
                    hearing.has_news = True
        except MemoryFull:
            hearing.until = before
            raise
        hearing.timed += "Timestamp" in block
        hearing.untimed += self._translator.counts["no_timestamp"] - untimed
        if block.get("Event") == "FullyBooted":
            with suppress(ValueError, OverflowError):
                hearing.up = now - timedelta(seconds=int(block.get("Uptime", "")))
            hearing.booted.set()

    def _missed(self, gap: Gap) -> None:
        if self._hearing.gap is None:
            self.gaps[OVERFLOW if self._was_full else gap.why] += 1
            self._was_full = False
        self._hearing.gap = gap

    def _says_lost(self) -> None:
        hearing = self._hearing
        heard = [at for at in (hearing.until, self._translator.heard_until) if at is not None]
        if not self._was_full and heard:
            hearing.until = max(heard)
        self._says(connected=False)
        self._hearing = replace(hearing, since=None, surveyed=False)

    def _says(self, *, connected: bool) -> None:
        hearing = self._hearing
        if hearing.since is None or hearing.until is None or self.has_no_times:
            return
        offset = self.clock_offset
        word = Listening(
            exchange=self.exchange,
            listener=self.listener,
            since=hearing.since,
            until=max(hearing.since, hearing.until),
            connected=connected,
            booted_at=hearing.booted_at,
            surveyed=hearing.surveyed,
            gap=hearing.gap,
            clock_offset_s=None if offset is None else offset.total_seconds(),
            lines=self._lines,
        )
        self.outgoing.say(*told(word), connection=hearing.since)


def _weight(error: BaseException) -> int:
    """The less expected is the reason."""
    expected = (asyncio.CancelledError, ConnectionLost, SignInRefused, MemoryFull)
    return next((n for n, kind in enumerate(expected) if isinstance(error, kind)), len(expected))
