"""What the relay takes up first, and what may not stop the publisher."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo.errors import BulkWriteError

from shared.contracts import Lane
from shared.contracts.intake import TicketUrged
from shared.readers.outboxes import KIND_OF
from shared.store import Change
from tests.bus.bench import Bench, until


async def leave(bench: Bench, collection: str, id: str, lane: Lane) -> None:
    """An event that a crash left behind."""
    change = Change(
        collection=collection,
        kind=KIND_OF[collection],
        id=id,
        version=1,
        lane=lane,
        at=bench.store.clock.now(),
        insert={},
        events=[TicketUrged(number=id)],
    )
    assert await bench.store.write(change) == "won"


async def test_whatever_is_urgent_is_relayed_before_anything_else(bench: Bench) -> None:
    await leave(bench, "tickets", "A", "routine")
    await leave(bench, "emergencies", "B", "urgent")
    await bench.forward(minutes=1)

    found = [collection async for collection, _, _ in bench.store.left_behind(limit=10)]

    assert found == ["emergencies", "tickets"]


async def test_a_store_that_refuses_to_clear_does_not_end_the_publisher(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the primary steps down between the write and the majority's word for it."""
    calls: list[str] = []

    async def refuse(collection: str, published: Any) -> None:
        calls.append(collection)
        raise BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 91}]})

    monkeypatch.setattr(bench.store, "clear", refuse)
    bench.store.outbox = bench.outbox
    running = bench.run(bench.outbox.run())

    await bench.urge("T1")
    await until(lambda: len(calls) == 1)
    await bench.urge("T2")
    await until(lambda: len(calls) == 2)

    assert not running.done()


async def test_how_long_the_oldest_event_has_waited_is_said_until_it_is_out(bench: Bench) -> None:
    def said(name: str = "oldest_seconds") -> float | None:
        return REGISTRY.get_sample_value(f"hotline_outbox_{name}")

    await bench.outbox.count()
    assert (said(), said("pending")) == (0, 0)
    await leave(bench, "tickets", "A", "routine")
    await bench.forward(minutes=2)
    await leave(bench, "tickets", "B", "routine")

    await bench.outbox.count()
    oldest = said()
    assert oldest is not None
    assert 120 <= oldest < 150
    assert said("pending") == 2

    await bench.outbox.relay()
    await bench.outbox.clear()
    await bench.outbox.count()
    assert said("pending") == 1
    assert (said() or 0) < 60
