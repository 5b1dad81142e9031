"""Quarter hours are exact, and what is shown of them is as it is defined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.telephony.inbound.exchanges import EXCHANGES
from services.telephony.load.api import passed
from services.telephony.load.domain import QuarterLoad, service_level
from services.telephony.load.gauges import as_of
from services.telephony.load.requiring import lately, load_of, required_by, usual_handle_s
from services.telephony.load.storage import LOAD_QUARTERS
from shared.calls.call import Call
from shared.calls.facts import Kind
from shared.calls.load import ServiceLevel, abandonment, counted, outcomes, speed_of_answer_s
from shared.calls.load import service_level as of_calls
from shared.calls.quarters import QUARTER, by_quarter, quarter_of
from shared.policy.policy import ServiceLevelGoal
from shared.store import Collection
from shared.telemetry import metrics
from tests.telephony.bench import Bench, moved
from tests.telephony.test_gaps import fact, talking, word


async def test_quarter_hours_are_the_figures_of_their_calls(bench: Bench) -> None:
    facts = bench.recorded("two-queues")
    calls = [kept.call for kept in await bench.kept_as(facts) if kept.call is not None]
    await bench.look()
    quarters = await Collection(bench.store, LOAD_QUARTERS).find({}, limit=100)
    wanted = by_quarter(counted(calls))
    assert {(each.line, each.quarter) for each in quarters if each.offered} == wanted.keys()
    for each in quarters:
        mine = wanted.get((each.line, each.quarter), [])
        assert each.offered == len(mine)
        assert each.outcomes == {str(k): n for k, n in outcomes(mine).items() if k is not None}
        for name in ServiceLevel:
            assert service_level(each, 5, name) == of_calls(mine, 5, name), name


async def test_a_call_that_changes_changes_its_quarter_hours(bench: Bench) -> None:
    then = quarter_of(bench.now()) - timedelta(minutes=30)
    call = talking(bench, "1.1", then + timedelta(minutes=14, seconds=50))
    await bench.tell(*call)
    await bench.look()
    await bench.tell(fact(bench, Kind.ENDED, then + timedelta(minutes=15, seconds=52), "1.1"))
    await bench.look()
    first, second = await Collection(bench.store, LOAD_QUARTERS).find({}, limit=10)
    assert (first.offered, first.handled, first.handle_s) == (1, 1, 60.0)
    assert (first.busy_s, second.busy_s) == (8.0, 52.0)
    assert (second.offered, second.running) == (0, 0)
    [kept] = [each async for each in bench.calls.walk({})]
    assert kept.buckets == ()


async def test_load_is_told_to_who_leads_and_to_nobody_else(bench: Bench) -> None:
    facts = bench.recorded("day")
    calls: list[Call] = [k.call for k in await bench.kept_as(facts) if k.call is not None]
    await bench.look()
    answer = await bench.http.get("/v1/load", headers=bench.signed_in("manager"))
    assert answer.status_code == 200, answer.text
    whole = answer.json()["whole"]
    assert whole["offered"] == len(counted(calls)) == sum(whole["outcomes"].values())
    assert whole["abandonment"] == pytest.approx(abandonment(calls))
    assert whole["speed_of_answer_s"] == pytest.approx(speed_of_answer_s(calls), abs=0.002)
    assert whole["required"]["erlang_c"] >= 1
    assert "agents" in whole["required"]["words"]
    for role in ("agent", "department", "auditor", "system"):
        answer = await bench.http.get("/v1/load", headers=bench.signed_in(role))
        assert answer.status_code == 403, role
    headers = bench.signed_in("manager")
    answer = await bench.http.get("/v1/load?from=2026-01-01T00:00:00Z", headers=headers)
    assert answer.status_code in {400, 422}


async def test_calls_are_listed_with_masks_and_no_number(bench: Bench) -> None:
    facts = bench.recorded("numbers")
    kept = await bench.kept_as(facts)
    headers = bench.signed_in("agent")
    answer = await bench.http.get("/v1/calls?limit=200", headers=headers)
    page = answer.json()
    assert answer.status_code == 200, answer.text
    assert page["all"] == {"count": len([k for k in kept if k.call]), "more": False}
    offered = [item["offered_at"] for item in page["items"]]
    assert offered == sorted(offered, reverse=True)
    assert any(item["caller"] == "138****8001" for item in page["items"])
    withheld = [item for item in page["items"] if item["presentation"] == "withheld"]
    assert withheld
    assert all(item["caller"] is None for item in withheld)
    numbers = {fact.number for fact in facts if fact.number and len(fact.number) >= 7}
    assert not any(number in answer.text for number in numbers)

    one = await bench.http.get(f"/v1/calls/{page['items'][0]['id']}", headers=headers)
    assert one.status_code == 200
    assert one.json()["queues"] is not None
    missing = await bench.http.get("/v1/calls/cabcdefghijklmnopabcd", headers=headers)
    assert missing.status_code == 404
    none = await bench.http.get("/v1/calls?line=nowhere", headers=headers)
    assert none.json()["items"] == []
    refused = await bench.http.get("/v1/calls", headers=bench.signed_in("auditor"))
    assert refused.status_code == 403


async def test_lines_are_there_at_0_before_anybody_rings(bench: Bench) -> None:
    now = bench.now()
    await bench.tell(word(bench, "1", now, now, lines=("quiet-line",)))
    await bench.look()
    shown = (await bench.http.get("/metrics")).text
    assert 'hotline_calls_offered_total{line="quiet-line"} 0.0' in shown
    assert 'hotline_calls_total{line="quiet-line",outcome="timed_out"} 0.0' in shown
    waited = 'hotline_call_wait_seconds_count{line="quiet-line",outcome="blocked"} 0.0'
    assert waited in shown
    assert 'hotline_calls_waiting{line="quiet-line"} 0.0' in shown
    assert await bench.store.get(EXCHANGES.name, bench.user) is not None


async def test_gauges_say_who_waits_and_vanish_when_nobody_has_looked(bench: Bench) -> None:
    now = bench.now()
    waiting = fact(bench, Kind.OFFERED, now - timedelta(seconds=40), "1.1", line="hotline")
    await bench.tell(waiting, *talking(bench, "1.2", now - timedelta(seconds=20)))
    await bench.look()
    shown = (await bench.http.get("/metrics")).text
    assert 'hotline_calls_waiting{line="hotline"} 1.0' in shown
    [longest] = [
        float(line.rpartition(" ")[2])
        for line in shown.splitlines()
        if line.startswith('hotline_longest_wait_seconds{line="hotline"}')
    ]
    assert 40 <= longest < 80
    assert 'hotline_agents{state="talking"} 1.0' in shown


async def test_each_call_is_counted_once_whatever_comes_twice(bench: Bench) -> None:
    facts = bench.recorded("smoke")
    before = _counted()
    await bench.tell(*facts, *facts)
    calls = [k.call for k in await bench.kept() if k.call is not None and not k.call.test]
    assert _counted() - before == len(calls) > 0
    later = moved(facts, timedelta(0))
    await bench.tell(*later)
    assert _counted() - before == len(calls)


def _counted() -> float:
    return float(
        sum(
            sample.value
            for metric in metrics.CALLS.collect()
            for sample in metric.samples
            if sample.name == "hotline_calls_total"
        )
    )


async def test_the_group_s_own_service_level_is_told_and_agents_are_required_for_it(
    bench: Bench,
) -> None:
    mine = {"definition": "offered", "within": "PT5S", "share": 0.95}
    documents = bench.documents()
    rules = {**documents["rules"], "service_level": mine}
    await bench.put_in_force("own-goal", documents | {"rules": rules})
    facts = bench.recorded("day")
    calls = [kept.call for kept in await bench.kept_as(facts) if kept.call is not None]
    await bench.look()

    answer = await bench.http.get("/v1/load", headers=bench.signed_in("manager"))

    whole = answer.json()["whole"]
    share = of_calls(calls, 5, ServiceLevel.OFFERED)
    own = {"definition": "offered", "within_s": 5, "share": pytest.approx(share)}
    assert whole["service_level"] == own
    assert {each["within_s"] for each in whole["service_levels"]} == {5, 15, 20}
    assert (whole["required"]["target"], whole["required"]["within_s"]) == (0.95, 5)
    assert "95% within 5 s" in whole["required"]["words"]


def test_a_quarter_hour_that_runs_counts_as_far_as_it_has_come() -> None:
    begins = datetime(2026, 11, 23, 11, 15, tzinfo=UTC)
    ends = begins + QUARTER

    assert passed(begins, ends, ends) == passed(begins, ends, ends + QUARTER) == 1
    assert passed(begins, ends, begins + timedelta(minutes=5)) == pytest.approx(1 / 3)
    assert passed(begins, ends, begins) == pytest.approx(1 / 15)
    assert passed(begins, begins + 4 * QUARTER, begins + 1.5 * QUARTER) == 1.5


def test_a_rush_is_not_thinned_by_what_is_still_to_come() -> None:
    load = QuarterLoad(
        id="a", line="a", quarter=datetime(2026, 11, 23, 11, 15, tzinfo=UTC), offered=22,
        handled=20, handle_s=20 * 90.0,
    )  # fmt: skip
    after_five, whole = load_of(load, 1 / 3, 90), load_of(load, 1, 90)

    assert after_five == pytest.approx(3 * whole)
    assert required_by("erlang_c", load, 1 / 3, ServiceLevelGoal(), 90) == 9


def test_a_call_lasts_as_long_as_lately_while_few_have_ended() -> None:
    at = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

    def quarter(n: int, handled: int, per_call: float, line: str = "a") -> QuarterLoad:
        return QuarterLoad(
            id=f"{line}{n}", line=line, quarter=at + n * QUARTER, handled=handled,
            handle_s=handled * per_call,
        )  # fmt: skip

    found = [
        quarter(0, 500, 10),  # more than six hours before
        quarter(4, 60, 200),
        quarter(10, 7, 1, line="b"),
        quarter(24, 1, 15),
        quarter(25, 40, 100),
    ]
    late = lately(found)

    assert usual_handle_s(found[3], late["a24"]) == pytest.approx((60 * 200 + 15) / 61)
    assert usual_handle_s(found[4], late["a25"]) == 100
    assert usual_handle_s(found[2], late["b10"]) == 1
    assert usual_handle_s(found[0], late["a0"]) == 10


async def test_a_call_pops_up_though_the_exchange_is_a_little_ahead(bench: Bench) -> None:
    ahead = bench.now() + timedelta(seconds=2)
    await bench.tell(*talking(bench, "1.4", ahead)[:1])
    [kept] = await bench.kept()
    call = as_of(kept, bench.now())
    assert call is not None
    assert call.offered_at == kept.facts[0].at
