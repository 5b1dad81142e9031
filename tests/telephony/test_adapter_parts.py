"""The wire to an exchange may be cut anywhere, and what has to be told waits in its order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from typing_extensions import override

from services.telephony.exchange import listen_manager
from services.telephony.exchange.fake_script import text_of
from services.telephony.exchange.listen_manager import (
    ConnectionLost,
    ManagerConnection,
    SignInRefused,
)
from services.telephony.exchange.listen_outgoing import MemoryFull, Outgoing
from services.telephony.exchange.translate_blocks import Block
from tests.support.bench import until
from tests.telephony.adapters import Told

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
SAID: list[Block] = [
    {"Event": "FullyBooted", "Uptime": "7"},
    {"Event": "Newchannel", "CallerIDName": "王女士", "Uniqueid": "1.0"},
    {"Event": "UserEvent", "UserEvent": "HotlineOffered", "Note": "A|B: C, 李\\先生"},
]
WIRE = GREETING + b"".join(text_of(block) for block in SAID)
Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


class Nowhere(asyncio.Transport):
    """What is written is heard by nobody."""

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    @override
    def is_closing(self) -> bool:
        return True


async def heard_from(*pieces: bytes) -> list[Block]:
    """What is heard where the wire brings these pieces, one read each."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    heard: list[Block] = []
    protocol = asyncio.StreamReaderProtocol(reader)
    writer = asyncio.StreamWriter(Nowhere(), protocol, reader, loop)
    connection = ManagerConnection(heard.append, reader, writer)
    listening = asyncio.create_task(connection.listen())
    for piece in pieces:
        reader.feed_data(piece)
        while reader._buffer:  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0)
    reader.feed_eof()
    with pytest.raises(ConnectionLost):
        await listening
    return heard


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[tuple[ManagerConnection, list[Block]]]:
    heard: list[Block] = []
    writers: list[asyncio.StreamWriter] = []

    def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        server(reader, writer)

    there = await asyncio.start_server(come, "127.0.0.1", 0)
    async with there:
        port = there.sockets[0].getsockname()[1]
        connection = await ManagerConnection.open("127.0.0.1", port, heard.append)
        listening = asyncio.create_task(connection.listen())
        try:
            yield connection, heard
        finally:
            await connection.aclose()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            for writer in writers:
                writer.close()


def saying(*texts: bytes) -> Server:
    """Says all this to whoever comes, and answers nothing."""

    def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING + b"".join(texts))

    return say


async def test_the_wire_may_be_cut_between_any_two_bytes() -> None:
    for cut in range(1, len(WIRE)):
        assert await heard_from(WIRE[:cut], WIRE[cut:]) == SAID


async def test_it_may_bring_one_byte_at_a_time() -> None:
    assert await heard_from(*(WIRE[n : n + 1] for n in range(len(WIRE)))) == SAID


async def test_a_block_that_was_cut_off_is_not_heard() -> None:
    assert await heard_from(WIRE[:-3]) == SAID[:-1]


async def test_an_answer_goes_to_whoever_asked_whatever_else_is_said_meanwhile() -> None:
    pong = {"Response": "Success", "ActionID": "hotline-2", "Ping": "Pong"}
    item = {"Event": "CoreShowChannel", "ActionID": "hotline-1", "Channel": "x"}
    end = {"Event": "CoreShowChannelsComplete", "ActionID": "hotline-1", "EventList": "Complete"}
    begins = {"Response": "Success", "ActionID": "hotline-1", "EventList": "start"}
    texts: list[asyncio.StreamWriter] = []
    async with connected(lambda _, writer: texts.append(writer)) as (connection, heard):
        listed = asyncio.create_task(connection.ask_list("CoreShowChannels"))
        await asyncio.sleep(0)
        ponged = asyncio.create_task(connection.ask("Ping"))
        await until(lambda: texts)
        for block in (begins, item, SAID[0], pong, item, end):
            texts[0].write(text_of(block))

        assert await ponged == pong
        assert await listed == [item, item]
        assert heard == [item, SAID[0], item, end]
        texts[0].close()


async def test_a_list_that_is_refused_is_empty() -> None:
    error = {"Response": "Error", "ActionID": "hotline-1", "Message": "Permission denied"}
    async with connected(saying(text_of(error))) as (connection, _):
        assert await connection.ask_list("QueueStatus") == []


async def test_whoever_is_not_let_in_is_told() -> None:
    error = {"Response": "Error", "ActionID": "hotline-1", "Message": "Authentication failed"}
    async with connected(saying(text_of(error))) as (connection, _):
        with pytest.raises(SignInRefused):
            await connection.sign_in("hotline", "secret")


async def test_a_line_that_brings_no_answer_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen_manager, "ANSWER_SECONDS", 0.1)
    async with connected(saying()) as (connection, _):
        with pytest.raises(ConnectionLost):
            await connection.ask("Ping")


async def test_no_value_can_end_its_line_and_ask_for_something_else() -> None:
    async with connected(saying()) as (connection, _):
        with pytest.raises(ValueError, match="end its line"):
            await connection.ask("Hangup", Channel="x\r\nAction: Command")


@asynccontextmanager
async def publishing(told: Told, most: int = 100) -> AsyncIterator[Outgoing]:
    outgoing = Outgoing(told.publish, most)
    running = asyncio.create_task(outgoing.run())
    try:
        yield outgoing
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_word_is_not_out_before_all_that_came_before_it() -> None:
    told = Told(is_away=True)
    async with publishing(told) as outgoing:
        for number in range(5):
            outgoing.put("fact", b"%d" % number)
        outgoing.say("word", b"a", "this connection")
        outgoing.put("fact", b"5")
        outgoing.say("word", b"b", "this connection")
        await until(lambda: outgoing.is_refused)
        told.is_away = False
        await outgoing.until_empty()

    bodies = [body for _, body in told.bodies]
    assert sorted(bodies[:5]) == [b"%d" % number for number in range(5)]
    assert bodies[5:] == [b"a", b"5", b"b"]
    assert outgoing.told == {"fact": 6, "word": 2}


async def test_of_words_that_wait_only_the_last_of_a_connection_counts() -> None:
    told = Told()
    outgoing = Outgoing(told.publish)
    for word in (b"a", b"b", b"c"):
        outgoing.say("word", word, "one")
    outgoing.say("word", b"d", "two")
    running = asyncio.create_task(outgoing.run())
    await outgoing.until_empty()
    running.cancel()

    assert [body for _, body in told.bodies] == [b"c", b"d"]


async def test_no_more_than_so_many_wait_and_half_is_free_before_it_goes_on() -> None:
    told = Told()
    outgoing = Outgoing(told.publish, 4)
    for number in range(4):
        outgoing.put("fact", b"%d" % number)
    with pytest.raises(MemoryFull):
        outgoing.put("fact", b"4")
    waiting = asyncio.create_task(outgoing.until_room())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert len(outgoing) == 4

    running = asyncio.create_task(outgoing.run())
    await waiting
    running.cancel()
    assert len(told.bodies) == 4
