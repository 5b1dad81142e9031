"""When alerts reached the mail server, by ticket."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hotline.embedded.ports import free_ports

FIRST_CALL = "0"


class Alarms:
    """What the postbox has told so far. Times are of the monotonic clock."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._reached: dict[str, list[float]] = {}

    def first(self, number: str) -> float | None:
        """When somebody was alerted of a ticket, if anybody has been."""
        times = self._reached.get(number)
        return times[0] if times else None

    def last(self, number: str) -> float | None:
        """When the last of those was alerted who are called at the same moment."""
        times = self._reached.get(number)
        return times[-1] if times else None

    async def listen(self, lines: asyncio.StreamReader) -> None:
        """Take in what the postbox says until it ends."""
        async for line in lines:
            at, cause = line.decode().split()
            _, number, _, step = cause.split("/")
            if step == FIRST_CALL:
                self._reached.setdefault(number, []).append(float(at))


@asynccontextmanager
async def postbox() -> AsyncIterator[Alarms]:
    """Run a mail server while the block lasts."""
    [port] = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.postbox", str(port),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None, "it was opened"
    await process.stdout.readline()
    alarms = Alarms(port)
    listening = asyncio.create_task(alarms.listen(process.stdout))
    try:
        yield alarms
    finally:
        process.kill()
        await process.wait()
        await listening
