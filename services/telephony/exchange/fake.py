"""An exchange for trials and tests: it speaks the manager's language of a real one, and plays.

It listens on loopback alone. It plays its steps (`fake_script`) at any speed to all who listen,
cuts the line where it was cut, and answers what a listener may ask. Where it opens it waits for
listeners: a thousand times as fast, the line would be away for milliseconds only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Self

from services.telephony.exchange.fake_script import (
    Cuts,
    Opens,
    Says,
    Step,
    text_of,
    timestamp_of,
)
from services.telephony.exchange.fake_state import State
from services.telephony.exchange.translate_blocks import Block, BlockReader
from services.telephony.exchange.translate_clock import time_of

HOST: Final = "127.0.0.1"
SECRET: Final = "fake"  # noqa: S105 - it guards nothing
BANNER: Final = b"Asterisk Call Manager/11.0.0\r\n"
LAST_ASKED: Final = "QueueStatus"
"""Whoever has asked this knows who is there, and is ready to hear what happens."""
_PIECE: Final = 65_536
_FREE_SECONDS: Final = 5.0


@dataclass(eq=False, slots=True)
class _Listener:
    writer: asyncio.StreamWriter
    signed_in: bool = False
    ready: bool = False
    reader: BlockReader = field(default_factory=BlockReader)

    def send(self, *blocks: Mapping[str, str]) -> None:
        if not self.writer.is_closing():
            self.writer.write(b"".join(text_of(block) for block in blocks))


class FakeExchange:
    """Plays while the block lasts. `listeners`: so many have to be ready before it goes on, at the
    beginning and after each cut. `clock`: whose time it goes by, instead of so many times ours;
    what has passed by it already is said at once, `at_most` events a second. `asked`: the actions
    that it was asked, without secrets.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        user: str = "hotline",
        secret: str = SECRET,
        speed: float = 1.0,
        listeners: int = 1,
        port: int = 0,
        tells_times: bool = True,
        clock: Callable[[], datetime] | None = None,
        at_most: float = 10_000,
    ) -> None:
        self.asked: list[Block] = []
        self.port = port
        self.ended = asyncio.Event()
        self._steps = steps
        self._user, self._secret = user, secret
        self._speed, self._wanted, self._tells_times = speed, listeners, tells_times
        self._clock, self._pause = clock, 1 / at_most
        self._state = State()
        self._listeners: set[_Listener] = set()
        self._somebody = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._playing: asyncio.Task[None] | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        first = next((step.at for step in steps), datetime.now(UTC))
        self._booted_at = first
        self._last: datetime | None = None
        self._at, self._since, self._limit = first, 0.0, first

    async def __aenter__(self) -> Self:
        self._set_clock(self._at)
        await self._listen()
        self._playing = asyncio.create_task(self._play())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._playing is not None
        self._playing.cancel()
        await asyncio.gather(self._playing, return_exceptions=True)
        self.cut()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    def now(self) -> datetime:
        """Its clock, which stands while it waits and never passes what it has still to say."""
        if self._clock is not None:
            now = self._clock()
        else:
            passed = (asyncio.get_running_loop().time() - self._since) * self._speed
            now = self._at + timedelta(seconds=passed)
        return now if self.ended.is_set() else min(now, self._limit)

    def cut(self) -> None:
        """End every connection, and take no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for listener in self._listeners:
            listener.writer.transport.abort()
        self._listeners.clear()
        self._somebody.clear()

    async def opens_again(self) -> None:
        """After a cut by hand: it goes on where it was, once somebody listens."""
        await self._listen()

    async def _play(self) -> None:
        for step in self._steps:
            await self._until(step)
            match step:
                case Opens():
                    await self._open(step)
                    await self._until_heard()
                case Cuts():
                    self.cut()
                case Says(at, block):
                    self._state.take(block, at)
                    self._last = at
                    await self._say(block)
        self._set_clock(self._limit)
        self.ended.set()

    async def _open(self, opens: Opens) -> None:
        if self._last is not None and opens.booted_at > self._last:
            self._state.clear()
        self._booted_at = opens.booted_at
        self._state.become(opens.listed, opens.at)
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        async with asyncio.timeout(_FREE_SECONDS):
            while self._server is None:
                try:
                    self._server = await asyncio.start_server(self._converse, HOST, self.port)
                except OSError:  # the loop closes the old one a moment later
                    await asyncio.sleep(0.01)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _until(self, step: Step) -> None:
        self._set_clock(self.now())
        told = time_of(step.block.get("Timestamp", "")) if isinstance(step, Says) else None
        self._limit = max(told or step.at, self._limit)
        if self._clock is not None:
            await asyncio.sleep(self._pause)
            while (wait := self._left_until(step.at)) > 0:  # noqa: ASYNC110 - no event tells time
                await asyncio.sleep(min(wait, 1.0))
        elif (wait := (step.at - self._at).total_seconds() / self._speed) > 0:
            await asyncio.sleep(wait)
        self._set_clock(max(step.at, self._at))

    def _left_until(self, at: datetime) -> float:
        assert self._clock is not None
        return (at - self._clock()).total_seconds()

    async def _until_heard(self) -> None:
        """The clock stands meanwhile."""
        if self._is_heard():
            return
        while not self._is_heard():
            self._somebody.clear()
            await self._somebody.wait()
        self._set_clock(self._at)

    def _is_heard(self) -> bool:
        return sum(each.ready for each in self._listeners) >= self._wanted

    def _set_clock(self, at: datetime) -> None:
        self._at, self._since = at, asyncio.get_running_loop().time()

    async def _say(self, block: Block) -> None:
        told = {n: v for n, v in block.items() if self._tells_times or n != "Timestamp"}
        listening = [each for each in self._listeners if each.signed_in]
        for listener in listening:
            listener.send(told)
        for listener in listening:
            await _drained(listener)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)
        listener = _Listener(writer)
        self._listeners.add(listener)
        writer.write(BANNER)
        try:
            while piece := await reader.read(_PIECE):
                for block in listener.reader.feed(piece):
                    self._answer(listener, block)
                await _drained(listener)
        except OSError:
            pass
        finally:
            self._listeners.discard(listener)
            writer.close()

    def _answer(self, listener: _Listener, ask: Block) -> None:
        action = ask.get("Action", "")
        self.asked.append({name: value for name, value in ask.items() if name != "Secret"})
        named = {"ActionID": ask["ActionID"]} if "ActionID" in ask else {}
        if action == "Login":
            self._sign_in(listener, ask, named)
        elif not listener.signed_in:
            listener.send({"Response": "Error", **named, "Message": "Permission denied"})
        elif action == "Ping":
            time = {"Timestamp": timestamp_of(self.now())}
            listener.send({"Response": "Success", **named, "Ping": "Pong", **time})
        elif action == "Logoff":
            listener.send({"Response": "Goodbye", **named, "Message": "Thanks for all the fish."})
            listener.writer.close()
        elif action == "Originate":
            self._originate(listener, ask, named)
        else:
            self._list(listener, action, named)

    def _sign_in(self, listener: _Listener, ask: Block, named: Block) -> None:
        if (ask.get("Username"), ask.get("Secret")) != (self._user, self._secret):
            listener.send({"Response": "Error", **named, "Message": "Authentication failed"})
            listener.writer.close()
            return
        listener.signed_in = True
        listener.send({"Response": "Success", **named, "Message": "Authentication accepted"})
        uptime = str(max(0, int((self.now() - self._booted_at).total_seconds())))
        listener.send(
            {
                "Event": "FullyBooted",
                "Privilege": "system,all",
                "Uptime": uptime,
                "LastReload": uptime,
                "Status": "Fully Booted",
            }
        )

    def _list(self, listener: _Listener, action: str, named: Block) -> None:
        listing = self._state.answer(action, self.now())
        if listing is None:
            message = {"Message": "Invalid/unknown command"}
            listener.send({"Response": "Error", **named, **message})
            return
        begins = {"EventList": "start", "Message": listing.message}
        ends = {"EventList": "Complete", "ListItems": str(len(listing.items))}
        listener.send(
            {"Response": "Success", **named, **begins},
            *({"Event": each["Event"], **named, **each} for each in listing.items),
            {"Event": listing.end, **named, **ends},
        )
        if action == LAST_ASKED:
            listener.ready = True
            self._somebody.set()

    def _originate(self, listener: _Listener, ask: Block, named: Block) -> None:
        """Queued, and then as if nobody picked up: whoever dials has to be told that, too."""
        message = {"Message": "Originate successfully queued"}
        listener.send({"Response": "Success", **named, **message})
        response = {
            "Event": "OriginateResponse",
            "Privilege": "call,all",
            "Timestamp": timestamp_of(self.now()),
            **named,
            "Response": "Failure",
            "Channel": ask.get("Channel", ""),
            "Context": ask.get("Context", ""),
            "Exten": ask.get("Exten", ""),
            "Reason": "3",
            "Uniqueid": ask.get("ChannelId", "<null>"),
            "CallerIDNum": "<unknown>",
            "CallerIDName": "<unknown>",
        }
        for each in self._listeners:
            if each.signed_in:
                each.send(response)


async def _drained(listener: _Listener) -> None:
    try:
        await listener.writer.drain()
    except OSError:
        listener.writer.close()
