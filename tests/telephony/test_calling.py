"""What exchanges tell becomes calls: whatever the order, however often, whoever is believed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from services.telephony.calls.storage import CALLS
from shared.calls.facts import Kind, Presentation
from shared.calls.fold import fold_all
from shared.calls.outcomes import Outcome
from shared.calls.telling import told
from shared.contracts.telephony import (
    CallAnswered,
    CallCorrected,
    CallEnded,
    CallOffered,
    CallRinging,
)
from shared.telemetry import metrics
from tests.calls.recordings import WHOLE, callers, expected_outcome, transfers_told
from tests.support.bench import until
from tests.telephony.bench import Bench, rows

NEAR = 0.1


@pytest.mark.parametrize("run", WHOLE)
async def test_calls_of_a_recording_are_what_its_callers_counted(bench: Bench, run: str) -> None:
    kept = await bench.kept_as(bench.recorded(run))
    found = {row["channel"]: row for row in rows(kept)}
    counted = [row for row in callers(run) if row["note"] != "test call"]
    assert {*found} == {row["uniqueid"] for row in counted}
    for row in counted:
        mine = found[row["uniqueid"]]
        assert mine["outcome"] == expected_outcome(row), row["lab"]
        assert mine["agent"] == row.get("agent"), row["lab"]
        assert mine["wait"] == pytest.approx(row.get("wait", row.get("waited")), abs=NEAR)
        assert mine["talk"] == pytest.approx(row.get("talk", 0), abs=NEAR), row["lab"]
    labs = {row["uniqueid"]: row["lab"] for row in counted}
    made = {(labs[id], *each) for id, row in found.items() for each in row["transfers"]}
    assert made == transfers_told(run)


async def test_a_recorded_call_says_how_its_recording_is_found_at_the_exchange(
    bench: Bench,
) -> None:
    kept = await bench.kept_as(bench.recorded("transfers"))
    [one] = [each for each in kept if each.call is not None and each.call.recordings]
    headers = bench.signed_in("supervisor")
    answer = await bench.http.get(f"/v1/calls/{one.id}", headers=headers)
    shown = answer.json()
    [recording] = shown["recordings"]
    [pause] = recording.pop("pauses")
    assert pause["ended"] == shown["ended_at"]
    assert recording.pop("seconds") == pytest.approx(3.771, abs=NEAR)
    assert recording.keys() == {"id", "exchange", "began"}
    assert (recording["id"], recording["exchange"]) == (one.channel, bench.user)
    other = next(each for each in kept if each.call is not None and each.id != one.id)
    answer = await bench.http.get(f"/v1/calls/{other.id}", headers=headers)
    assert answer.json()["recordings"] == []


async def test_a_shuffle_with_repeats_makes_the_same_documents(bench: Bench) -> None:
    facts = bench.recorded("two-queues")
    in_order = await bench.kept_as(facts)
    assert len(in_order) >= 20
    await bench.store.remove_many(CALLS.name, {})

    mixed = [*facts, *random.Random(7).sample(facts, len(facts) // 5)]
    random.Random(8).shuffle(mixed)
    assert await bench.kept_as(mixed) == in_order


async def test_a_repeat_of_everything_changes_nothing_and_says_nothing(bench: Bench) -> None:
    facts = bench.recorded("smoke")
    before = await bench.kept_as(facts)
    ended = await bench.said(CallEnded, times=len(before))
    repeated = _told("repeated", bench)
    assert await bench.kept_as(facts) == before
    assert _told("repeated", bench) == repeated + len(facts)
    assert await bench.said(CallEnded) == ended
    assert await bench.said(CallCorrected, times=0) == []


async def test_a_call_is_said_step_by_step_without_anything_personal(bench: Bench) -> None:
    facts = bench.recorded("day")
    [answered] = [
        call for call in fold_all(facts) if call.outcome is Outcome.ANSWERED and not call.transfers
    ][:1]
    mine = [fact for fact in facts if fact.call == answered.call]
    for fact in sorted(mine, key=lambda fact: fact.at):
        await bench.tell(fact)
    [offered] = await bench.said(CallOffered)
    [said] = await bench.said(CallAnswered)
    [end] = await bench.said(CallEnded)
    assert await bench.said(CallRinging)
    assert {offered.call, said.call} == {end.call}
    assert (said.agent, end.agent, end.outcome) == (answered.agent, answered.agent, "answered")
    assert end.wait == pytest.approx(answered.wait_s, abs=0.002)
    numbers = {fact.number for fact in mine if fact.number}
    assert numbers
    assert not any(number in str(each.data) for each in bench.heard for number in numbers)


async def test_who_rang_is_sealed_and_found_again_but_not_who_withholds_it(bench: Bench) -> None:
    facts = bench.recorded("numbers")
    kept = await bench.kept_as(facts)
    withheld = [each for each in kept if each.is_withheld]
    shown = [each for each in kept if "phone" in each.index]
    assert withheld
    assert len(shown) > len(withheld)
    assert all(each.persons and not each.index for each in withheld)
    [first] = [fact for fact in facts if fact.number == "13800138001"]
    [found] = [
        each
        async for each in bench.calls.walk(
            {"index.phone": bench.platform.index.phone("+86 138 0013 8001")}
        )
    ]
    assert found.channel == first.call
    written = str(await bench.store.find(CALLS.name, {}, limit=1000))
    numbers = {fact.number for fact in facts if fact.number and len(fact.number) >= 7}
    assert len(numbers) > 15
    assert [number for number in numbers if number in written] == []


async def test_a_fact_a_day_after_the_end_is_counted_late_and_changes_nothing(bench: Bench) -> None:
    facts = bench.recorded("smoke")
    before = await bench.kept_as(facts)
    late = _told("late", bench)
    held = replace(facts[-1], kind=Kind.QUEUED, id=f"{facts[-1].id}-late", queue="hotline")
    await bench.forward(timedelta(hours=25))
    await bench.tell(held)
    assert _told("late", bench) == late + 1
    assert [each.call for each in await bench.kept()] == [each.call for each in before]


async def test_nobody_is_believed_in_another_name(bench: Bench) -> None:
    facts = bench.recorded("smoke")
    elsewhere = [
        replace(fact, exchange="elsewhere", id="elsewhere/" + fact.id.partition("/")[2])
        for fact in facts
    ]
    await bench.tell(*elsewhere)
    assert await bench.kept() == []
    await bench.send([told(fact) for fact in facts], user=None)
    assert await bench.kept() == []
    parked = await bench.store.find("parked", {"service": "telephony"}, limit=1000)
    assert {entry["reason"] for entry in parked} == {"refused"}
    assert len(parked) == len(elsewhere) + len(facts)
    numbers = {fact.number for fact in facts if fact.number}
    assert all(entry["sealed"] for entry in parked)
    assert not any(number in str(parked) for number in numbers)


async def test_what_comes_under_another_key_or_is_rubbish_is_parked(bench: Bench) -> None:
    _, body = told(bench.recorded("smoke")[0])
    await bench.send([("call.ended", body), ("call.offered", b"{}")], user=bench.user)
    parked = await bench.store.find("parked", {"service": "telephony"}, limit=10)
    assert sorted(entry["reason"] for entry in parked) == ["malformed", "refused"]
    assert await bench.kept() == []


async def test_a_parked_fact_is_believed_when_it_is_replayed(bench: Bench) -> None:
    [offered, *_] = [fact for fact in bench.recorded("smoke") if fact.kind is Kind.OFFERED]
    _, body = told(offered)
    await bench.send([("call.ended", body)], user=bench.user)
    [entry] = await bench.store.find("parked", {"service": "telephony"}, limit=10)
    answer = await bench.http.post(
        f"/v1/parked/{entry['_id']}/replay", headers=bench.signed_in("administrator")
    )
    assert answer.status_code == 202

    async def is_there() -> bool:
        return len(await bench.kept()) == 1

    await until(is_there)


async def test_who_withholds_the_number_later_is_not_found_again(bench: Bench) -> None:
    [offered, *_] = [fact for fact in bench.recorded("smoke") if fact.kind is Kind.OFFERED]
    await bench.tell(offered)
    [kept] = await bench.kept()
    assert "phone" in kept.index
    said = replace(
        offered,
        kind=Kind.DESCRIBED,
        id=f"{offered.id}-said",
        number=None,
        presentation=Presentation.WITHHELD,
    )
    await bench.tell(said)
    [kept] = await bench.kept()
    assert kept.is_withheld
    assert kept.index == {}


def _told(outcome: str, bench: Bench) -> float:
    return float(metrics.PBX_FACTS.labels(pbx=bench.user, outcome=outcome)._value.get())
