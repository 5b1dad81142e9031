"""An emergency is taken whatever is wrong with it; the same fault in routine work is refused."""

from __future__ import annotations

import json
from typing import Any

import aio_pika
import pytest

from shared.bus import INBOUND
from shared.bus.consumers import PRINCIPAL_HEADER
from shared.contracts.parked import ParkedUrgent
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.bench import until
from tests.support.servers import Servers

CRY = {"estate": "jinyuan", "text": "电梯里困了两个人，快来"}
BEYOND = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00")


async def post(bench: IntakeBench, body: dict[str, Any], key: str = "k") -> tuple[int, Any]:
    headers = bench.signed_in("agent") | {"Idempotency-Key": key}
    answer = await bench.http.post("/v1/tickets", json=body, headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("field", ["reported_at", "due_by"])
@pytest.mark.parametrize("moment", BEYOND)
async def test_a_time_beyond_the_calendar_is_a_fault_and_breaks_nothing(
    bench: IntakeBench, field: str, moment: str
) -> None:
    status, answer = await post(bench, CRY | {field: moment})
    refused, problem = await post(bench, LAMP | {field: moment}, key="routine")

    assert (status, [fault["field"] for fault in answer["faults"]]) == (201, [field])
    assert (refused, [fault["field"] for fault in problem["faults"]]) == (422, [field])


async def test_a_key_may_be_as_long_as_its_sender_likes(bench: IntakeBench) -> None:
    key = "k" * 1_000

    first, again = await post(bench, CRY, key), await post(bench, CRY, key)

    assert (first[0], again[0]) == (201, 200)
    assert first[1]["number"] == again[1]["number"]


async def test_events_that_name_no_id_are_not_taken_for_repeats_of_each_other(
    bench: IntakeBench,
) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    for text in ("楼道灯不亮，请来修", "水管漏水了，请来修"):
        event = {"specversion": "1.0", "data": LAMP | {"text": text}}
        await exchange.publish(aio_pika.Message(json.dumps(event).encode()), "ticket.report")

    async def both() -> bool:
        return len(await bench.store.find("tickets", {}, limit=9)) == 2

    await until(both)


async def test_a_nest_deeper_than_anybody_needs_is_a_fault_and_breaks_nothing(
    bench: IntakeBench,
) -> None:
    nest: dict[str, Any] = {}
    for _ in range(300):
        nest = {"a": nest}

    status, answer = await post(bench, CRY | {"cosmos": nest})
    refused, problem = await post(bench, LAMP | {"cosmos": nest}, key="routine")

    assert (status, [fault["field"] for fault in answer["faults"]]) == (201, ["cosmos"])
    assert (refused, [fault["field"] for fault in problem["faults"]]) == (422, ["cosmos"])


BROKEN = {
    "half an emoji": (json.dumps(CRY)[:-2] + '\\ud83c"}').encode(),
    "a byte-order mark": b"\xef\xbb\xbf" + json.dumps(CRY).encode(),
    "NaN": (json.dumps(CRY)[:-1] + ', "weight": NaN}').encode(),
    "GB 18030": json.dumps(CRY, ensure_ascii=False).encode("gb18030"),
    "UTF-16": json.dumps(CRY, ensure_ascii=False).encode("utf-16"),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_a_cry_for_help_in_broken_bytes_is_an_emergency_over_http(
    bench: IntakeBench, body: bytes
) -> None:
    answer = await bench.http.post(
        "/v1/tickets", content=body, headers=bench.signed_in("agent") | {"Idempotency-Key": "k"}
    )

    assert answer.status_code == 201
    assert answer.json()["emergency_kind"] == "elevator_entrapment"
    assert "body" in {fault["field"] for fault in answer.json()["faults"]}


@pytest.mark.parametrize("key", ["ticket.report.urgent", "ticket.report"])
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_a_cry_for_help_in_broken_bytes_is_an_emergency_over_the_queue(
    bench: IntakeBench, body: bytes, key: str
) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(aio_pika.Message(body), key)

    await until(lambda: bench.store.find("tickets", {}, limit=9), seconds=10)
    [ticket] = await bench.store.find("tickets", {}, limit=9)

    assert ticket["emergency_kind"] == "elevator_entrapment"
    assert "body" in {fault["field"] for fault in ticket["faults"]}
    assert await bench.store.find("parked", {}, limit=9) == []


async def test_routine_work_in_broken_bytes_is_refused_with_the_way_out(
    bench: IntakeBench,
) -> None:
    body = json.dumps(LAMP, ensure_ascii=False).encode("gb18030")

    answer = await bench.http.post(
        "/v1/tickets", content=body, headers=bench.signed_in("agent") | {"Idempotency-Key": "k"}
    )

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["body"]
    assert "UTF-8" in answer.text


UNREADABLE = {
    "no JSON": "电梯里困了两个人，快来".encode(),
    "cut off": json.dumps(CRY).encode()[:-9],
    "no words": b'{"estate":"jinyuan"}',
    "damaged, and no emergency that we know": b'\xef\xbb\xbf{"estate":"jinyuan","text":"hm"}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_on_the_urgent_key_is_itself_told_to_a_person(
    bench: IntakeBench, body: bytes
) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(aio_pika.Message(body), "ticket.report.urgent")

    [told] = await bench.said(ParkedUrgent)

    [entry] = await bench.store.find("parked", {}, limit=9)
    assert told == ParkedUrgent(
        parked=entry["_id"], service="intake", queue="intake.arrivals.urgent", reason="malformed",
        at=entry["parked_at"],
    )  # fmt: skip


async def test_what_cannot_be_read_on_the_routine_key_waits_without_a_word(
    bench: IntakeBench,
) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(aio_pika.Message(b"{"), "ticket.report")

    await until(lambda: bench.store.find("parked", {}, limit=9))

    assert await bench.said(ParkedUrgent, times=0) == []


@pytest.mark.parametrize(
    ("principal", "publisher"),
    [("system:lift-sensors", "lift-sensors"), ("unnamed", None)],
)
async def test_who_sent_it_is_known_also_when_triage_has_passed_it_on(
    bench: IntakeBench, principal: str, publisher: str | None
) -> None:
    message = aio_pika.Message(b"{", headers={PRINCIPAL_HEADER: principal})
    await bench.channel.default_exchange.publish(message, "intake.reports.urgent")

    [told] = await bench.said(ParkedUrgent)

    assert told.publisher == publisher


GROWING = {
    "numbers": json.dumps(CRY | {"x": "here"}).replace(
        '"here"', f"[{','.join(['1e15'] * 16_000)}]"
    ),
    "another encoding": json.dumps(CRY | {"x": "困" * 90_000}, ensure_ascii=False),
}


@pytest.mark.parametrize("name", GROWING)
async def test_what_grows_when_it_is_passed_on_is_an_emergency_all_the_same(
    bench: IntakeBench, name: str
) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(aio_pika.Message(GROWING[name].encode("gb18030")), "ticket.report")

    await until(lambda: bench.store.find("tickets", {}, limit=9))

    [ticket] = await bench.store.find("tickets", {}, limit=9)
    assert ticket["emergency_kind"] == "elevator_entrapment"


async def test_one_system_s_unreadable_cry_does_not_stand_for_another_s(
    bench: IntakeBench, servers: Servers
) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    for user in (None, servers.rabbit.user):
        message = aio_pika.Message(b"SOS", message_id="sos", user_id=user)
        await exchange.publish(message, "ticket.report.urgent")

    told = await bench.said(ParkedUrgent, times=2)

    assert {event.publisher for event in told} == {None, servers.rabbit.user}
    assert len({event.parked for event in told}) == 2
