"""What no document has said reaches no handler, whatever it claims."""

from __future__ import annotations

from typing import Any

import pytest

from shared.bus.topology import DEFAULT
from shared.contracts import Envelope
from shared.telemetry import metrics
from tests.bus.bench import ROUTINE, URGENT, Bench, until


def counted() -> float:
    return float(metrics.UNFOUNDED.labels("ticket.urged")._value.get())


async def forge(bench: Bench, envelope: Envelope, **how: Any) -> None:
    """Publish an event that nobody has said."""
    await bench.publish(
        envelope.to_body(), how.pop("key", envelope.routing_key), message_id=envelope.id, **how
    )


@pytest.mark.parametrize("lane", ["urgent", "routine"])
async def test_a_made_up_event_is_dropped_and_counted_and_its_neighbours_are_handled(
    bench: Bench, lane: Any
) -> None:
    bench.subscribe(URGENT, ROUTINE)
    await bench.start()
    before = counted()

    await bench.publish(bench.envelope("T1", lane=lane))
    await forge(bench, bench.envelope("T2", lane=lane))
    await bench.publish(bench.envelope("T3", lane=lane))

    await until(lambda: sorted(bench.handled) == ["T1", "T3"] and counted() == before + 1)
    assert await bench.entries() == []
    await bench.stop()
    assert await bench.taken(URGENT.name) == await bench.taken(ROUTINE.name) == 0


@pytest.mark.parametrize(
    "bent",
    [
        {"data": {"number": "T2"}},
        {"data": {"number": "T1", "round": 2}},
        {"lane": "urgent"},
        {"id": "ticket/T1/2/0"},
        {"id": "survey/T1/1/0"},
    ],
    ids=["another ticket", "another round", "another lane", "another version", "another kind"],
)
async def test_a_true_event_cannot_be_bent(bench: Bench, bent: dict[str, Any]) -> None:
    bench.subscribe(ROUTINE, URGENT)
    await bench.start()
    true, before = bench.envelope("T1"), counted()
    await bench.publish(true)
    await until(lambda: bench.handled == ["T1"])

    await forge(bench, true.model_copy(update=bent))

    await until(lambda: counted() == before + 1)
    assert bench.handled == ["T1"]


async def test_it_is_dropped_as_well_when_it_goes_straight_into_a_queue(bench: Bench) -> None:
    bench.subscribe(ROUTINE)
    await bench.start()
    before = counted()

    await forge(bench, bench.envelope("T1"), key=ROUTINE.name, exchange=DEFAULT)

    await until(lambda: counted() == before + 1)
    assert bench.handled == []


async def test_what_was_said_is_believed_however_late_it_comes(bench: Bench) -> None:
    """Published, cleared, and replayed once more long after."""
    bench.subscribe(ROUTINE)
    await bench.start()
    id = await bench.urge("T1")
    [entry] = (await bench.store.get("tickets", "T1") or {})["outbox"]
    await bench.store.clear("tickets", {"T1": [id]})

    await bench.publish(entry["body"].encode(), message_id=id)

    await until(lambda: bench.handled == ["T1"])
