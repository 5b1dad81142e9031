"""Now is the database's time, and in a trial it moves forward for everybody at once."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from shared.store import Store, clock
from shared.store.clock import DatabaseClock, forward_trial
from tests.store.conftest import StoreOf


async def test_a_clock_that_was_never_measured_tells_no_time(store_of: StoreOf) -> None:
    with pytest.raises(RuntimeError, match="refresh"):
        store_of("intake").clock.now()


async def test_now_is_the_server_s_time_in_whole_milliseconds_of_utc(store: Store) -> None:
    hello = await store.client.admin.command("hello")
    now = store.clock.now()

    assert abs(now.replace(tzinfo=None) - hello["localTime"]) < timedelta(seconds=2)
    assert now.utcoffset() == timedelta()
    assert now.microsecond % 1000 == 0


async def test_this_machine_s_own_clock_decides_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)

    await store.clock.refresh()

    assert abs(store.clock.now() - before) < timedelta(seconds=5)


async def test_time_passes_between_two_measurements(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.clock.now()
    ahead = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: ahead)

    passed = store.clock.now() - before

    assert timedelta(seconds=59) < passed < timedelta(seconds=65)


@pytest.mark.parametrize("late", [-2.0, 2.0])
async def test_a_slow_answer_makes_no_step(
    store: Store, monkeypatch: pytest.MonkeyPatch, late: float
) -> None:
    """Two seconds on the way there, or on the way back: half of it was taken for a difference."""
    asked_and_heard = iter([min(late, 0.0), max(late, 0.0)])
    stretched = SimpleNamespace(monotonic=lambda: time.monotonic() + next(asked_and_heard))
    before = store.clock.now()
    with monkeypatch.context() as slow:
        slow.setattr(clock, "time", stretched)
        await store.clock.refresh()

    assert abs(store.clock.now() - before) < timedelta(seconds=0.5)


async def test_a_clock_that_was_wrong_is_put_right(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.clock.now()
    monotonic = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 60)  # the machine had stood still
    assert store.clock.now() - before > timedelta(seconds=59)

    await store.clock.refresh()

    assert abs(store.clock.now() - before) < timedelta(seconds=5)


async def test_a_trial_s_clock_moves_forward_for_every_process(
    store: Store, store_of: StoreOf
) -> None:
    other = store_of("router").clock
    await other.refresh()
    before = other.now()
    other.moved.clear()

    assert await forward_trial(store._database, timedelta(days=3)) == timedelta(days=3)
    assert await forward_trial(store._database, timedelta(minutes=15)) == timedelta(
        days=3, minutes=15
    )
    assert other.now() - before < timedelta(seconds=10)
    await other.refresh()

    passed = other.now() - before
    assert abs(passed - timedelta(days=3, minutes=15)) < timedelta(seconds=10)
    assert other.moved.is_set()


async def test_outside_a_trial_no_time_is_skipped(store: Store) -> None:
    before = store.clock.outside()

    await forward_trial(store._database, timedelta(days=3))
    await store.clock.refresh()

    assert abs(store.clock.now() - before - timedelta(days=3)) < timedelta(minutes=1)
    assert abs(store.clock.outside() - before) < timedelta(minutes=1)


async def test_measuring_again_wakes_nobody_when_the_clock_was_not_moved(store: Store) -> None:
    await forward_trial(store._database, timedelta(days=1))
    await store.clock.refresh()
    store.clock.moved.clear()

    await store.clock.refresh()

    assert not store.clock.moved.is_set()


@pytest.mark.parametrize("span", [timedelta(), timedelta(seconds=-1)])
async def test_the_clock_moves_forward_only(store: Store, span: timedelta) -> None:
    with pytest.raises(ValueError, match="forward only"):
        await forward_trial(store._database, span)


async def test_data_that_are_no_trial_s_keep_their_time(store_of: StoreOf) -> None:
    real = store_of("intake")
    await real.clock.refresh()

    assert await forward_trial(real._database, timedelta(days=1)) is None
    await real.clock.refresh()

    assert abs(real.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert isinstance(real.clock, DatabaseClock)
