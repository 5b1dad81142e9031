"""What `/metrics` says of the process itself is so at that moment."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from services.router import queues
from shared.runtime.state_gauges import STATE
from tests.router.conftest import RouterBench


async def scraped(bench: RouterBench) -> dict[tuple[str, tuple[str, ...]], float]:
    text = (await bench.http.get("/metrics")).text
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_it_consumes_reaches_the_store_and_goes_by_a_policy(bench: RouterBench) -> None:
    found = await scraped(bench)

    assert found["hotline_consuming", (queues.TICKETS_URGENT.name,)] == 1
    assert found["hotline_store_reachable", ()] == 1
    assert {found["hotline_broker_connected", (lane,)] for lane in ("urgent", "routine")} == {1}
    assert found["hotline_policy_in_force", (bench.platform.policy.version,)] == 1
    assert abs(found["hotline_clock_offset_seconds", ()]) < 5
    [build] = [labels for name, labels in found if name == "hotline_build_info"]
    assert all(build)


async def test_whoever_has_ended_is_asked_no_more(bench: RouterBench) -> None:
    assert bench.platform in STATE._watched
    before = len(STATE._watched)
    STATE.let_go(bench.platform)
    try:
        assert len(STATE._watched) == before - 1
        assert ("hotline_consuming", (queues.TICKETS_URGENT.name,)) not in await scraped(bench)
    finally:
        STATE.watch(bench.platform)
