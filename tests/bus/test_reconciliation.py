"""What no message brought is found in the store, once, and not while it may still come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from shared.bus import Consumers
from shared.bus.lengths import QueueLengths
from shared.bus.reconciliation import Reconciliation, Untaken
from shared.bus.topology import declare
from tests.bus.bench import ROUTINE, Bench

AGE = timedelta(seconds=10)


class Left:
    """Things that nobody took up, and what was asked for."""

    def __init__(self, bench: Bench) -> None:
        self.ids: list[str] = []
        self.odd: set[str] = set()
        self.taken: list[str] = []
        self.asked: list[tuple[datetime | None, datetime]] = []
        self.lengths = QueueLengths(bench.corner.amqp_url)
        bench.stack.push_async_callback(self.lengths.aclose)
        self._bench = bench

    def reconciliation(self, consumers: Consumers | None = None) -> Reconciliation:
        untaken = Untaken(
            what="thing", lane="routine", queues=(ROUTINE,), age=AGE, every=AGE,
            candidates=self._candidates, take_up=self._take_up,
        )  # fmt: skip
        bench = self._bench
        return Reconciliation(bench.store, consumers or bench.consumers, self.lengths, untaken)

    async def _candidates(self, since: datetime | None, until: datetime) -> AsyncIterator[str]:
        self.asked.append((since, until))
        for id in self.ids:
            yield id

    async def _take_up(self, id: str) -> bool:
        if id in self.odd:
            raise ValueError(id)
        self.taken.append(id)
        return True


@pytest.fixture
async def left(bench: Bench) -> Left:
    await _declared(bench)
    return Left(bench)


async def _declared(bench: Bench) -> None:
    async with bench.connected() as channel:
        await declare(channel, [ROUTINE])


async def test_the_first_look_asks_for_all_and_the_next_for_what_changed_since(
    bench: Bench, left: Left
) -> None:
    left.ids = ["a", "b"]
    reconciliation = left.reconciliation()

    assert await reconciliation.look() == 2
    left.ids = []
    assert await reconciliation.look() == 0

    (first, until), (second, _) = left.asked
    assert first is None
    assert second is not None
    assert until - timedelta(minutes=1) < second < until
    assert left.taken == ["a", "b"]
    assert bench.store.clock.now() - AGE - timedelta(seconds=5) < until


async def test_nothing_is_taken_up_while_its_message_may_still_come(
    bench: Bench, left: Left
) -> None:
    left.ids = ["a"]
    async with bench.connected() as channel:
        await declare(channel, [ROUTINE])
        await bench.publish(b"{}", ROUTINE.name, exchange=ROUTINE.exchange)

        assert await left.reconciliation().look() == 0
        assert left.asked == []

        await (await channel.get_queue(ROUTINE.name)).purge()
        assert await left.reconciliation().look() == 1


async def test_a_queue_that_is_not_there_is_no_empty_one(bench: Bench, left: Left) -> None:
    left.ids = ["a"]
    async with bench.connected() as channel:
        await channel.queue_delete(ROUTINE.name)

    assert await left.reconciliation().look() == 0
    assert left.asked == []

    await _declared(bench)
    assert await left.reconciliation().look() == 1


async def test_when_consuming_began_anew_all_is_asked_for_again(bench: Bench, left: Left) -> None:
    reconciliation = left.reconciliation()
    await reconciliation.look()
    await reconciliation.look()
    bench.consumers.began += 1  # as after a queue was missing
    await reconciliation.look()

    assert [since is None for since, _ in left.asked] == [True, False, True]


async def test_what_fails_is_asked_for_again_and_leaves_its_neighbours_alone(left: Left) -> None:
    left.ids, left.odd = ["odd", "b"], {"odd"}
    reconciliation = left.reconciliation()
    assert await reconciliation.look() == 1
    assert left.taken == ["b"]

    left.ids, left.odd = [], set()
    assert await reconciliation.look() == 1
    assert left.taken == ["b", "odd"]
    assert [since is None for since, _ in left.asked] == [True, False]
