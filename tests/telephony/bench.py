"""Telephony as a test runs it: replicas, what exchanges tell it, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aio_pika

from services.telephony.app import build
from services.telephony.calls.domain import KeptCall
from services.telephony.calls.storage import CALLS
from services.telephony.exchange.translate_document import ExchangeDocument
from services.telephony.exchange.translate_recording import facts_in
from services.telephony.loops import Loops
from services.telephony.queues import CALLS as QUEUE
from services.telephony.settings import TelephonySettings
from shared.bus import INBOUND
from shared.calls.facts import Fact
from shared.calls.telling import Tellable, told
from shared.store import Collection
from tests.calls.recordings import described, stream
from tests.support.bench import Replica, ServiceBench, handled, opened, until
from tests.support.servers import Corner

AGO: Final = timedelta(minutes=10)
"""So long ago recorded calls happened, for telephony."""


@dataclass
class Bench(ServiceBench):
    """Replicas of telephony over one broker and database. The exchange is called as the broker's
    user of these tests is, so that it is believed.
    """

    @property
    def user(self) -> str:
        return urlsplit(self.corner.amqp_url).username or ""

    @property
    def telephony(self) -> Replica:
        return self.replicas[0]

    @property
    def calls(self) -> Collection[KeptCall]:
        return Collection(self.store, CALLS)

    async def add_replica(self) -> Replica:
        return await self.serve(await build(self.settings_of(TelephonySettings)))

    def recorded(self, run: str, name: str = "events.ami") -> list[Fact]:
        """The facts of a recording, as if its exchange were ours and it were just over."""
        return rebased(_recorded(run, self.user, name), self.now() - AGO)

    async def tell(self, *values: Tellable, user: str | None = None) -> None:
        """Publish; return when all are handled."""
        await self.send([told(value) for value in values], user=user or self.user)

    async def send(self, messages: Iterable[tuple[str, bytes]], *, user: str | None) -> None:
        """Publish under these keys; return when all are handled."""
        before, count = handled([QUEUE.name]), 0
        exchange = await self.channel.get_exchange(INBOUND, ensure=False)
        confirms = []
        for key, body in messages:
            message = aio_pika.Message(body, user_id=user)
            confirms.append(exchange.publish(message, key))
            count += 1
        await asyncio.gather(*confirms)
        await until(lambda: handled([QUEUE.name]) >= before + count)

    async def look(self) -> None:
        """What the loops of every replica do, once."""
        for replica in self.replicas:
            loops: Loops = replica.app.state.loops
            await loops.look()
            await loops.count()

    async def kept(self) -> list[KeptCall]:
        """Every call, by when it was offered, without what differs from one telling to another."""
        found = [plain(each) async for each in self.calls.walk({})]
        return sorted(found, key=lambda each: (each.last_at, each.id))

    async def kept_as(self, facts: Sequence[Fact]) -> list[KeptCall]:
        """Tell these and return what is kept then."""
        await self.tell(*facts)
        return await self.kept()


def plain(kept: KeptCall) -> KeptCall:
    """Sealing is random, and versions count writes."""
    return replace(
        kept, version=0, persons=dict.fromkeys(kept.persons, b""), buckets=(), asks=False
    )


def rebased(facts: Sequence[Fact], until: datetime) -> list[Fact]:
    """The same facts, the last of them then."""
    return moved(facts, until - max(fact.at for fact in facts))


def moved(facts: Sequence[Fact], by: timedelta) -> list[Fact]:
    return [_moved(fact, by) for fact in facts]


def _moved(fact: Fact, by: timedelta) -> Fact:
    exchange, event, micros, subject = fact.id.split("/", 3)
    then = int(micros) + by // timedelta(microseconds=1)
    return replace(fact, at=fact.at + by, id=f"{exchange}/{event}/{then}/{subject}")


@cache
def _recorded(run: str, exchange: str, name: str) -> tuple[Fact, ...]:
    document = ExchangeDocument.model_validate({**described(), "exchange": exchange})
    return tuple(facts_in(stream(run, name), document)[0])


def rows(kept: Iterable[KeptCall]) -> list[dict[str, Any]]:
    """What became of calls, for a comparison with the truth."""
    return [
        {
            "outcome": each.call.outcome,
            "wait": each.call.wait_s,
            "talk": each.call.talk_s,
            "agent": each.call.agent,
            "transfers": [(one.by, one.kind.value, one.reached) for one in each.call.transfers],
            "channel": each.channel,
        }
        for each in kept
        if each.call is not None and not each.call.test
    ]


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path) -> AsyncIterator[Bench]:
    async with opened(Bench, corner, folder) as bench:
        await bench.listen("call.#")
        await bench.listen("line.#")
        await bench.add_replica()
        yield bench
