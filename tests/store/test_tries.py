"""How often somebody may try what is secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.admin.sessions.tries import BY_ACCOUNT, BY_BOTH
from shared.contracts.refusals import TooOften
from shared.privacy import BlindIndex
from shared.store import Store
from shared.store.tries import BY_MISSES, Misses, Tally, neighbourhood

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class NothingThere(Exception):
    """What a link leads to is not there."""


@pytest.mark.parametrize(
    ("count", "limit", "over", "fills"),
    [
        (9, BY_BOTH, False, False), (10, BY_BOTH, False, True),
        (11, BY_BOTH, True, False), (29, BY_ACCOUNT, False, False),
        (30, BY_ACCOUNT, False, True), (31, BY_ACCOUNT, True, False),
    ],
)  # fmt: skip
def test_so_many_tries_and_no_more(count: int, limit: Any, *, over: bool, fills: bool) -> None:
    tally = Tally("li", count, NOW + timedelta(seconds=90, milliseconds=1))

    assert (tally.is_over(limit), tally.fills(limit)) == (over, fills)
    assert tally.seconds_left(NOW) == 91
    assert tally.seconds_left(NOW + timedelta(hours=1)) == 1


@pytest.mark.parametrize(
    ("address", "together"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_whose_tries_are_counted_together(address: str, together: str) -> None:
    assert neighbourhood(address) == together


async def test_what_fits_nothing_is_counted_by_address_and_then_refused(store: Store) -> None:
    misses = Misses(store, BlindIndex(bytes(32)))
    for _ in range(BY_MISSES.most):
        await misses.count("link", "192.0.2.7")

    with pytest.raises(TooOften) as caught:
        await misses.count("refresh_token", "192.0.2.7")

    assert caught.value.wait is not None
    assert 1 <= caught.value.wait <= BY_MISSES.within.total_seconds()
    await misses.count("link", "192.0.2.8")
    assert "192.0.2.7" not in str(await store.find("tries", {}, limit=9))


async def test_only_what_misses_is_counted(store: Store) -> None:
    misses = Misses(store, BlindIndex(bytes(32)))

    async with misses.counting("link", "192.0.2.7", NothingThere):
        pass
    with pytest.raises(ValueError, match="else"):
        async with misses.counting("link", "192.0.2.7", NothingThere):
            raise ValueError("else")
    assert await store.find("tries", {}, limit=9) == []

    with pytest.raises(NothingThere):
        async with misses.counting("link", "192.0.2.7", NothingThere):
            raise NothingThere
    assert [doc["count"] for doc in await store.find("tries", {}, limit=9)] == [1]
