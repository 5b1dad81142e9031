"""Lists come page by page without gaps or repeats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts import MalformedMessage
from shared.store import Store, connect
from shared.store.old_paging import page
from tests.support.servers import Corner

SINCE = datetime(2026, 11, 23, tzinfo=UTC)


async def filled(corner: Corner) -> Store:
    """Twenty-five documents, several of them at the same moment."""
    store = Store(connect(corner.mongo_url), corner.database, service="test")
    for n in range(25):
        at = SINCE + timedelta(seconds=n // 4)
        assert await store.insert_once("things", {"_id": f"{n:02}", "at": at, "even": n % 2 == 0})
    return store


@pytest.mark.parametrize("newest_by", [None, "at"])
@pytest.mark.parametrize("limit", [1, 4, 7, 25, 40])
async def test_every_document_comes_once_and_in_order(
    corner: Corner, newest_by: str | None, limit: int
) -> None:
    store = await filled(corner)
    seen: list[str] = []
    after: str | None = None

    while True:
        found = await page(store, "things", {}, after=after, limit=limit, newest_by=newest_by)
        seen += [doc["_id"] for doc in found.docs]
        after = found.next
        if after is None:
            break

    assert seen == sorted(seen, reverse=newest_by is not None)
    assert len(seen) == 25
    store.client.close()


async def test_a_query_on_the_field_of_the_cursor_still_counts(corner: Corner) -> None:
    store = await filled(corner)
    query = {"_id": {"$gt": "10"}}
    first = await page(store, "things", query, after=None, limit=5)

    second = await page(store, "things", {"_id": {"$lt": "18"}}, after=first.next, limit=9)

    assert [doc["_id"] for doc in second.docs] == ["16", "17"]
    store.client.close()


@pytest.mark.parametrize("cursor", ["x", "äöü", "bm9uc2Vuc2U", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5 eA"])
async def test_a_cursor_that_is_not_ours_is_named_as_the_fault(corner: Corner, cursor: str) -> None:
    store = await filled(corner)

    with pytest.raises(MalformedMessage) as caught:
        await page(store, "things", {}, after=cursor, limit=5, newest_by="at")

    assert caught.value.faults[0].field == "after"
    store.client.close()
