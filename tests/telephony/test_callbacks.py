"""Callers whom nobody answered are rung back: each number once, and nobody who was answered."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from services.telephony.callbacks.domain import CallBackState
from services.telephony.callbacks.storage import CALLBACKS
from services.telephony.calls.domain import link
from shared.calls.facts import EndedBy, Fact, Kind, Left, Party, Presentation
from shared.identity import Role
from shared.telemetry import metrics
from tests.telephony.bench import Bench
from tests.telephony.test_gaps import fact

NUMBER: Final = "13800138000"
OTHER: Final = "13800138001"
MINUTE: Final = timedelta(minutes=1)


def vain(
    bench: Bench, call: str, began: datetime, number: str | None = NUMBER, *, seconds: int = 20,
    queued: bool = True, left: Left | None = None, **offered: Any,
) -> list[Fact]:  # fmt: skip
    """Offered, and ended without anybody."""
    told = {"line": "hotline", "number": number, **offered}
    end = began + timedelta(seconds=seconds)
    facts = [fact(bench, Kind.OFFERED, began, call, **told)]
    if queued:
        facts.append(fact(bench, Kind.QUEUED, began, call, queue="hotline"))
    if left is not None:
        facts.append(fact(bench, Kind.LEFT, end, call, queue="hotline", left=left))
    return [*facts, fact(bench, Kind.ENDED, end, call, by=EndedBy.CALLER)]


def reached(bench: Bench, call: str, began: datetime, number: str = NUMBER) -> list[Fact]:
    then = began + timedelta(seconds=3)
    return [
        fact(bench, Kind.OFFERED, began, call, line="second", number=number),
        fact(bench, Kind.ANSWERED, then, call, f"{call}.9", party=Party.AGENT, agent="8001"),
        fact(bench, Kind.ENDED, then + MINUTE, call),
    ]


async def follow(bench: Bench) -> None:
    await asyncio.gather(*(each.app.state.loops.follow() for each in bench.replicas))


async def callbacks(bench: Bench, **query: Any) -> list[dict[str, Any]]:
    await follow(bench)
    answer = await bench.http.get(
        "/v1/calls/callbacks", params=query, headers=bench.signed_in("agent")
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["all"]["count"] == len(answer.json()["items"])
    assert NUMBER not in answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def act(bench: Bench, call: str, what: str, as_: Role = "agent", **who: Any) -> Any:
    path = f"/v1/calls/{call}/callback/{what}"
    return await bench.http.post(path, headers=bench.signed_in(as_, **who))


def ended(outcome: str) -> float:
    return float(metrics.CALLBACKS.labels(outcome)._value.get())


async def test_a_number_that_rang_six_times_in_vain_is_one_call_back_with_a_count(
    bench: Bench,
) -> None:
    began = bench.now() - 10 * MINUTE
    for n in range(6):
        await bench.tell(*vain(bench, f"1.{n}", began + n * MINUTE))
    await bench.tell(*vain(bench, "2.1", began, OTHER, seconds=50))
    first, second = await callbacks(bench)
    assert (first["count"], second["count"]) == (6, 1)
    assert first["caller"] == "138****8000"
    assert first["due_at"] < second["due_at"]
    assert (first["state"], first["overdue"], first["attempts"]) == ("open", False, [])
    assert (await callbacks(bench, line="second")) == []
    again = await callbacks(bench)
    assert [item["count"] for item in again] == [6, 1]


@pytest.mark.parametrize(
    ("how", "is_rung_back"),
    [
        ({}, True),
        ({"queued": False}, True),
        ({"queued": False, "seconds": 4}, False),
        ({"seconds": 2}, True),
        ({"left": Left.CALLBACK}, True),
        ({"left": Left.TIMED_OUT}, True),
        ({"left": Left.FULL}, True),
        ({"left": Left.CLOSED}, False),
        ({"left": Left.SCREENED}, False),
        ({"test": True}, False),
    ],
    ids=str,
)
async def test_whoever_got_nobody_is_rung_back(
    bench: Bench, how: dict[str, Any], is_rung_back: Any
) -> None:
    await bench.tell(*vain(bench, "1.1", bench.now() - MINUTE, **how))
    assert bool(await callbacks(bench)) == is_rung_back


async def test_who_is_answered_meanwhile_is_not_rung_back_whatever_the_order(
    bench: Bench,
) -> None:
    began = bench.now() - 20 * MINUTE
    before = ended("superseded")
    await bench.tell(*vain(bench, "1.1", began), *vain(bench, "1.2", began, OTHER))
    assert len(await callbacks(bench)) == 2
    await bench.tell(*reached(bench, "1.3", began + 5 * MINUTE))
    [left] = await callbacks(bench)
    assert left["caller"] == "138****8001"
    [over] = await callbacks(bench, state="superseded")
    assert over["caller"] == "138****8000"
    assert ended("superseded") == before + 1
    # The answered call was told first.
    await bench.tell(*reached(bench, "1.4", began + 5 * MINUTE, OTHER))
    await follow(bench)
    await bench.tell(*vain(bench, "1.5", began + MINUTE, OTHER))
    assert await callbacks(bench) == []
    # And who rings in vain after that is called back.
    await bench.tell(*vain(bench, "1.6", began + 10 * MINUTE))
    [anew] = await callbacks(bench)
    assert anew["count"] == 1


async def test_attempts_are_taken_counted_and_come_to_an_end(bench: Bench) -> None:
    before = ended("never_reached")
    await bench.tell(*vain(bench, "1.1", bench.now() - MINUTE))
    [item] = await callbacks(bench)
    call = item["call"]
    early = await act(bench, call, "reached")
    assert (early.status_code, early.json()["title_zh"] != "") == (409, True)
    for n in range(3):
        assert (await act(bench, call, "claim")).json()["state"] == "claimed"
        assert (await act(bench, call, "claim")).status_code == 200
        taken = await act(bench, call, "claim", id="somebody-else")
        assert taken.status_code == 409
        assert (await act(bench, call, "reached", id="somebody-else")).status_code == 409
        tried = await act(bench, call, "no-answer")
        assert len(tried.json()["attempts"]) == n + 1
        assert (await act(bench, call, "no-answer")).status_code == 409
    assert tried.json()["state"] == "never_reached"
    assert ended("never_reached") == before + 1
    assert await callbacks(bench) == []
    [never] = await callbacks(bench, state="never_reached")
    assert never["call"] == call
    assert (await act(bench, call, "claim")).status_code == 409


async def test_after_an_attempt_it_waits_and_a_claim_does_not_last(bench: Bench) -> None:
    await bench.tell(*vain(bench, "1.1", bench.now() - MINUTE))
    [item] = await callbacks(bench)
    call = item["call"]
    await act(bench, call, "claim", id="one")
    await bench.forward(31 * MINUTE)
    [item] = await callbacks(bench)
    assert item["overdue"]
    assert (await act(bench, call, "claim", id="two")).json()["claimed_by"] == "two"
    later = (await act(bench, call, "no-answer", id="two")).json()
    assert (later["state"], later["overdue"]) == ("open", False)
    await act(bench, call, "claim", id="two")
    before = ended("reached")
    over = await act(bench, call, "reached", id="two")
    assert over.json()["state"] == "reached"
    assert [each["heard"] for each in over.json()["attempts"]] == ["no_answer", "reached"]
    assert (await act(bench, call, "reached", id="two")).status_code == 200
    assert ended("reached") == before + 1


async def test_a_call_back_is_named_by_any_of_its_calls(bench: Bench) -> None:
    began = bench.now() - 5 * MINUTE
    await bench.tell(*vain(bench, "1.1", began))
    await follow(bench)
    await bench.tell(*vain(bench, "1.2", began + MINUTE))
    [item] = await callbacks(bench)
    assert len(item["calls"]) == 2
    assert (await act(bench, item["calls"][1], "claim")).json()["call"] == item["call"]
    assert (await act(bench, "caaaabbbbccccddddeeee", "claim")).status_code == 404
    assert (await act(bench, item["call"], "claim", "manager")).status_code == 403


async def test_who_withholds_the_number_is_not_rung_back_but_in_an_emergency(
    bench: Bench,
) -> None:
    before = ended("not_possible")
    hidden: dict[str, Any] = {"presentation": Presentation.WITHHELD}
    await bench.tell(*vain(bench, "1.1", bench.now() - MINUTE, **hidden))
    await bench.tell(*vain(bench, "1.2", bench.now() - MINUTE, None))
    assert await callbacks(bench) == []
    impossible = await callbacks(bench, state="not_possible")
    assert {item["why_not"] for item in impossible} == {"withheld", "no_number"}
    assert {item["caller"] for item in impossible} == {None}
    assert ended("not_possible") == before + 2
    call = next(item["call"] for item in impossible if item["why_not"] == "withheld")
    await bench.calls.change(call, lambda kept, _: link(kept, "23456789", danger=True))
    [item] = await callbacks(bench)
    assert (item["call"], item["unseen"], item["caller"]) == (call, True, None)
    assert (await act(bench, call, "claim")).status_code == 200


async def test_our_own_numbers_and_switchboards_are_nobody(bench: Bench) -> None:
    rules = bench.platform.policy.rules
    assert rules.own_numbers == ()
    entry = bench.platform.index.phone(OTHER)
    tickets = [
        {"_id": f"T{n}", "index": {"phone": entry}, "registered_at": bench.now()} for n in range(21)
    ]
    await bench.store.documents("tickets").insert_many(tickets)
    following = bench.telephony.app.state.loops._following
    own = bench.platform.policy.model_copy(
        update={"rules": rules.model_copy(update={"own_numbers": (NUMBER,)})}
    )
    before, following._policy = following._policy, lambda: own
    try:
        await bench.tell(
            *vain(bench, "1.1", bench.now() - MINUTE),
            *vain(bench, "1.2", bench.now() - MINUTE, OTHER),
        )
        assert await callbacks(bench) == []
        [item] = await callbacks(bench, state="not_possible")
        assert item["why_not"] == "switchboard"
    finally:
        following._policy = before
        await bench.store.documents("tickets").delete_many({})


async def test_they_are_forgotten_with_the_numbers(bench: Bench) -> None:
    await bench.tell(*vain(bench, "1.1", bench.now() - MINUTE))
    assert await callbacks(bench)
    await bench.forward(timedelta(days=91))
    await bench.telephony.app.state.loops.forget()
    assert await bench.store.find(CALLBACKS.name, {}, limit=10) == []


async def test_many_that_are_looked_at_at_once_are_one(bench: Bench) -> None:
    began = bench.now() - 30 * MINUTE
    told = [each for n in range(12) for each in vain(bench, f"1.{n}", began + n * MINUTE)]
    await bench.tell(*told)
    await asyncio.gather(*(follow(bench) for _ in range(3)))
    [item] = await callbacks(bench)
    assert item["count"] == 12
    assert item["state"] == CallBackState.OPEN
