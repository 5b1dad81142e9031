"""Loops that no outage and no single bad document may stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Any, Final

from shared.bus.errors import BrokerDown
from shared.store import STORE_DOWN, Contested
from shared.telemetry import logger, metrics

AT_ONCE: Final = 20
"""Documents of one turn that are worked on side by side."""
PASSING: Final = (*STORE_DOWN, BrokerDown, Contested)
"""Outages and races: the next turn does it."""


async def run_every(
    what: Callable[[], Awaitable[Any]], *, seconds: float, wake: asyncio.Event | None = None
) -> None:
    """Do `what` every so many seconds (or when woken) until cancelled.

    Outages of the store or the broker end one turn, not the loop; anything else is logged and
    counted, since a loop that dies silently is a promise broken later.
    """
    while True:
        try:
            await what()
        except PASSING as error:
            logger.warning("loop_turn_failed", loop=name_of(what), why=type(error).__name__)
        except Exception:  # noqa: BLE001 - see the docstring
            logger.exception("loop_turn_broken", loop=name_of(what))
            metrics.LOOP_FAULTS.labels(name_of(what), "turn").inc()
        if wake is None:
            await asyncio.sleep(seconds)
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), seconds)
        wake.clear()


def name_of(what: Callable[..., Any]) -> str:
    """As logs and metrics call it."""
    return getattr(what, "__qualname__", type(what).__name__)


async def each(
    what: Callable[[str], Awaitable[None]],
    ids: Iterable[str],
    *,
    begins: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> set[str]:
    """Do `what` for every id, some at a time, each as `begins` lets it; the ids that failed.

    One document at fault is logged and counted, and leaves its neighbours alone. Outages end the
    turn.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    failed: set[str] = set()

    async def one(id: str) -> None:
        async with gate, begins():
            try:
                await what(id)
            except PASSING:
                raise
            except Exception:  # noqa: BLE001 - see the docstring
                logger.exception("document_failed", loop=name_of(what), id=id)
                metrics.LOOP_FAULTS.labels(name_of(what), "document").inc()
                failed.add(id)

    results = await asyncio.gather(*(one(id) for id in ids), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return failed
