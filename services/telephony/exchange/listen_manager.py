"""One connection to the manager interface of an exchange: what it says, and what we ask.

A reader of our own: the libraries there are lose letters that are cut between two reads, promise no
order, or have no events (docs/decisions/060).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Self

from services.telephony.exchange.translate_blocks import Block, BlockReader

OPEN_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 10.0
"""An exchange that is well answers within milliseconds; after so long the line is dead."""
_PIECE: Final = 65_536
_LINE_ENDS: Final = "\r\n"


class ConnectionLost(Exception):
    """It has ended, or answers no more."""


class SignInRefused(Exception):
    """The exchange does not know us, or not by this secret."""


@dataclass(slots=True)
class _Asked:
    answer: asyncio.Future[Block]
    items: list[Block] | None = None
    """Of a list: what came of it; None where one block is the whole answer."""


@dataclass(slots=True)
class ManagerConnection:
    """Every event is handed to `hear`, in order, answers to what was asked as a list among them."""

    hear: Callable[[Block], None]
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _blocks: BlockReader = field(default_factory=BlockReader)
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    async def open(cls, host: str, port: int, hear: Callable[[Block], None]) -> Self:
        """Connect; raises OSError, TimeoutError."""
        async with asyncio.timeout(OPEN_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
        return cls(hear, reader, writer)

    @property
    def too_long(self) -> int:
        """Blocks that were left out because they had no end."""
        return self._blocks.too_long

    async def listen(self) -> None:
        """Read until the end; always raises, ConnectionLost or whatever `hear` raises."""
        try:
            while piece := await self._reader.read(_PIECE):
                for block in self._blocks.feed(piece):
                    self._take(block)
        except OSError as error:
            raise ConnectionLost(type(error).__name__) from error
        raise ConnectionLost("the exchange closed it")

    async def sign_in(self, user: str, secret: str) -> None:
        """Be let in; raises SignInRefused."""
        answer = await self.ask("Login", Username=user, Secret=secret, Events="on")
        if answer.get("Response") != "Success":
            raise SignInRefused

    async def ask(self, action: str, **headers: str) -> Block:
        """The answer of one block; raises ConnectionLost where none comes."""
        return await self._ask(action, headers, None)

    async def ask_list(self, action: str, **headers: str) -> list[Block]:
        """The items of a list, once it has come to its end. One that is refused has none."""
        items: list[Block] = []
        await self._ask(action, headers, items)
        return items

    async def aclose(self) -> None:
        """Let go; whoever waits for an answer gets none."""
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(ConnectionLost("let go"))
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def _ask(self, action: str, headers: dict[str, str], items: list[Block] | None) -> Block:
        id = f"hotline-{next(self._numbers)}"
        lines = {"Action": action, "ActionID": id, **headers}
        if any(end in value for value in lines.values() for end in _LINE_ENDS):
            raise ValueError(f"A value of {action} would end its line.")
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        asked = self._asked[id] = _Asked(asyncio.get_running_loop().create_future(), items)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._writer.write(f"{text}\r\n".encode())
                await self._writer.drain()
                return await asked.answer
        except (OSError, TimeoutError) as error:
            raise ConnectionLost(f"no answer to {action}") from error
        finally:
            del self._asked[id]

    def _take(self, block: Block) -> None:
        asked = self._asked.get(block.get("ActionID", ""))
        if "Event" in block:
            self.hear(block)
            if asked is not None and asked.items is not None:
                _lists(asked, block)
        elif asked is not None and (asked.items is None or block.get("Response") != "Success"):
            _answers(asked, block)


def _lists(asked: _Asked, block: Block) -> None:
    if block.get("EventList") == "Complete":
        _answers(asked, block)
    elif asked.items is not None:
        asked.items.append(block)


def _answers(asked: _Asked, block: Block) -> None:
    if not asked.answer.done():
        asked.answer.set_result(block)
