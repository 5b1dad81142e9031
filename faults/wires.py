"""The wires of a run as the driver holds them: the process they run in, and a handle for each."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from faults.proxy import Side

PROJECT = Path(__file__).parents[1]


class Switchboard:
    """Speaks with the process of the wires, one order at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._speaking = asyncio.Lock()

    async def hear(self) -> Any:
        """The next line of the process."""
        assert self._process.stdout is not None
        return json.loads(await self._process.stdout.readline())

    async def order(self, wire: int, do: str, **more: Any) -> int:
        """Have something done to a wire; how many connections it concerned."""
        assert self._process.stdin is not None
        async with self._speaking:
            line = json.dumps({"wire": wire, "do": do, **more})
            self._process.stdin.write(line.encode() + b"\n")
            return int(await self.hear())


class Wire:
    """One wire to one server."""

    def __init__(self, board: Switchboard, n: int, port: int) -> None:
        self.port = port
        self._board = board
        self._n = n

    async def open(self) -> None:
        """Take connections again."""
        await self._board.order(self._n, "open")

    async def shut(self) -> None:
        """Refuse connections and end those there are, as if nothing were behind."""
        await self._board.order(self._n, "shut")

    async def cut(self) -> int:
        """End every connection at once; how many."""
        return await self._board.order(self._n, "cut")

    async def half_close(self, side: Side) -> int:
        """Tell one side of every connection that the other has nothing more to say; how many."""
        return await self._board.order(self._n, "half_close", side=side)

    async def delay(self, seconds: float) -> None:
        """From now on every piece waits so long."""
        await self._board.order(self._n, "delay", seconds=seconds)


@asynccontextmanager
async def running_wires(far_ports: Sequence[int]) -> AsyncIterator[list[Wire]]:
    """A wire to each port, while the block lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "faults.proxy", *map(str, far_ports),
        stdin=PIPE, stdout=PIPE, cwd=PROJECT,
    )  # fmt: skip
    try:
        board = Switchboard(process)
        ports = await board.hear()
        yield [Wire(board, n, port) for n, port in enumerate(ports)]
    finally:
        process.kill()
        await process.wait()
