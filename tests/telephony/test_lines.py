"""Whether a line works, by whatever tells it; said once, and to whom it concerns."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from services.telephony.calls.domain import Bucket
from services.telephony.lines.domain import (
    Line,
    LineCheck,
    LineState,
    Maintenance,
    Why,
    Witnesses,
    contract_warned,
    judged,
    last_sign,
)
from services.telephony.lines.expecting import Known, expected_between
from services.telephony.lines.gauges import LineSeen, show
from services.telephony.load.domain import QuarterLoad, id_of
from services.telephony.load.storage import LOAD_QUARTERS
from shared.calls.agents import Reachable
from shared.calls.facts import Kind, fact_id
from shared.contracts import Step
from shared.contracts.telephony import LineContractEnding, LineDown, LineUp
from shared.policy.calendar import Block, Calendar
from shared.store import Collection
from tests.telephony.bench import Bench
from tests.telephony.test_gaps import fact, word

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 12, 1, 10, tzinfo=ZONE)
HOUR = timedelta(hours=1)
CALENDAR = Calendar(
    time_zone="Asia/Shanghai",
    business=(Block.model_validate({"start": "09:00", "end": "18:00"}),),
    days_off=frozenset({date(2026, 11, 30)}),
)


def trunk(name: str, *, reachable: bool) -> Reachable:
    return Reachable(
        id=f"{name}-{reachable}", exchange="main", at=NOW, trunk=name, agent=None,
        reachable=reachable,
    )  # fmt: skip


def seen_as(line: Line, seen: Witnesses, now: datetime = NOW) -> Line:
    step = judged(line, seen, now)
    return line if step is None else step.value


def says(line: Line, seen: Witnesses, now: datetime = NOW) -> list[str]:
    step = judged(line, seen, now)
    return [] if step is None else [event.name for event in step.events]


UP = Line(id="hotline", trunks=("a", "b"), since=NOW - HOUR)
GOOD = Witnesses(heard=True, last_call=NOW - HOUR)
AWAY = Witnesses(heard=True, reached=[trunk("a", reachable=False), trunk("b", reachable=False)])
HALF = Witnesses(heard=True, reached=[trunk("a", reachable=False), trunk("b", reachable=True)])


@pytest.mark.parametrize(
    ("seen", "verdict", "why", "said"),
    [
        (GOOD, LineState.UP, None, []),
        (AWAY, LineState.DOWN, Why.TRUNK, ["line.down"]),
        (HALF, LineState.DEGRADED, Why.SOME_TRUNKS, ["line.degraded"]),
        (Witnesses(heard=True, expected=6.9), LineState.UP, None, []),
        (Witnesses(heard=True, expected=7.0), LineState.DOWN, Why.SILENT, ["line.down"]),
        (Witnesses(heard=False, expected=70.0), LineState.DEGRADED, Why.UNHEARD, ["line.degraded"]),
    ],
)
def test_what_its_witnesses_say_is_the_verdict(
    seen: Witnesses, verdict: LineState, why: Why | None, said: list[str]
) -> None:
    after = seen_as(UP, seen)

    assert (after.verdict, after.why, says(UP, seen)) == (verdict, why, said)
    assert judged(seen_as(Line(id="hotline"), seen), seen, NOW) is None


def test_who_rang_it_themselves_is_believed_until_a_call_or_another_says_otherwise() -> None:
    silent = Witnesses(heard=True, last_call=NOW - 3 * HOUR, expected=9.0)
    vain = LineCheck(at=NOW - HOUR, by="he", worked=False)
    works = LineCheck(at=NOW, by="he", worked=True)
    line = Line(id="hotline", since=NOW - HOUR, checks=(vain,))

    assert seen_as(line, Witnesses(heard=True)).why is Why.RANG_IN_VAIN
    assert seen_as(line, Witnesses(heard=True, last_call=NOW)).why is None
    checked = Line(id="hotline", checks=(vain, works))
    assert seen_as(checked, Witnesses(heard=True)).why is None
    assert last_sign(checked, silent.last_call, NOW) == NOW


def test_of_announced_work_nobody_is_told_and_afterwards_silence_begins_anew() -> None:
    work = Maintenance(begins=NOW - HOUR, ends=NOW + HOUR, by="chef")
    line = Line(id="hotline", since=NOW - 2 * HOUR, maintenance=(work,))
    during = seen_as(line, AWAY)
    later = NOW + 2 * HOUR

    assert (during.verdict, during.why, says(line, AWAY)) == (
        LineState.DEGRADED, Why.MAINTENANCE, [],
    )  # fmt: skip
    assert says(during, GOOD, later) == []
    assert says(during, AWAY, later) == ["line.down"]
    assert last_sign(line, NOW - 2 * HOUR, later) == NOW + HOUR


def test_the_end_of_a_contract_is_told_thirty_and_seven_days_ahead_and_each_once() -> None:
    line = Line(id="hotline", contract_until=date(2026, 12, 31))
    told = []
    day = date(2026, 11, 20)
    while day < date(2027, 1, 5):
        step = contract_warned(line, day)
        if step is not None:
            line = step.value
            told += [(day, event.model_dump()["days"]) for event in step.events]
        day += timedelta(days=1)

    assert told == [(date(2026, 12, 1), 30), (date(2026, 12, 24), 7)]
    late = contract_warned(Line(id="x", contract_until=date(2026, 12, 31)), date(2026, 12, 30))
    assert late is not None
    assert [event.model_dump()["days"] for event in late.events] == [7]
    assert contract_warned(late.value, date(2026, 12, 31)) is None


def days_before(count: int, per_quarter: int) -> dict[datetime, int]:
    """The same calls in each quarter hour from eight to eight, on so many days before today."""
    begun = NOW.replace(hour=8) - timedelta(days=count)
    return {
        begun + timedelta(days=day, minutes=15 * n): per_quarter
        for day in range(count)
        for n in range(48)
    }


def test_calls_are_expected_as_on_like_days_once_fourteen_are_known() -> None:
    offered = days_before(20, 2)
    for quarter in [each for each in offered if each.isoweekday() > 5]:
        offered[quarter] = 50
    known = Known(min(offered), offered)

    def expected(hours: float, known: Known = known) -> float | None:
        return expected_between(known, NOW - timedelta(hours=hours), NOW, CALENDAR)

    assert expected(1) == pytest.approx(8.0)
    assert expected(0.875) == pytest.approx(7.0)
    assert expected(4) == pytest.approx(16.0)
    assert expected(1, Known(None)) is None
    fresh = days_before(13, 2)
    assert expected(1, Known(min(fresh), fresh)) is None
    # A day off is like days off alone, and there was none before.
    off = NOW - timedelta(days=1)
    assert expected_between(known, off - HOUR, off, CALENDAR) is None


def test_what_is_not_known_of_a_line_has_no_gauge() -> None:
    named = {"line": "a-line"}
    show({"a-line": LineSeen(verdict=LineState.DEGRADED, kind="emergency", last_call=NOW)})
    value = REGISTRY.get_sample_value
    assert value("hotline_line_up", named) == 0.5
    assert value("hotline_line_kind", {**named, "kind": "emergency"}) == 1
    assert value("hotline_line_in_maintenance", named) == 0
    assert value("hotline_line_last_call_timestamp_seconds", named) == NOW.timestamp()
    assert value("hotline_expected_calls", named) is None
    show({})
    assert value("hotline_line_up", named) is None


async def lines_of(bench: Bench) -> dict[str, Any]:
    answer = await bench.http.get("/v1/lines", headers=bench.signed_in("agent"))
    assert answer.status_code == 200, answer.text
    return {each["id"]: each for each in answer.json()["items"]}


async def watch(bench: Bench) -> dict[str, Any]:
    """One look, with the exchange heard until now, and nothing remembered of another test."""
    watching, now = bench.telephony.app.state.loops._watching, bench.now()
    watching._known.clear()
    await bench.tell(word(bench, "1", now - timedelta(minutes=1), now))
    await bench.look()
    await watching.look()
    return await lines_of(bench)


def heartbeat(bench: Bench, *, reachable: bool) -> Reachable:
    at = bench.now()
    id = fact_id(bench.user, "PeerStatus", at, "carrier")
    return Reachable(
        id=id, exchange=bench.user, at=at, trunk="carrier", agent=None, reachable=reachable
    )


async def put(bench: Bench, id: str = "hotline", **said: Any) -> Any:
    return await bench.http.put(f"/v1/lines/{id}", json=said, headers=bench.signed_in("supervisor"))


async def test_a_line_whose_trunk_is_lost_is_down_and_said_so_once_until_it_is_back(
    bench: Bench,
) -> None:
    assert (await put(bench, exchange=bench.user, trunks=["carrier"])).status_code == 200
    await bench.tell(heartbeat(bench, reachable=True))
    assert (await watch(bench))["hotline"]["verdict"] == "up"

    await bench.forward(timedelta(seconds=5))
    await bench.tell(heartbeat(bench, reachable=False))
    down = (await watch(bench))["hotline"]
    await watch(bench)
    assert (down["verdict"], down["why"]) == ("down", "trunk")
    assert REGISTRY.get_sample_value("hotline_line_up", {"line": "hotline"}) == 0.0

    await bench.forward(timedelta(seconds=5))
    await bench.tell(heartbeat(bench, reachable=True))
    assert (await watch(bench))["hotline"]["verdict"] == "up"
    assert [e.why for e in await bench.said(LineDown)] == ["trunk"]
    assert len(await bench.said(LineUp)) == 1


async def counted_for(bench: Bench, days: int) -> None:
    """Two calls in each quarter hour of so many days."""
    quarters = Collection(bench.store, LOAD_QUARTERS)
    now = bench.now()
    begun = now.replace(minute=0, second=0, microsecond=0)
    loads = [
        QuarterLoad(id=id_of(bucket), line=bucket.line, quarter=bucket.quarter, offered=2)
        for bucket in (
            Bucket("hotline", begun - n * timedelta(minutes=15)) for n in range(4, days * 96)
        )
    ]
    await asyncio.gather(*(quarters.insert(Step(load), now) for load in loads))


async def test_silence_where_many_ring_is_told_unless_somebody_rang_it_and_it_worked(
    bench: Bench,
) -> None:
    await counted_for(bench, 50)
    old = bench.now() - 2 * HOUR
    await bench.tell(word(bench, "1", old - HOUR, bench.now()))
    await bench.tell(fact(bench, Kind.OFFERED, old, "1.1", line="hotline"))
    await bench.tell(fact(bench, Kind.ENDED, old, "1.1"))
    silent = (await watch(bench))["hotline"]
    assert (silent["verdict"], silent["why"], silent["silence"]["on"]) == ("down", "silent", True)
    assert silent["silence"]["expected"] >= 7.0

    path, who = "/v1/lines/hotline/checks", bench.signed_in("agent", id="xiao.he")
    answer = await bench.http.post(path, json={"worked": True}, headers=who)
    assert answer.json()["checks"][0]["by"] == "xiao.he"
    assert (await watch(bench))["hotline"]["verdict"] == "up"


async def test_a_line_that_is_new_says_that_its_silence_says_nothing_yet(bench: Bench) -> None:
    await bench.tell(fact(bench, Kind.OFFERED, bench.now() - 2 * HOUR, "1.1", line="hotline"))

    line = (await watch(bench))["hotline"]

    assert line["silence"] == {"on": False, "expected": None, "told_at": 7.0}
    assert line["verdict"] == "up"


async def test_lines_are_entered_and_checked_by_who_may(bench: Bench) -> None:
    ends = (bench.now() + timedelta(days=20)).date().isoformat()
    kept = await put(bench, number="4000000001", provider="联通", ring="值班", contract_until=ends)
    assert kept.json()["number"] == "4000000001"
    await watch(bench)
    assert [e.days for e in await bench.said(LineContractEnding)] == [30]
    agent = bench.signed_in("agent")
    refused = await bench.http.put("/v1/lines/hotline", json={}, headers=agent)
    unknown = await bench.http.post("/v1/lines/none/checks", json={"worked": True}, headers=agent)
    hidden = await put(bench, id="13800138000")
    backwards = await bench.http.post(
        "/v1/lines/hotline/maintenance",
        json={"begins": "2099-01-02T00:00:00Z", "ends": "2099-01-01T00:00:00Z"},
        headers=bench.signed_in("supervisor"),
    )
    assert [a.status_code for a in (refused, unknown, hidden, backwards)] == [403, 404, 422, 422]
