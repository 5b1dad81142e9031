"""Wires of ours between the services and the servers: they cut, delay and half-close connections.

They run in a process of their own (`python -m faults.proxy <port of a server> …`), so that
nothing the driver does holds them up. One line of JSON with the port of each wire is answered
first; then each line that comes in is done and answered by one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from typing_extensions import override

Side = Literal["near", "far"]
"""`near` is who connected to the wire, `far` the server it leads to."""

HOST = "127.0.0.1"


class Wire:
    """Leads from its own port to a server's; what goes wrong on it is chosen from outside."""

    def __init__(self, far_port: int, port: int = 0) -> None:
        self.port = port
        self.delay = 0.0
        """Seconds that every piece waits before it is passed on, in order."""
        self._far = far_port
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()

    async def open(self) -> None:
        """Take connections, always on the same port; nothing happens when it does already."""
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Line(self).near, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Refuse connections and end those there are, as if nothing were behind."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.cut()

    def cut(self) -> int:
        """End every connection at once and take new ones; how many were cut."""
        lines = list(self._lines)
        for line in lines:
            line.abort()
        return len(lines)

    def half_close(self, side: Side) -> int:
        """Tell one side of every connection that the other has nothing more to say; how many."""
        lines = list(self._lines)
        for line in lines:
            line.end_of(side).finish()
        return len(lines)

    async def lead(self, line: _Line) -> None:
        """Connect a new line to the server, or drop it as a server that is not there does."""
        self._lines.add(line)
        try:
            await asyncio.get_running_loop().create_connection(lambda: line.far, HOST, self._far)
        except OSError:
            line.abort()

    def forget(self, line: _Line) -> None:
        """It is over."""
        self._lines.discard(line)


class _Line:
    """One connection through the wire: two ends, each passing on what the other hears."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.near = _End(self)
        self.far = _End(self)
        self._leading: asyncio.Task[None] | None = None

    def begin(self, end: _End) -> None:
        if end is self.near:
            self._leading = asyncio.get_running_loop().create_task(self.wire.lead(self))

    def other(self, end: _End) -> _End:
        return self.far if end is self.near else self.near

    def end_of(self, side: Side) -> _End:
        return self.near if side == "near" else self.far

    def abort(self) -> None:
        self.wire.forget(self)
        for end in (self.near, self.far):
            end.abort()


class _End(asyncio.Protocol):
    """One end of a line: hears for the other end, and says what the other end heard."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._transport: asyncio.Transport | None = None
        self._gone = False
        self._to_say: deque[tuple[float, bytes | None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._gone:
            transport.abort()
            return
        self._line.begin(self)
        self._say_due()

    @override
    def data_received(self, data: bytes) -> None:
        self._line.other(self).say(data)

    @override
    def eof_received(self) -> bool:
        """The other end is told; the way back stays open."""
        self._line.other(self).say(None)
        return True

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._line.abort()

    @override
    def pause_writing(self) -> None:
        self._line.other(self).listen(on=False)

    @override
    def resume_writing(self) -> None:
        self._line.other(self).listen(on=True)

    def say(self, data: bytes | None) -> None:
        """Pass on a piece (None: the end), not before the wire's delay and what came earlier."""
        delay = self._line.wire.delay
        if not delay and not self._to_say and self._transport is not None:
            self._say_now(data)
            return
        self._to_say.append((asyncio.get_running_loop().time() + delay, data))
        self._say_due()

    def finish(self) -> None:
        """Say that nothing more comes."""
        if self._transport is not None and self._transport.can_write_eof():
            with suppress(OSError):
                self._transport.write_eof()

    def listen(self, *, on: bool) -> None:
        """Stop and go on hearing, as fast as the other end can say it."""
        if self._transport is None or self._transport.is_closing():
            return
        with suppress(RuntimeError):
            if on:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def abort(self) -> None:
        self._gone = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _say_due(self) -> None:
        if self._timer is not None or self._transport is None:
            return
        loop = asyncio.get_running_loop()
        while self._to_say and self._to_say[0][0] <= loop.time():
            self._say_now(self._to_say.popleft()[1])
        if self._to_say:
            self._timer = loop.call_at(self._to_say[0][0], self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._say_due()

    def _say_now(self, data: bytes | None) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if data is None:
            self.finish()
        else:
            with suppress(RuntimeError):  # an end that was half closed hears nothing more
                self._transport.write(data)


async def carry_out(wires: Sequence[Wire], order: dict[str, Any]) -> int:
    """Do what one line asks of one wire; how many connections it concerned."""
    wire: Wire = wires[order["wire"]]
    match order["do"]:
        case "open":
            await wire.open()
        case "shut":
            await wire.shut()
        case "cut":
            return wire.cut()
        case "half_close":
            return wire.half_close(order["side"])
        case "delay":
            wire.delay = float(order["seconds"])
        case unknown:
            raise ValueError(unknown)
    return 0


async def main(far_ports: Sequence[int]) -> None:
    """Serve until the input ends."""
    wires = [Wire(port) for port in far_ports]
    for wire in wires:
        await wire.open()
    _say([wire.port for wire in wires])
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    while line := await lines.readline():
        _say(await carry_out(wires, json.loads(line)))


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main([int(port) for port in sys.argv[1:]]))
