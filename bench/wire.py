"""HTTP over a kept connection, by hand: what asks must cost little beside what answers.

A client library spends more on a request than a small server does; on a machine with two cores it
would be measured along with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_LENGTH: Final = b"content-length:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


class Wire:
    """One kept connection to a server of ours: every answer tells its length."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: bytes
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._headers = headers

    async def ask(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request and read its answer."""
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"{method} {path} HTTP/1.1\r\ncontent-length: {len(body)}\r\n{more}"
        self._writer.write(head.encode() + self._headers + b"\r\n" + body)
        head_back = await self._reader.readuntil(b"\r\n\r\n")
        return Answer(int(head_back[9:12]), await self._reader.readexactly(_length_in(head_back)))


def _length_in(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    return 0


@asynccontextmanager
async def wire_to(url: str, headers: Mapping[str, str]) -> AsyncIterator[Wire]:
    """Connect while the block lasts; every request carries the headers."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    reader, writer = await asyncio.open_connection(host, port)
    lines = {"host": f"{host}:{port}", "content-type": "application/json", **headers}
    try:
        yield Wire(reader, writer, "".join(f"{k}: {v}\r\n" for k, v in lines.items()).encode())
    finally:
        writer.close()
