"""Routine work goes in single file while something urgent is in hand, and never stops for ever."""

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial
from itertools import pairwise

import pytest

from shared import lanes as subject
from shared.lanes import Precedence, lane_in_hand
from tests.support.urgency import urgent_elsewhere


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> float:
    """So slow that a test can tell who went first, so fast that none is held up."""
    monkeypatch.setattr(subject, "PACE_SECONDS", 0.02)
    return 0.02


async def test_the_lane_goes_with_the_task_and_with_what_it_starts() -> None:
    precedence = Precedence()

    async def lane() -> str:
        return lane_in_hand()

    async with precedence.on("urgent"):
        assert await asyncio.create_task(lane()) == "urgent"
    assert lane_in_hand() == "routine"


async def test_an_emergency_that_fails_is_out_of_hand() -> None:
    precedence = Precedence()
    with pytest.raises(ValueError, match="broken"):
        async with precedence.on("urgent"):
            raise ValueError("broken")

    assert not precedence.must_give_way()
    assert lane_in_hand() == "routine"


async def test_routine_work_gives_way_until_the_last_emergency_is_out_of_hand() -> None:
    precedence = Precedence()

    async def gives_way() -> bool:
        return precedence.must_give_way()

    routine = asyncio.get_running_loop().create_task
    async with AsyncExitStack() as outer:
        await outer.enter_async_context(urgent_elsewhere(precedence))
        async with urgent_elsewhere(precedence):
            assert await routine(gives_way())
        assert await routine(gives_way())
    assert not await routine(gives_way())


async def test_what_is_urgent_gives_way_to_nobody() -> None:
    precedence = Precedence()
    async with urgent_elsewhere(precedence), precedence.on("urgent"):
        assert not await precedence.step()


async def test_routine_work_begins_in_single_file_and_does_not_stop(pace: float) -> None:
    precedence, begun = Precedence(), list[float]()

    async def one() -> None:
        async with precedence.on("routine"):
            begun.append(time.monotonic())

    async with urgent_elsewhere(precedence):
        await asyncio.wait_for(asyncio.gather(*(one() for _ in range(4))), 5)

    gaps = [after - before for before, after in pairwise(begun)]
    assert min(gaps) >= pace * 0.9


async def test_a_burst_of_routine_work_lets_an_emergency_in_between() -> None:
    precedence, order = Precedence(), list[str]()

    async def routine() -> None:
        async with precedence.on("routine"):
            order.append("routine")

    async def emergency() -> None:
        async with precedence.on("urgent"):
            order.append("emergency")

    burst = [asyncio.create_task(routine()) for _ in range(10)]
    await asyncio.gather(asyncio.create_task(emergency()), *burst)

    assert order.index("emergency") <= 1


async def test_whoever_is_told_goes_on_before_the_next_are_told() -> None:
    precedence, order = Precedence(), list[str]()
    loop = asyncio.get_running_loop()
    last = loop.create_future()

    def told(n: int) -> None:
        order.append("told")
        loop.call_soon(order.append, "goes on")
        if n == 3 * subject.TOLD_IN_A_TURN:
            loop.call_soon(last.set_result, None)

    precedence.tell([partial(told, n) for n in range(1, 3 * subject.TOLD_IN_A_TURN + 1)])
    await asyncio.wait_for(last, 5)

    turn = ["told"] * subject.TOLD_IN_A_TURN + ["goes on"] * subject.TOLD_IN_A_TURN
    assert order == turn * 3
