"""Whoever waits for the thread goes there together, and each gets its own outcome."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from shared.lanes import Precedence
from shared.store.together import Together, in_a_thread

AT_ONCE = 16


class Work:
    """Halves even numbers, in a thread that the test holds up as long as it likes."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.goes_on = threading.Event()

    def halve(self, number: int) -> int:
        assert self.goes_on.wait(20)
        if number % 2:
            raise ValueError(number)
        self.done.append(number)
        return number // 2


def together(work: Work) -> Together[int, int]:
    return Together(in_a_thread(work.halve), Precedence(), at_once=AT_ONCE)


async def test_each_gets_its_own_outcome_and_its_own_error() -> None:
    work = Work()
    work.goes_on.set()
    visits = together(work)

    found = await asyncio.gather(*(visits.do(n) for n in range(4)), return_exceptions=True)

    assert [str(one) for one in found] == ["0", "1", "1", "3"]


async def test_who_comes_while_one_is_there_goes_next_and_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    whole = Together._outcomes

    async def counted(self: Together[int, int], items: Sequence[int]) -> object:
        sizes.append(len(items))
        return await whole(self, items)

    monkeypatch.setattr(Together, "_outcomes", counted)
    work = Work()
    visits = together(work)
    first = asyncio.create_task(visits.do(0))
    await asyncio.sleep(0)
    others = [asyncio.create_task(visits.do(2 * n)) for n in range(1, AT_ONCE + 3)]
    await asyncio.sleep(0)

    work.goes_on.set()
    await asyncio.gather(first, *others)

    assert sum(sizes) == AT_ONCE + 3
    assert max(sizes) == AT_ONCE
    assert len(sizes) <= 3


def sizes_in(visits: Together[int, int]) -> list[int]:
    """How many go together from now on."""
    sizes: list[int] = []
    whole = visits._work

    async def counted(items: Sequence[int]) -> Sequence[int | BaseException]:
        sizes.append(len(items))
        return await whole(items)

    visits._work = counted
    return sizes


async def four_together(work: Work) -> Together[int, int]:
    """After one that went alone."""
    visits = together(work)
    alone = asyncio.create_task(visits.do(0))
    await asyncio.sleep(0.05)  # it is on its way before the others come
    four = [asyncio.create_task(visits.do(2 * n)) for n in range(1, 5)]
    await asyncio.sleep(0.05)
    work.goes_on.set()
    await asyncio.gather(alone, *four)
    assert visits._expected == len(four)
    return visits


async def test_who_went_together_goes_together_again_though_they_come_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.store.together.MOMENT_SECONDS", 60.0)
    visits = await four_together(Work())
    sizes = sizes_in(visits)

    coming = []
    for number in range(4):
        coming.append(asyncio.create_task(visits.do(2 * number)))
        await asyncio.sleep(0.01)
    await asyncio.wait_for(asyncio.gather(*coming), 20)

    assert sizes == [4]


async def test_a_group_waits_a_moment_and_the_next_only_for_those_who_came() -> None:
    visits = await four_together(Work())
    sizes = sizes_in(visits)

    for _ in range(2):
        assert await asyncio.wait_for(visits.do(2), 20) == 1

    assert sizes == [1, 1]
    assert visits._expected == 1


async def test_alone_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.store.together.MOMENT_SECONDS", 60.0)
    work = Work()
    work.goes_on.set()
    visits = together(work)

    for number in range(4):
        assert await asyncio.wait_for(visits.do(number * 2), 20) == number


async def test_who_is_urgent_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.store.together.MOMENT_SECONDS", 60.0)
    visits = await four_together(Work())

    waits = asyncio.create_task(visits.do(2))
    await asyncio.sleep(0.05)
    assert not waits.done()
    with visits._precedence.urgent():
        assert await asyncio.wait_for(visits.do(4), 20) == 2
    assert await waits == 1


async def test_who_does_not_wait_any_more_keeps_nobody_from_theirs() -> None:
    work = Work()
    visits = together(work)
    gone, stays = (asyncio.create_task(visits.do(n)) for n in (2, 4))
    await asyncio.sleep(0)
    gone.cancel()

    work.goes_on.set()

    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
