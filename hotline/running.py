"""A hotline that runs while some work is done: the frame of ``hotline up`` and ``hotline demo``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog

from hotline.endpoints import Endpoints
from hotline.supervisor import Supervisor

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Work = Callable[[Endpoints], Awaitable[None]]
logger = structlog.get_logger()


class Interrupts:
    """Catches Ctrl-C, SIGTERM and a closed terminal while the block lasts."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._caught)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    def _caught(self) -> None:
        if self.first.is_set():
            self.second.set()
        self.first.set()


async def run_while(supervisor: Supervisor, work: Work) -> None:
    """Start everything, do the work until it ends or the operator interrupts, and stop everything.

    A second interrupt ends the stopping too, at once. Errors of the start and of the work rise
    after everything has been stopped.
    """
    with Interrupts() as interrupts:
        try:
            await _until_interrupted(_start_and_work(supervisor, work), interrupts.first)
        finally:
            await _stop(supervisor, interrupts.second)


async def forever() -> None:
    """Wait for the interrupt."""
    await asyncio.Event().wait()


async def _start_and_work(supervisor: Supervisor, work: Work) -> None:
    await work(await supervisor.start())


async def _stop(supervisor: Supervisor, hurry: asyncio.Event) -> None:
    if not supervisor.owns_data:  # refused at the door: there is nothing to stop
        await supervisor.stop()
        return
    logger.info("stopping; once more to hurry")
    if not await _until_interrupted(supervisor.stop(), hurry):
        logger.info("ending everything at once")
        await supervisor.hurry()
    logger.info("stopped, the data stays", data=str(supervisor.data))


async def _until_interrupted(doing: Awaitable[None], interrupt: asyncio.Event) -> bool:
    """Do it until it ends or the interrupt comes; tell whether it ended by itself."""
    task = asyncio.ensure_future(doing)
    waiting = asyncio.create_task(interrupt.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False
