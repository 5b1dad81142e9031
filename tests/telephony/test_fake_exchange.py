"""The exchange for trials says what a real one said, and answers as it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from services.telephony.exchange import fake as fake_exchange
from services.telephony.exchange.fake import HOST, FakeExchange
from services.telephony.exchange.fake_script import Cuts, Opens, Says, moved, steps_of, text_of
from services.telephony.exchange.translate_blocks import Block, BlockReader
from services.telephony.exchange.translate_clock import time_of
from services.telephony.exchange.translate_recording import heard_in
from tests.calls.recordings import stream
from tests.support.bench import until

FAST = 1000.0


@dataclass
class Ear:
    """A listener of the simplest kind."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: list[Block] = field(default_factory=list)
    greeting: bytes = b""

    async def listen(self) -> None:
        self.greeting = await self.reader.readline()
        blocks = BlockReader()
        while piece := await self.reader.read(4096):
            self.heard += blocks.feed(piece)

    def ask(self, action: str, **headers: str) -> None:
        self.writer.write(text_of({"Action": action, "ActionID": action, **headers}))

    async def answer(self, action: str, end: str | None = None) -> list[Block]:
        """All that came of it."""

        def found() -> list[Block]:
            return [each for each in self.heard if each.get("ActionID") == action]

        await until(lambda: bool(found()) if end is None else end in str(found()))
        return found()


@asynccontextmanager
async def ear(
    fake: FakeExchange, *, secret: str = fake_exchange.SECRET, asks: bool = True
) -> AsyncIterator[Ear]:
    one = Ear(*await asyncio.open_connection(HOST, fake.port))
    listening = asyncio.create_task(one.listen())
    one.ask("Login", Username="hotline", Secret=secret)
    if asks:
        one.ask("QueueStatus")
    try:
        yield one
    finally:
        listening.cancel()
        one.writer.close()
        await asyncio.gather(listening, return_exceptions=True)


def events(run: str) -> list[Block]:
    return [heard.block for heard in heard_in(stream(run)) if "Timestamp" in heard.block]


def timed(blocks: list[Block]) -> list[Block]:
    return [each for each in blocks if "Timestamp" in each]


@pytest.mark.parametrize("run", ["day", "two-queues", "outbound", "smoke"])
async def test_every_listener_hears_each_event_in_its_order(run: str) -> None:
    async with (
        FakeExchange(steps_of(stream(run)), speed=FAST, listeners=2) as fake,
        ear(fake) as one,
        ear(fake) as other,
    ):
        await fake.ended.wait()
        said = events(run)
        await until(lambda: all(timed(each.heard) == said for each in (one, other)))


async def test_a_recording_is_played_with_its_pauses() -> None:
    loop = asyncio.get_running_loop()
    steps = steps_of(stream("smoke"))
    lasts = (steps[-1].at - steps[0].at).total_seconds()
    async with FakeExchange(steps, speed=20) as fake, ear(fake):
        began = loop.time()
        await fake.ended.wait()

        assert loop.time() - began == pytest.approx(lasts / 20, rel=0.5)


async def test_the_line_is_cut_where_it_was_and_nobody_is_let_in_meanwhile() -> None:
    steps = steps_of(stream("restart"))
    kinds = [type(step) for step in steps if not isinstance(step, Says)]
    assert kinds == [Opens, Cuts] * 4

    async with FakeExchange(steps[: _first(steps, Cuts) + 1], speed=FAST) as fake:
        async with ear(fake) as one:
            await fake.ended.wait()
            await until(one.reader.at_eof)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, fake.port)


