"""What comes too fast for one person leaves as one message, on the real store and broker."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from services.notifier.brakes.in_force import LOOK_SECONDS
from shared.contracts.notifier import MessageReceived
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.support.bench import until

THREE = {"rules": {"messages_in_a_minute": 3}}
A_MINUTE = timedelta(minutes=1, seconds=1)


async def assign(bench: Bench, *numbers: int) -> None:
    """Work orders for one person, all at once."""
    for n in numbers:
        await bench.add_ticket(f"26-{n}")
    events = [samples.dispatched(number=f"26-{n}", work_order=f"26-{n}-1") for n in numbers]
    await asyncio.gather(
        *(bench.publish(event, id=f"a/{n}") for n, event in zip(numbers, events, strict=True))
    )


async def stand(bench: Bench, **counts: int) -> list[dict[str, Any]]:
    """All messages, once so many stand so."""

    async def so() -> bool:
        found = {status: len(await bench.docs(status=status)) for status in counts}
        return found == counts

    await until(so)
    return await bench.docs()


async def test_three_go_and_the_others_leave_as_one_that_names_each_with_its_link(
    empty_bench: Bench,
) -> None:
    bench = empty_bench
    await bench.let_places_differ(jinyuan=THREE)
    await asyncio.gather(bench.add_replica(), bench.add_replica())

    await assign(bench, *range(1, 8))
    await stand(bench, received=3, queued=4)
    assert len(bench.postbox.mails) == 3
    await bench.forward(A_MINUTE)
    docs = await stand(bench, received=8)

    (one,) = [doc for doc in docs if doc["purpose"] == "together"]
    told = [doc for doc in docs if doc.get("digest") == one["_id"]]
    assert len(told) == 4
    assert len(bench.postbox.mails) == 4
    (body,) = [body for body in bench.postbox.bodies() if "4 条消息" in body]
    for doc in told:
        assert doc["number"] in body
    assert body.count("/w/") == 4
    assert body.count("锦园 3 号楼｜电梯") == 4
    events = await bench.said(MessageReceived, 8)
    assert {event.message for event in events} == {doc["_id"] for doc in docs}


async def test_an_alert_and_a_caller_never_wait(bench: Bench) -> None:
    await bench.let_places_differ(jinyuan=THREE)
    await assign(bench, 1, 2, 3, 4)
    await stand(bench, received=3, queued=1)

    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,)), lane="urgent", id="alert")
    await bench.handle(samples.resolved(number="26-1"), id="done")

    docs = await stand(bench, received=5, queued=1)
    assert {doc["purpose"] for doc in docs if doc["status"] == "queued"} == {"assignment"}


async def test_what_a_killed_notifier_left_half_told_is_told_once(empty_bench: Bench) -> None:
    """A message is queued, another is folded, and what tells both is not whole: whoever comes next
    finds all of it by its time.
    """
    bench = empty_bench
    await bench.let_places_differ(jinyuan=THREE)
    await bench.add_replica()
    await assign(bench, 1, 2, 3, 4, 5)
    await stand(bench, received=3, queued=2)
    await bench.forward(A_MINUTE)
    docs = await stand(bench, received=6)
    (one,) = [doc for doc in docs if doc["purpose"] == "together"]
    first, second = one["entries"]
    undone: dict[str, Any] = {"status": "gathering", "attempts": [], "ended_at": None, "outbox": []}
    messages = bench.store.documents("messages")
    await messages.update_one({"_id": second}, {"$set": {
        "status": "queued", "ended_at": None, "next_at": bench.now(), "outbox": []}})  # fmt: skip
    await messages.update_one({"_id": first}, {"$set": {
        "status": "folded", "ended_at": None, "next_at": bench.now(), "outbox": []}})  # fmt: skip
    await messages.update_one(
        {"_id": one["_id"]}, {"$set": {**undone, "next_at": bench.now() - timedelta(seconds=1)}}
    )

    docs = await stand(bench, received=6)

    assert len([doc for doc in docs if doc["purpose"] == "together"]) == 1
    assert {doc["digest"] for doc in docs if doc["_id"] in {first, second}} == {one["_id"]}


async def test_a_brake_keeps_back_what_waits_and_the_others_leave(bench: Bench) -> None:
    await bench.let_places_differ(jinyuan=THREE)
    await assign(bench, 1, 2, 3, 4)
    await bench.handle(samples.warned(number="26-1"), id="warned")
    await stand(bench, received=3, queued=2)
    supervisor = bench.token("supervisor", "*")
    wanted = {"kind": "hold", "purpose": "warning", "note": "wrong words"}
    made = await bench.replicas[0].http.post(
        "/v1/messages/brakes", json=wanted, headers={**supervisor, "Idempotency-Key": "b-1"}
    )
    assert made.is_success, made.text
    await asyncio.sleep(2 * LOOK_SECONDS)  # until every replica has read it

    await bench.forward(A_MINUTE)
    docs = await stand(bench, received=5, held=1)

    assert [doc["purpose"] for doc in docs if doc["status"] == "held"] == ["warning"]


async def test_without_the_rule_each_goes_by_itself(bench: Bench) -> None:
    await assign(bench, *range(1, 7))

    await stand(bench, received=6)
