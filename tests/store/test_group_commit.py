"""What is asked of the store at the same time goes there together, and everybody gets their own."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from bson.errors import InvalidDocument

from shared.contracts import Lane
from shared.store import Change, Store, Verdict
from shared.store.batched_reads import LARGEST
from shared.store.group_commit import Operation
from shared.store.together import Together
from shared.telemetry import metrics
from tests.support.urgency import urgent_elsewhere


def insert(store: Store, id: str, *, lane: Lane = "routine", **facts: Any) -> Change:
    return Change(
        collection="tickets",
        kind="ticket",
        id=id,
        version=1,
        lane=lane,
        at=store.clock.now(),
        insert={"n": 0} | facts,
    )


def update(store: Store, id: str, version: int = 2) -> Change:
    return Change(
        collection="tickets",
        kind="ticket",
        id=id,
        version=version,
        lane="routine",
        at=store.clock.now(),
        set={"n": version},
    )


def commands(kind: str) -> float:
    """Statements of a kind that were sent, by all stores of this process."""
    counted: float = metrics.STORE_OPERATIONS.labels(kind)._value.get()
    return counted


async def test_a_hundred_writers_get_their_own_verdicts(store: Store) -> None:
    for n in range(0, 100, 2):
        await store.write(insert(store, f"T{n:02}"))

    verdicts = await asyncio.gather(*(store.write(update(store, f"T{n:02}")) for n in range(100)))

    won = [n for n, verdict in enumerate(verdicts) if verdict is Verdict.WON]
    assert won == list(range(0, 100, 2))


@pytest.mark.parametrize("version", [1, 3, 9])
async def test_an_update_of_another_version_changes_nothing(store: Store, version: int) -> None:
    await store.write(insert(store, "T1"))

    assert await store.write(update(store, "T1", version)) is Verdict.LOST

    doc = await store.get("tickets", "T1")
    assert doc is not None
    assert (doc["version"], doc["n"]) == (1, 0)


async def test_an_update_of_nothing_makes_nothing(store: Store) -> None:
    assert await store.write(update(store, "T1")) is Verdict.LOST

    assert await store.get("tickets", "T1") is None


async def test_what_cannot_be_kept_hurts_no_neighbour(store: Store) -> None:
    good = [insert(store, f"T{n}") for n in range(10)]
    bad = insert(store, "T-bad", what=object())
    huge = insert(store, "T-huge", what="x" * 17_000_000)

    outcomes = await asyncio.gather(
        *(store.write(change) for change in (*good[:5], bad, huge, *good[5:])),
        return_exceptions=True,
    )

    assert [o for o in outcomes if o is Verdict.WON] == [Verdict.WON] * 10
    assert isinstance(outcomes[5], InvalidDocument)
    assert isinstance(outcomes[6], Exception)
    assert await store.get("tickets", "T9") is not None


async def test_a_writer_that_left_takes_nobody_along(store: Store) -> None:
    writers = [asyncio.create_task(store.write(insert(store, f"T{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    writers[3].cancel()

    outcomes = await asyncio.gather(*writers, return_exceptions=True)

    assert isinstance(outcomes[3], asyncio.CancelledError)
    assert outcomes.count(Verdict.WON) == 9


async def test_what_is_urgent_waits_for_no_batch(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_back, outcomes = asyncio.Event(), Together._outcomes

    async def hang(
        group: Together[Operation, Verdict], operations: list[Operation]
    ) -> Sequence[Verdict | BaseException]:
        await come_back.wait()
        return await outcomes(group, operations)

    monkeypatch.setattr(Together, "_outcomes", hang)
    routine = [asyncio.create_task(store.write(insert(store, f"T{n}"))) for n in range(200)]
    await asyncio.sleep(0)

    assert await store.write(insert(store, "T-urgent", lane="urgent")) is Verdict.WON

    assert not any(task.done() for task in routine)
    come_back.set()
    assert set(await asyncio.gather(*routine)) == {Verdict.WON}


async def test_documents_asked_for_together_are_read_together(store: Store) -> None:
    for n in range(20):
        await store.write(insert(store, f"T{n}", name=f"n{n}"))

    found = await asyncio.gather(
        *(store.get("tickets", f"T{n}", fields=("name",)) for n in (*range(20), 99, 7))
    )

    names = [doc["name"] if doc else None for doc in found]
    assert names == [*(f"n{n}" for n in range(20)), None, "n7"]
    assert found[0] == {"_id": "T0", "name": "n0"}


async def test_whoever_reads_after_a_write_sees_it(store: Store) -> None:
    await store.write(insert(store, "T1"))

    async def read_your_own(version: int) -> None:
        assert await store.write(replace(update(store, "T1"), version=version)) is Verdict.WON
        doc = await store.get("tickets", "T1")
        assert doc is not None
        assert doc["version"] >= version

    others = [asyncio.create_task(store.get("tickets", "T1")) for _ in range(50)]
    for version in range(2, 8):
        await read_your_own(version)
    await asyncio.gather(*others)


async def test_a_reader_that_left_takes_nobody_along(store: Store) -> None:
    await store.write(insert(store, "T1"))
    readers = [asyncio.create_task(store.get("tickets", "T1")) for _ in range(5)]
    await asyncio.sleep(0)
    readers[0].cancel()

    outcomes = await asyncio.gather(*readers, return_exceptions=True)

    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert [doc["_id"] for doc in outcomes[1:] if isinstance(doc, dict)] == ["T1"] * 4


async def test_who_is_told_late_is_told_of_their_own_document(store: Store) -> None:
    ids = [f"T{n:03}" for n in range(LARGEST + 50)]
    await asyncio.gather(*(store.write(insert(store, id, mine=id)) for id in ids))

    async def read(id: str) -> Any:
        doc = await store.get("tickets", id)
        return doc and doc["mine"]

    reads = [asyncio.create_task(read(id)) for id in ids]
    await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
    # Most are still to be told, now at a walking pace; the next are read.
    async with urgent_elsewhere(store.precedence):
        assert await asyncio.gather(*reads) == ids
