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
