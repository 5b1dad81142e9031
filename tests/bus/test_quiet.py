"""While one process has an emergency in hand, its neighbours leave it the machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.bus import Quiet
from shared.bus.quiet import QUIET
from shared.lanes import Precedence
from tests.bus.bench import Bench, until


@asynccontextmanager
async def process(bench: Bench, name: str) -> AsyncIterator[Precedence]:
    """What one process of the house knows, listening."""
    precedence = Precedence()
    quiet = Quiet(bench.corner.amqp_url, name, precedence)
    task = asyncio.create_task(quiet.run())
    try:
        await until(lambda: quiet.is_heard)
        yield precedence
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def queues(bench: Bench) -> list[str]:
    """The queues that hear of emergencies."""
    found = await bench.management("GET", f"exchanges/{bench.corner.vhost}/{QUIET}/bindings/source")
    return [binding["destination"] for binding in found]


async def test_an_emergency_in_one_process_quiets_the_others(bench: Bench) -> None:
    async with process(bench, "intake") as intake, process(bench, "router") as router:
        assert not router.must_give_way()

        with intake.urgent():
            pass

        await until(router.must_give_way)
        await until(lambda: not router.must_give_way())


async def test_a_storm_is_said_once_in_a_while(bench: Bench) -> None:
    async with process(bench, "intake") as intake, process(bench, "router") as router:
        heard = 0
        be_quiet = router.be_quiet

        def count() -> None:
            nonlocal heard
            heard += 1
            be_quiet()

        router.be_quiet = count  # type: ignore[method-assign]  # what is heard is counted
        for _ in range(50):
            with intake.urgent():
                pass
        await until(router.must_give_way)
        await until(lambda: not router.must_give_way())

        assert heard <= 2


async def test_whoever_leaves_takes_their_queue_along_and_others_go_on(bench: Bench) -> None:
    async with process(bench, "intake") as intake:
        async with process(bench, "notifier"):
            assert len(await queues(bench)) == 2
        await until(lambda: _count(bench, 1))

        with intake.urgent():
            assert intake.quiet_seconds() > 0


async def _count(bench: Bench, wanted: int) -> bool:
    return len(await queues(bench)) == wanted


async def test_after_its_connection_was_cut_a_process_listens_again(bench: Bench) -> None:
    async with process(bench, "intake") as intake, process(bench, "router") as router:
        await bench.cut_connections(at_least=2)

        async def heard() -> bool:
            with intake.urgent():
                await asyncio.sleep(0)
            return router.must_give_way()

        await until(lambda: _count(bench, 2))
        await until(heard)


async def test_without_a_broker_an_emergency_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    precedence = Precedence()
    quiet = Quiet("amqp://127.0.0.1:1/", "intake", precedence)
    tried = asyncio.Event()
    listen = quiet._listen

    async def try_to_listen() -> None:
        try:
            await listen()
        finally:
            tried.set()

    monkeypatch.setattr(quiet, "_listen", try_to_listen)
    running = bench.run(quiet.run())
    await tried.wait()

    with precedence.urgent():
        pass

    assert not quiet.is_heard
    assert not running.done()
