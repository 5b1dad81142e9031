"""The secret of look-ups is changed: callers are found again by either, and then by the new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hotline.keys import _lacking
from services.telephony.callbacks.storage import CALLBACKS
from services.telephony.calls.reindexing import CallReindex
from services.telephony.calls.storage import CALLS
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in, version_of
from shared.privacy.open import Opener
from tests.telephony.bench import Bench
from tests.telephony.test_callbacks import MINUTE, NUMBER, OTHER, callbacks, follow, vain

NEW = b"n" * 32


def changed(bench: Bench, *versions: int) -> BlindIndex:
    """The index while these versions count."""
    secrets: Mapping[int, bytes] = {1: bench.keys.index, 2: NEW}
    return BlindIndex({version: secrets[version] for version in versions})


async def reindexed(bench: Bench, index: BlindIndex) -> None:
    platform = bench.telephony.platform
    await CallReindex(platform.store, Opener(platform.vault), index).look()


async def versions(bench: Bench) -> list[set[int]]:
    calls = await bench.store.find("calls", {}, limit=100)
    backs = await bench.store.find("callbacks", {}, limit=100)
    kept = [entries_in(doc["index"].get("phone")) for doc in calls]
    kept += [doc["phones"] for doc in backs]
    return [{version_of(entry) for entry in entries} for entries in kept]


async def rang(bench: Bench, *numbers: str | None) -> None:
    began = bench.now() - 10 * MINUTE
    for n, number in enumerate(numbers):
        await bench.tell(*vain(bench, f"1.{n}", began + n * timedelta(seconds=1), number))
    await follow(bench)


async def test_callers_have_entries_of_both_and_then_of_the_new_secret_alone(bench: Bench) -> None:
    await rang(bench, NUMBER, OTHER, NUMBER)
    both, new = changed(bench, 1, 2), changed(bench, 2)
    assert await _lacking(bench.store, both) == 5

    await reindexed(bench, both)
    assert await versions(bench) == [{1, 2}] * 5
    assert await _lacking(bench.store, both) == 0
    await reindexed(bench, new)

    assert await versions(bench) == [{2}] * 5
    by_number = {"index.phone": {"$in": new.phones(NUMBER)}}
    assert len(await bench.store.find("calls", by_number, limit=9)) == 2
    keys = {doc["key"] for doc in await bench.store.find("callbacks", {}, limit=9)}
    assert keys == {f"{new.phone(each)}/hotline" for each in (NUMBER, OTHER)}
    assert [each["count"] for each in await callbacks(bench)] == [2, 1]


async def test_what_is_withheld_or_forgotten_stays_without_an_entry(bench: Bench) -> None:
    await rang(bench, NUMBER, None)
    forgotten: Any = {"$set": {"index": {}, "persons": {}}}
    await bench.store.documents(CALLS.name).update_many({}, forgotten)

    await reindexed(bench, changed(bench, 1, 2))

    assert await versions(bench) == [set()] * 4
    assert await _lacking(bench.store, changed(bench, 1, 2)) == 0
    live = await bench.store.documents(CALLBACKS.name).count_documents({"key": {"$gt": ""}})
    assert live == 1
