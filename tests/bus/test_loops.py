"""Loops go on: whatever a turn or a document does, the next has its turn, and it is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from pymongo.errors import AutoReconnect

from shared.bus import BrokerDown
from shared.bus.loops import each, run_every
from shared.store import Contested
from shared.telemetry import metrics

PASSING = (AutoReconnect("away"), BrokerDown("away"), Contested("tickets", "1"))


def faults(what: Callable[..., Awaitable[None]], kind: str) -> float:
    return float(metrics.LOOP_FAULTS.labels(what.__qualname__, kind)._value.get())


def failing_once(failure: Exception) -> tuple[Callable[[], Awaitable[None]], asyncio.Event]:
    """A turn of which the first fails, and the event that the second has come."""
    turns, again = count(), asyncio.Event()

    async def turn() -> None:
        if not next(turns):
            raise failure
        again.set()

    return turn, again


@pytest.mark.parametrize(
    ("failure", "counted"), [(KeyError("fault"), 1), *((error, 0) for error in PASSING)]
)
async def test_the_next_turn_comes_and_only_a_fault_of_ours_is_counted(
    failure: Exception, counted: int
) -> None:
    turn, again = failing_once(failure)
    before = faults(turn, "turn")

    running = asyncio.create_task(run_every(turn, seconds=0))
    async with asyncio.timeout(5):
        await again.wait()
    running.cancel()

    assert faults(turn, "turn") - before == counted


async def test_a_document_at_fault_is_named_and_counted_and_leaves_its_neighbours_alone() -> None:
    done: list[str] = []

    async def work(id: str) -> None:
        if id == "bad":
            raise KeyError(id)
        done.append(id)

    before = faults(work, "document")

    assert await each(work, ["a", "bad", "b"]) == {"bad"}

    assert done == ["a", "b"]
    assert faults(work, "document") - before == 1


@pytest.mark.parametrize("failure", PASSING)
async def test_an_outage_ends_the_turn_and_blames_no_document(failure: Exception) -> None:
    async def work(id: str) -> None:
        raise failure

    before = faults(work, "document")

    with pytest.raises(type(failure)):
        await each(work, ["a"])

    assert faults(work, "document") == before
