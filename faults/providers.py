"""Providers of messages that fail as providers do: they refuse some, and lose some receipts.

What becomes of a message is decided by the seed and its id alone, so that it is the same at every
attempt and in every run with that seed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx

from faults.proxy import HOST
from hotline.embedded.ports import free_ports

Fate = Literal["arrives", "refused", "no_receipt"]
REFUSED_IN: Final = 5
"""One in so many is refused."""
RECEIPT_LOST_IN: Final = 50
"""Of one in so many nobody hears whether it has arrived."""
TEXTS: Final = "text"
"""The path, and the channel, of what callers get; all others are people's webhooks."""
RECEIPT_TRIES: Final = 240
RECEIPT_SECONDS: Final = 0.5
"""A provider brings a receipt again until somebody takes it, for two minutes."""


def fate_of(seed: int, id: str) -> Fate:
    """What becomes of a message with its provider."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}\n{id}".encode()).digest()[:8])
    if drawn % REFUSED_IN == 0:
        return "refused"
    return "no_receipt" if drawn // REFUSED_IN % RECEIPT_LOST_IN == 0 else "arrives"


@dataclass(frozen=True, slots=True)
class Brought:
    """One message as it was brought: by which channel, and whether somebody was shown it."""

    id: str
    channel: str
    purpose: str
    at: float
    is_shown: bool


@dataclass
class Providers:
    """All of them at one port; each letter takes them `seconds`. Receipts go to the `notifier`."""

    seed: int
    port: int = 0
    seconds: float = 0.0
    notifier: str = ""
    brought: list[Brought] = field(default_factory=list)
    receipts: set[asyncio.Task[None]] = field(default_factory=set)

    def address(self, path: str) -> str:
        """Where letters of a channel, or for somebody, go."""
        return f"http://{HOST}:{self.port}/{path}"

    def shown(self) -> Counter[tuple[str, str]]:
        """How often each message was shown to somebody, by id and channel."""
        return Counter((each.id, each.channel) for each in self.brought if each.is_shown)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with as many letters as it brings."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
                letter = json.loads(await reader.readexactly(length))
                path = head.split(" ", 2)[1].strip("/")
                status = await self._take(letter, TEXTS if path == TEXTS else "webhook")
                writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()

    async def _take(self, letter: dict[str, Any], channel: str) -> int:
        id = letter["id"]
        fate = fate_of(self.seed, id)
        is_shown = fate != "refused"
        self.brought.append(Brought(id, channel, letter["purpose"], time.monotonic(), is_shown))
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if fate == "arrives" and "receipt" in letter:
            task = asyncio.create_task(self._confirm(urlsplit(letter["receipt"]).path))
            self.receipts.add(task)
            task.add_done_callback(self.receipts.discard)
        return 200 if is_shown else 400

    async def _confirm(self, path: str) -> None:
        for _ in range(RECEIPT_TRIES):
            with suppress(httpx.HTTPError):
                answer = await self._http.post(f"{self.notifier}{path}", json={"arrived": True})
                if answer.is_success:
                    return
            await asyncio.sleep(RECEIPT_SECONDS)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the block lasts."""
        [self.port] = free_ports(1)
        limits = httpx.Limits(max_connections=20)
        async with httpx.AsyncClient(timeout=10, limits=limits) as self._http:
            server = await asyncio.start_server(self.serve, HOST, self.port)
            try:
                yield
            finally:
                server.close()
                for task in [*self.receipts]:
                    task.cancel()
                await asyncio.gather(*self.receipts, return_exceptions=True)