async def test_after_a_lost_line_it_answers_who_is_there_as_the_real_one_did() -> None:
    steps = steps_of(stream("restart"))
    third = [n for n, step in enumerate(steps) if isinstance(step, Opens)][2]
    said = steps[third]
    assert isinstance(said, Opens)
    async with FakeExchange(steps[third : third + 1]) as fake, ear(fake, asks=False) as one:
        one.ask("CoreShowChannels")
        channels = await one.answer("CoreShowChannels", "Complete")
        one.ask("QueueStatus")
        queues = await one.answer("QueueStatus", "Complete")
        one.ask("BridgeList")
        bridges = await one.answer("BridgeList", "Complete")

    def bare(blocks: list[Block], kind: str, *left_out: str) -> list[Block]:
        return [
            {name: value for name, value in each.items() if name not in {"ActionID", *left_out}}
            for each in blocks
            if each.get("Event") == kind
        ]

    real = list(said.listed)
    assert bare(channels, "CoreShowChannel") == bare(real, "CoreShowChannel")
    assert bare(queues, "QueueMember") == bare(real, "QueueMember")
    assert [each["Wait"] for each in bare(queues, "QueueEntry")] == ["2"]
    assert channels[0] == {
        "Response": "Success", "ActionID": "CoreShowChannels",
        "EventList": "start", "Message": "Channels will follow",
    }  # fmt: skip
    assert bare(channels, "CoreShowChannelsComplete") == bare(real, "CoreShowChannelsComplete")
    assert sorted(each["BridgeNumChannels"] for each in bare(bridges, "BridgeListItem")) == [
        "2",
        "2",
    ]


async def test_who_is_there_follows_from_what_happened() -> None:
    steps = steps_of(stream("day"))
    at = next(n for n, s in enumerate(steps) if isinstance(s, Says) and _bridges(s.block))
    async with FakeExchange(steps[: at + 2], speed=FAST) as fake, ear(fake) as one:
        await fake.ended.wait()
        one.ask("CoreShowChannels")
        listed = await one.answer("CoreShowChannels", "Complete")
        members = await one.answer("QueueStatus", "Complete")

    shown = [each for each in listed if each.get("Event") == "CoreShowChannel"]
    assert len({each["Uniqueid"] for each in shown}) == len(shown) >= 2
    assert any(each["BridgeId"] for each in shown)
    assert members[-1]["EventList"] == "Complete"


async def test_it_answers_the_time_and_refuses_who_is_not_known() -> None:
    steps = steps_of(stream("smoke"))
    async with FakeExchange(steps[:1]) as fake, ear(fake, asks=False) as one:
        one.ask("Ping")
        [pong] = await one.answer("Ping")
        one.ask("Sing")
        [error] = await one.answer("Sing")
        async with ear(fake, secret="wrong", asks=False) as other:
            [refused] = await other.answer("Login")
            await until(other.reader.at_eof)

    assert one.greeting.startswith(b"Asterisk Call Manager/")
    assert (pong["Response"], pong["Ping"]) == ("Success", "Pong")
    assert time_of(pong["Timestamp"]) is not None
    assert (error["Response"], refused["Response"]) == ("Error", "Error")
    assert [each["Event"] for each in one.heard if "Event" in each] == ["FullyBooted"]
    assert "fake" not in str(fake.asked)


async def test_whoever_dials_is_answered_and_all_are_told_what_became_of_it() -> None:
    async with (
        FakeExchange(steps_of(stream("smoke"))[:1], listeners=2) as fake,
        ear(fake) as one,
        ear(fake) as other,
    ):
        await other.answer("Login")
        one.ask("Originate", Channel="PJSIP/8001", ChannelId="hotline-d1", Async="true")
        answers = await one.answer("Originate", "OriginateResponse")
        await until(lambda: "hotline-d1" in str(other.heard))

    assert answers[0]["Message"] == "Originate successfully queued"
    assert (answers[1]["Response"], answers[1]["Reason"]) == ("Failure", "3")


def test_at_another_time_a_recording_has_calls_of_its_own() -> None:
    steps, now = steps_of(stream("day")), datetime(2030, 1, 1, tzinfo=UTC)
    later = moved(steps, now - steps[0].at)
    before = [s.block for s in steps if isinstance(s, Says)]
    after = [s.block for s in later if isinstance(s, Says)]

    assert abs(later[0].at - now) < timedelta(seconds=1)
    assert {each.get("Uniqueid") for each in before} & {each.get("Uniqueid") for each in after} <= {
        None
    }
    shifts = {
        time_of(b["Timestamp"]) - time_of(a["Timestamp"])  # type: ignore[operator]
        for a, b in zip(before, after, strict=True)
    }
    assert shifts == {later[0].at - steps[0].at}


def _first(steps: list[Opens | Says | Cuts], kind: type) -> int:
    return next(n for n, step in enumerate(steps) if isinstance(step, kind))


def _bridges(block: Block) -> bool:
    return block["Event"] == "BridgeEnter"
