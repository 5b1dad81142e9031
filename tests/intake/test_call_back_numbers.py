"""Whoever has taken to ring a caller back sees the number: on record, counted, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.intake.privacy.domain import PER_HOUR
from services.telephony.callbacks.domain import CallBack, CallBackState
from services.telephony.callbacks.storage import CALLBACKS
from shared.calls.facts import Presentation
from shared.contracts import Step
from shared.identity import Role
from shared.store import Collection
from tests.intake.privacy_bench import LAMP, PrivacyBench, problem
from tests.intake.test_joining import send
from tests.telephony.played import NUMBER, kept_call

MINE = {"state": CallBackState.CLAIMED, "claimed_by": "agent-7"}


async def call_back(bench: PrivacyBench, call: str, **said: Any) -> None:
    """As telephony keeps one, taken by agent-7 unless said otherwise."""
    at = bench.now()
    facts: dict[str, Any] = {"since": at, "last_at": at, "due_at": at, **MINE, **said}
    back = CallBack(id=call, line="hotline", key=call, calls=(call,), **facts)
    backs = Collection(bench.store, CALLBACKS)
    await backs.change(call, lambda *_: Step(back), new=back)


async def show(bench: PrivacyBench, call: str, as_: Role = "agent", **who: Any) -> httpx.Response:
    return await bench.ask("POST", "/v1/reveals/calls", as_=as_, json={"call": call}, **who)


async def test_who_rings_back_sees_the_number_each_time_on_record_and_counted_once(
    bench: PrivacyBench,
) -> None:
    call = await kept_call(bench)
    await call_back(bench, call)

    first, again = [await show(bench, call) for _ in range(2)]

    assert first.status_code == 201, first.text
    assert first.json()["phone"].removeprefix("+86") == NUMBER
    assert first.headers["cache-control"] == "no-store"
    assert first.json()["left_hour"] == PER_HOUR["agent"] - 1 == again.json()["left_hour"]
    acts = await bench.audit("person.revealed")
    assert [(act["subject"], act["by"], act["why"]) for act in acts] == [
        ({"kind": "call", "id": call}, "agent-7", "call_back")
    ] * 2


@pytest.mark.parametrize(
    "said",
    [
        {"claimed_by": "agent-8"},
        {"state": CallBackState.OPEN, "claimed_by": None},
        {"state": CallBackState.REACHED},
        {"state": CallBackState.SUPERSEDED},
    ],
)
async def test_it_is_shown_to_nobody_who_does_not_ring_now(
    bench: PrivacyBench, said: dict[str, Any]
) -> None:
    call = await kept_call(bench)
    await call_back(bench, call, **said)
    assert problem(await show(bench, call)) == (409, "call-back-not-claimed")
    assert await bench.audit("person.revealed") == []


async def test_a_call_that_nobody_knows_looks_like_one_that_was_not_taken(
    bench: PrivacyBench,
) -> None:
    call = await kept_call(bench)
    for id in (call, "caaaabbbbccccddddeeee", "../x", "13800138000"):
        assert problem(await show(bench, id)) == (409, "call-back-not-claimed")


@pytest.mark.parametrize("role", ["department", "auditor", "manager", "system"])
async def test_only_the_desk_rings_back(bench: PrivacyBench, role: Role) -> None:
    call = await kept_call(bench)
    await call_back(bench, call)
    assert (await show(bench, call, as_=role)).status_code == 403


@pytest.mark.parametrize("unseen", [False, True])
async def test_a_withheld_number_is_shown_to_nobody(bench: PrivacyBench, *, unseen: bool) -> None:
    call = await kept_call(bench, presentation=Presentation.WITHHELD)
    await call_back(bench, call, unseen=unseen)

    answer = await show(bench, call, as_="supervisor")

    assert problem(await show(bench, call)) == (409, "number-withheld")
    assert NUMBER not in answer.text
    assert await bench.audit("person.revealed") == []


async def test_a_number_that_is_forgotten_is_said_to_be(bench: PrivacyBench) -> None:
    call = await kept_call(bench, number=None)
    await call_back(bench, call)
    assert problem(await show(bench, call)) == (409, "number-forgotten")


async def test_whoever_rings_many_back_meets_the_limit_of_all_openings(
    bench: PrivacyBench,
) -> None:
    for n in range(PER_HOUR["agent"]):
        call = await kept_call(bench, f"1.{n}", number=f"138001380{n:02}")
        await call_back(bench, call)
        assert (await show(bench, call)).status_code == 201
    last = await kept_call(bench, "2.1", number="13800138099")
    await call_back(bench, last)
    assert problem(await show(bench, last)) == (429, "too-many-reveals")
    assert (await show(bench, call)).status_code == 201


async def test_it_is_among_who_has_seen_the_person(bench: PrivacyBench) -> None:
    call = await kept_call(bench, ago=timedelta(minutes=5))
    await call_back(bench, call)
    await show(bench, call)
    number = (await send(bench, LAMP | {"call": call})).json()["number"]

    for body in ({"phone": NUMBER}, {"number": number, "person": "caller"}):
        answer = await bench.ask(
            "POST", "/v1/persons/seen", as_="privacy_officer", id="officer", json=body
        )
        seen = [
            (each["way"], each["by"]) for each in answer.json()["items"] if each.get("call") == call
        ]
        assert seen == [("taken_over", "agent-1"), ("revealed", "agent-7")], answer.text
