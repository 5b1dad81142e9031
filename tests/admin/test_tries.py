"""How often somebody may try, counted over all replicas."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import structlog

from shared.telemetry import metrics
from tests.admin.bench import OTHER_PASSWORD, Bench


def locks(scope: str) -> float:
    return float(metrics.LOCKS.labels(scope=scope)._value.get())


async def fail(bench: Bench, times: int, *, id: str = "chen.jie", **how: object) -> list[int]:
    return [
        (await bench.sign_in(id, OTHER_PASSWORD, **how)).status_code  # type: ignore[arg-type]  # a test's own words
        for _ in range(times)
    ]


async def test_after_ten_failures_an_address_waits_also_with_the_right_password(
    bench: Bench,
) -> None:
    await bench.hire("chen.jie")
    before = locks("address")

    assert await fail(bench, 10) == [401] * 10
    locked = await bench.sign_in("chen.jie")

    assert locked.status_code == 429
    assert 1 <= int(locked.headers["retry-after"]) <= 15 * 60
    assert locks("address") == before + 1
    elsewhere = await bench.from_address("192.0.2.9")
    assert (await bench.sign_in("chen.jie", http=elsewhere)).status_code == 201


async def test_a_lock_ends_after_a_quarter_of_an_hour_and_is_not_lengthened(bench: Bench) -> None:
    await bench.hire("chen.jie")
    await fail(bench, 10)
    await bench.forward(timedelta(minutes=14))
    assert await fail(bench, 3) == [429] * 3

    await bench.forward(timedelta(minutes=1, seconds=1))

    assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_after_thirty_failures_from_anywhere_the_account_waits(bench: Bench) -> None:
    await bench.hire("chen.jie")
    before = locks("account")
    for n in range(3):
        attacker = await bench.from_address(f"192.0.2.{n + 1}")
        assert await fail(bench, 10, http=attacker) == [401] * 10

    answers = [
        await bench.sign_in("chen.jie", http=await bench.from_address(f"192.0.2.{n}"))
        for n in (50, 51)
    ]

    assert [a.status_code for a in answers] == [429, 429]
    assert locks("account") == before + 1


async def test_an_account_that_is_not_there_is_locked_like_any_other(bench: Bench) -> None:
    assert await fail(bench, 11, id="nobody") == [401] * 10 + [429]


async def test_a_success_lets_off_what_was_tried_from_there(bench: Bench) -> None:
    await bench.hire("chen.jie")
    for _ in range(3):
        await fail(bench, 9)
        assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_many_at_once_over_two_replicas_are_not_more_than_may_be(bench: Bench) -> None:
    await bench.hire("chen.jie")
    other = await bench.add_replica()

    answers = await asyncio.gather(
        *(
            bench.sign_in("chen.jie", OTHER_PASSWORD, http=(bench.http, other.http)[n % 2])
            for n in range(24)
        )
    )

    statuses = [a.status_code for a in answers]
    assert (statuses.count(401), statuses.count(429)) == (10, 14)


async def test_a_lock_is_told_by_the_account_where_there_is_one_and_never_by_what_was_typed(
    bench: Bench,
) -> None:
    await bench.hire("chen.jie")

    with structlog.testing.capture_logs() as lines:
        await fail(bench, 10)
        await fail(bench, 10, id="my secret password")

    told = [line for line in lines if line["event"] == "account_locked"]
    assert [line["account"] for line in told] == ["chen.jie", None]
    assert "my secret password" not in str(lines)
    kept = await bench.store.find("tries", {}, limit=99)
    assert len(kept) == 4
    assert "chen.jie" not in str(kept)


@pytest.mark.parametrize("collection", ["tries", "sessions", "oidc_flows"])
async def test_the_store_forgets_by_itself(bench: Bench, collection: str) -> None:
    indexes = await bench.store.documents(collection).index_information()

    assert [i["expireAfterSeconds"] for i in indexes.values() if "expireAfterSeconds" in i] == [0]
