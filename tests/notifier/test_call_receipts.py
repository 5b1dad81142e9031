"""All reports of one call have one receipt, on the real store and broker."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from hotline.promises import examine, kinds
from shared.contracts.notifier import CALLER, MessageFailed, MessageReceived
from tests.notifier import samples
from tests.notifier.bench import NAME, PHONE, Bench
from tests.notifier.test_bundles import stand

LISTEN = timedelta(seconds=40)
A_MINUTE = timedelta(minutes=1, seconds=1)
OTHER = {"name": "李雷", "phone": "13900000000"}
CALL = "call-7"


async def report(bench: Bench, number: str, *, call: str | None = CALL, **more: Any) -> None:
    """A report of a call is registered."""
    promised = {more.pop("promise", "resolve"): bench.now() + timedelta(days=1)}
    await bench.add_ticket(number, call=call, **more)
    event = samples.registered(number=number, promised=promised, estate=more.get("estate"))
    await bench.handle(event, id=f"r/{number}")


def texts(bench: Bench) -> list[str]:
    return [letter.body for letter in bench.tray.letters]


def numbers_in(text: str) -> set[str]:
    return set(re.findall(r"26-\d", text))


async def hold_the_one_receipt(bench: Bench) -> None:
    wanted = {"kind": "hold", "purpose": "receipts", "note": "wrong words"}
    await put(bench, "", wanted)


async def let_go(bench: Bench) -> None:
    """Release whatever brake is on."""
    headers = bench.token("supervisor", "*")
    found = await bench.replicas[0].http.get("/v1/messages/brakes", headers=headers)
    await put(bench, f"/{found.json()['items'][0]['id']}/release", {})


async def put(bench: Bench, path: str, body: dict[str, Any]) -> None:
    headers = bench.token("supervisor", "*") | {"Idempotency-Key": f"brake{path}"}
    answer = await bench.replicas[0].http.post(
        f"/v1/messages/brakes{path}", json=body, headers=headers
    )
    assert answer.is_success, answer.text


async def test_the_reports_of_a_call_have_one_receipt_a_minute_after_the_last(
    bench: Bench,
) -> None:
    await report(bench, "26-1")
    await bench.forward(LISTEN)
    await report(bench, "26-2", promise="first_reply")
    await bench.forward(LISTEN)
    await report(bench, "26-3")
    await stand(bench, queued=3)
    assert texts(bench) == []

    await bench.forward(A_MINUTE)
    docs = await stand(bench, received=4)

    [text] = texts(bench)
    assert text.startswith("【")
    assert NAME in text
    assert "3 件事项" in text
    assert numbers_in(text) == {"26-1", "26-2", "26-3"}
    assert len(re.findall(r"锦园电梯：\d+月\d+日 \d\d:\d\d 前处理完毕", text)) == 2
    assert len(re.findall(r"锦园电梯：\d+月\d+日 \d\d:\d\d 前与您联系", text)) == 1
    [one] = [doc for doc in docs if doc["purpose"] == "receipts"]
    assert (one["recipient"], one["number"], one["cause"]["kind"]) == (CALLER, CALL, "call")
    told = {event.number for event in await bench.said(MessageReceived, 4)}
    assert told == {"26-1", "26-2", "26-3", CALL}


async def test_a_call_about_one_matter_has_its_own_receipt_as_ever(bench: Bench) -> None:
    await report(bench, "26-1")
    await bench.forward(A_MINUTE)

    [doc] = await stand(bench, received=1)

    assert doc["purpose"] == "receipt"
    [text] = texts(bench)
    assert "编号 26-1" in text


async def test_what_comes_after_the_receipt_of_a_call_has_one_of_its_own(bench: Bench) -> None:
    for round_, numbers in enumerate((("26-1", "26-2"), ("26-3", "26-4")), 1):
        for number in numbers:
            await report(bench, number)
        await bench.forward(A_MINUTE)
        await stand(bench, received=3 * round_)

    first, second = texts(bench)
    assert (numbers_in(first), numbers_in(second)) == ({"26-1", "26-2"}, {"26-3", "26-4"})


async def test_without_a_call_and_without_the_rule_nobody_waits(bench: Bench) -> None:
    await report(bench, "26-1", call=None)
    await stand(bench, received=1)
    await bench.let_places_differ(jinyuan={"rules": {"receipt_of_call_after": None}})
    await report(bench, "26-2")

    await stand(bench, received=2)


async def test_an_emergency_of_the_call_is_told_at_once_and_by_itself(bench: Bench) -> None:
    await report(bench, "26-1")
    await bench.add_ticket("26-2", call=CALL, emergency_kind="elevator_entrapment")
    event = samples.registered(
        number="26-2", urgency="emergency", emergency_kind="elevator_entrapment"
    )
    await bench.handle(event, lane="urgent", id="danger")

    await stand(bench, received=1, queued=1)

    [text] = texts(bench)
    assert numbers_in(text) == {"26-2"}


async def test_another_caller_of_the_same_id_reads_nothing_of_the_others(bench: Bench) -> None:
    await report(bench, "26-1")
    await report(bench, "26-2", caller=OTHER)
    await report(bench, "26-3")
    await report(bench, "26-4", caller=OTHER)
    await bench.forward(A_MINUTE)

    await stand(bench, received=6)

    letters = {letter.address: letter.body for letter in bench.tray.letters}
    assert set(letters) == {f"+86{PHONE}", f"+86{OTHER['phone']}"}
    assert numbers_in(letters[f"+86{PHONE}"]) == {"26-1", "26-3"}
    assert numbers_in(letters[f"+86{OTHER['phone']}"]) == {"26-2", "26-4"}


async def test_what_no_machine_may_tell_and_whom_nobody_reaches_is_left_out_and_not_lost(
    bench: Bench,
) -> None:
    await report(bench, "26-1")
    await report(bench, "26-2")
    await report(bench, "26-3")
    await report(bench, "26-4", caller=None)
    tickets = bench.store.documents("tickets")
    await tickets.update_one({"_id": "26-2"}, {"$set": {"emergency_kind": "suicide_risk"}})
    await bench.forward(A_MINUTE)

    docs = await stand(bench, received=3, failed=2)

    [text] = texts(bench)
    assert numbers_in(text) == {"26-1", "26-3"}
    reasons = {doc["number"]: doc["reason"] for doc in docs if doc["status"] == "failed"}
    assert reasons == {"26-2": "withheld", "26-4": "no_address"}
    failed = await bench.said(MessageFailed, 2)
    assert {(event.number, event.reason) for event in failed} == set(reasons.items())


async def test_what_turns_out_between_folding_and_sending_leaves_the_one_receipt(
    empty_bench: Bench,
) -> None:
    """A brake holds the one receipt; meanwhile one of its reports is a matter for a person."""
    bench = empty_bench
    await bench.add_replica()
    await hold_the_one_receipt(bench)
    for number in ("26-1", "26-2", "26-3"):
        await report(bench, number)
    await bench.forward(A_MINUTE)
    await stand(bench, folded=3, held=1)
    tickets = bench.store.documents("tickets")
    await tickets.update_one({"_id": "26-1"}, {"$set": {"emergency_kind": "suicide_risk"}})

    await let_go(bench)
    docs = await stand(bench, received=3, failed=1)

    [text] = texts(bench)
    assert numbers_in(text) == {"26-2", "26-3"}
    [failed] = [doc for doc in docs if doc["status"] == "failed"]
    assert (failed["number"], failed["reason"], failed.get("digest")) == ("26-1", "withheld", None)


async def test_a_receipt_that_is_stopped_stays_behind_and_the_others_go(bench: Bench) -> None:
    for number, place in (("26-1", "jinyuan"), ("26-2", "binjiang"), ("26-3", "jinyuan")):
        await report(bench, number, estate=place)
    wanted = {"kind": "stop", "purpose": "receipt", "estate": "binjiang", "note": "wrong words"}
    await put(bench, "", wanted)
    await stand(bench, queued=2, stopped=1)
    await bench.forward(A_MINUTE)

    docs = await stand(bench, received=3, stopped=1)

    [stopped] = [doc for doc in docs if doc["status"] == "stopped"]
    assert stopped["number"] == "26-2"
    [text] = texts(bench)
    assert numbers_in(text) == {"26-1", "26-3"}


async def test_what_was_stopped_before_it_was_folded_is_not_told_all_the_same(
    empty_bench: Bench,
) -> None:
    """Somebody stops one of them between the list and the folding."""
    bench = empty_bench
    await bench.add_replica()
    await hold_the_one_receipt(bench)
    for number in ("26-1", "26-2", "26-3"):
        await report(bench, number)
    await bench.forward(A_MINUTE)
    docs = await stand(bench, folded=3, held=1)
    [second] = [doc["_id"] for doc in docs if doc["number"] == "26-2"]
    messages = bench.store.documents("messages")
    await messages.update_one(
        {"_id": second},
        {"$set": {"status": "stopped", "next_at": None, "ended_at": bench.now()},
         "$unset": {"digest": ""}},
    )  # fmt: skip

    await let_go(bench)
    await stand(bench, received=3, stopped=1)

    [text] = texts(bench)
    assert numbers_in(text) == {"26-1", "26-3"}


async def test_two_replicas_and_a_repeat_of_each_event_make_one_receipt(
    empty_bench: Bench,
) -> None:
    bench = empty_bench
    await asyncio.gather(bench.add_replica(), bench.add_replica())
    for number in ("26-1", "26-2"):
        await report(bench, number)
        await bench.handle(samples.registered(number=number), id=f"again/{number}")
    await bench.forward(A_MINUTE)

    await stand(bench, received=3)

    assert len(bench.tray.letters) == 1


@pytest.mark.whole
async def test_what_a_killed_notifier_left_half_told_is_told_once(empty_bench: Bench) -> None:
    bench = empty_bench
    await bench.add_replica()
    for number in ("26-1", "26-2"):
        await report(bench, number)
    await bench.forward(A_MINUTE)
    docs = await stand(bench, received=3)
    [one] = [doc for doc in docs if doc["purpose"] == "receipts"]
    first, second = one["entries"]
    messages = bench.store.documents("messages")
    undone: dict[str, Any] = {"ended_at": None, "outbox": [], "next_at": bench.now()}
    await messages.update_one({"_id": first}, {"$set": undone | {"status": "folded"}})
    await messages.update_one(
        {"_id": second}, {"$set": undone | {"status": "queued"}, "$unset": {"digest": ""}}
    )
    await messages.update_one(
        {"_id": one["_id"]}, {"$set": undone | {"status": "gathering", "attempts": []}}
    )

    docs = await stand(bench, received=3)

    assert len([doc for doc in docs if doc["purpose"] == "receipts"]) == 1
    assert {doc["digest"] for doc in docs if doc["purpose"] == "receipt"} == {one["_id"]}


async def test_staff_read_the_one_receipt_as_it_was_sent_and_only_who_may_see_all_of_it(
    bench: Bench,
) -> None:
    for number in ("26-1", "26-2"):
        await report(bench, number)
    await bench.forward(A_MINUTE)
    docs = await stand(bench, received=3)
    [one] = [doc["_id"] for doc in docs if doc["purpose"] == "receipts"]
    http = bench.replicas[0].http

    shown = await http.get(f"/v1/messages/{one}", headers=bench.token("dispatcher", "*"))
    foreign = await http.get(f"/v1/messages/{one}", headers=bench.token("dispatcher", "binjiang"))

    assert shown.status_code == 200, shown.text
    assert numbers_in(shown.json()["body"]) == {"26-1", "26-2"}
    assert NAME not in shown.text
    assert PHONE not in shown.text
    assert foreign.status_code == 404


async def test_the_auditor_counts_the_one_receipt_as_told_and_names_what_it_does_not_tell(
    bench: Bench,
) -> None:
    for number in ("26-1", "26-2"):
        await report(bench, number)
    await bench.forward(A_MINUTE)
    docs = await stand(bench, received=3)
    [one] = [doc for doc in docs if doc["purpose"] == "receipts"]

    async def odd() -> set[tuple[str, str]]:
        found = await examine(bench.corner.mongo_url, bench.corner.database)
        return {(each.kind.code, each.id) for each in found.of(kinds.DIGEST_ODD)}

    assert await odd() == set()
    missing = one["entries"][0]
    await bench.store.documents("messages").update_one(
        {"_id": missing}, {"$set": {"digest": "another"}}
    )
    assert await odd() == {("digest_odd", missing)}
