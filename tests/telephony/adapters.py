"""An adapter that listens to an exchange for trials, and what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.telephony.exchange.fake import HOST, SECRET, FakeExchange
from services.telephony.exchange.listen_adapter import Adapter, Manager, Rhythm, utc_now
from services.telephony.exchange.listen_outgoing import Outgoing
from services.telephony.exchange.translate_document import ExchangeDocument
from services.telephony.exchange.translate_recording import facts_in, members_in
from shared.bus import BrokerDown
from shared.calls.agents import Membership
from shared.calls.facts import Fact, Kind
from shared.calls.listening import Listening
from shared.calls.telling import Tellable, heard
from tests.calls.recordings import document as recorded
from tests.calls.recordings import stream

FAST: Final = 1000.0
QUICK: Final = Rhythm(beat=0.2, first_wait=0.01, longest_wait=0.1)


@dataclass
class Told:
    """In place of the broker: what was confirmed. While `is_away` nothing is."""

    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    is_away: bool = False

    async def publish(self, key: str, body: bytes) -> None:
        await asyncio.sleep(0)
        if self.is_away:
            raise BrokerDown("away")
        self.bodies.append((key, body))

    @property
    def values(self) -> list[Tellable]:
        return [heard(body) for _, body in self.bodies]

    @property
    def words(self) -> list[Listening]:
        return [each for each in self.values if isinstance(each, Listening)]

    @property
    def happened(self) -> set[Tellable]:
        """All but what depends on when somebody came to listen."""
        return {each for each in self.values if is_of_an_event(each)}

    @property
    def facts(self) -> list[Fact]:
        return [each for each in self.values if isinstance(each, Fact)]


def is_of_an_event(value: Tellable) -> bool:
    """Whether every listener tells it alike: not who was found there when it came, nor its word."""
    match value:
        case Listening():
            return False
        case Fact(kind=kind):
            return kind is not Kind.SEEN
        case Membership(id=id):
            return "/QueueMember/" not in id
        case _:
            return True


def as_read(run: str, name: str = "events.ami") -> set[Tellable]:
    """What reading the file tells."""
    recording = stream(run, name)
    members, reached = members_in(recording, recorded())
    facts, _, _ = facts_in(recording, recorded())
    told: list[Tellable] = [*facts, *members, *reached]
    return {each for each in told if is_of_an_event(each)}


@dataclass
class Listener:
    """One adapter that runs."""

    adapter: Adapter
    told: Told
    tasks: list[asyncio.Task[None]]

    async def kill(self) -> None:
        """Without a word: what it knew and had not told is lost."""
        self.told = Told(list(self.told.bodies))
        self.adapter.outgoing.publish = _never
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def _never(_key: str, _body: bytes) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def listening(
    fake: FakeExchange,
    *,
    told: Told | None = None,
    secret: str = SECRET,
    now: Callable[[], datetime] | None = utc_now,
    most: int = 50_000,
    document: ExchangeDocument | None = None,
    **about: Any,
) -> AsyncIterator[Listener]:
    told = told or Told()
    outgoing = Outgoing(told.publish, most)
    adapter = Adapter(
        document or recorded(),
        Manager(HOST, fake.port, "hotline", secret),
        outgoing,
        now=fake.now if now is utc_now else now,
        **{"rhythm": QUICK, **about},
    )
    tasks = [asyncio.create_task(adapter.run()), asyncio.create_task(outgoing.run())]
    one = Listener(adapter, told, tasks)
    try:
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
