"""A real HTTP server whose temper a test sets, down to the moment at which it hangs up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

Temper = Literal["answers", "hangs up", "says nothing"]


@dataclass
class Receiver:
    """What the server got, and how it behaves: `status`, `headers` and `body` are its answer;
    `idle_seconds` is how long it keeps a connection on which nothing more comes.
    """

    port: int = 0
    temper: Temper = "answers"
    status: int = 204
    headers: tuple[str, ...] = ()
    body: bytes = b""
    says_length: int | None = None
    idle_seconds: float | None = None
    connections: int = 0
    most_at_once: int = 0
    hung_up: int = 0
    heads: list[dict[str, str]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/secret-path?key=secret-key"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.most_at_once = max(self.most_at_once, self.connections - self.hung_up)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
                patience = None
                while await self._exchange(reader, writer, patience):
                    patience = self.idle_seconds
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.hung_up += 1

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float | None
    ) -> bool:
        async with asyncio.timeout(patience):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        fields = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        self.heads.append(fields | {"": first})
        content = await reader.readexactly(int(fields["content-length"]))
        self.documents.append(json.loads(content))
        if self.temper == "says nothing":
            await self.let_go.wait()
        if self.temper != "answers":
            return False
        writer.write(self._answer())
        await writer.drain()
        return True

    def _answer(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} So", *self.headers]
        if self.status != 204:
            length = len(self.body) if self.says_length is None else self.says_length
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@asynccontextmanager
async def running_receiver() -> AsyncIterator[Receiver]:
    """The server while the block lasts."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.close()
        await server.wait_closed()
