"""A second caller about a running emergency: a ticket of their own, and no second alert."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from shared.contracts.intake import TicketRegistered
from shared.identity import Role
from tests.intake.privacy_bench import LI, STUCK, WANG, PrivacyBench
from tests.intake.test_previewing import run

SEEN = {"estate": "jinyuan", "text": "也是三号楼的，问一下情况"}
NO_SUCH = "is no emergency that runs within your reach at this place"


async def send(
    bench: PrivacyBench,
    report: dict[str, Any],
    *,
    key: str | None = None,
    place: str = "*",
    id: str = "agent-1",
    as_: Role = "agent",
) -> httpx.Response:
    return await bench.ask("POST", "/v1/tickets", as_=as_, id=id, place=place,
                           key=key or uuid.uuid4().hex, json=report)  # fmt: skip


async def running(bench: PrivacyBench, **changes: Any) -> str:
    number = await bench.register(STUCK, **changes)
    await run(bench, number, kind="elevator_entrapment", estate=changes.get("estate", "jinyuan"))
    return number


async def test_who_joins_has_a_ticket_of_their_own_that_shares_the_alert(
    bench: PrivacyBench,
) -> None:
    first = await running(bench)
    said = f"{first[:4]}-{first[4:]}".lower()

    answer = await send(bench, {"text": SEEN["text"], "joins": said, "caller": LI})

    shown = answer.json()
    assert (answer.status_code, shown["joins"], shown["alerting"]) == (201, first, "started")
    ticket = await bench.platform.tickets.get(shown["number"])
    assert ticket is not None
    assert ticket.number != first
    assert (ticket.joins, ticket.shares_alert, ticket.estate) == (first, True, "jinyuan")
    assert ticket.plan.emergency_kind == "elevator_entrapment"
    [event] = await bench.said(TicketRegistered, number=shown["number"])
    assert event.joins == first
    doc = await bench.store.get("tickets", shown["number"])
    assert doc is not None
    assert doc["persons"]["caller"]
    assert doc["index"]["phone"]


async def test_who_joins_one_that_joins_shares_the_same_alert(bench: PrivacyBench) -> None:
    first = await running(bench)
    second = (await send(bench, SEEN | {"joins": first})).json()["number"]

    third = await send(bench, SEEN | {"joins": second})

    assert third.json()["joins"] == first


@pytest.mark.parametrize(
    "joins", ["22222222", "nonsense", "a lamp", "over", "foreign", "elsewhere"]
)
async def test_what_does_not_run_within_reach_at_the_place_is_refused_with_words(
    bench: PrivacyBench, joins: str
) -> None:
    place = "*"
    if joins == "a lamp":
        joins = await bench.register()
    elif joins == "over":
        joins = await bench.register(STUCK)
        await run(bench, joins, kind="elevator_entrapment",
                  ended_at=bench.platform.store.clock.now())  # fmt: skip
    elif joins == "foreign":
        joins, place = await running(bench, estate="cuihu"), "jinyuan"
    elif joins == "elsewhere":
        joins = await running(bench, estate="cuihu")
    before = await bench.store.documents("tickets").count_documents({})

    answer = await send(bench, SEEN | {"joins": joins}, place=place)

    [fault] = answer.json()["faults"]
    assert (answer.status_code, fault["field"], fault["fault"]) == (422, "joins", NO_SUCH)
    assert "正在处置" in fault["fault_zh"]
    assert await bench.store.documents("tickets").count_documents({}) == before


async def test_an_emergency_that_cannot_join_has_an_alert_of_its_own(bench: PrivacyBench) -> None:
    answer = await send(bench, STUCK | {"joins": "22222222"})

    shown = answer.json()
    ticket = await bench.platform.tickets.get(shown["number"])
    assert answer.status_code == 201
    assert [fault["field"] for fault in shown["faults"]] == ["joins"]
    assert ticket is not None
    assert not ticket.shares_alert


async def test_whoever_tells_of_another_danger_too_is_told_so(bench: PrivacyBench) -> None:
    first = await running(bench)

    answer = await send(bench, {"joins": first, "text": "3号楼着火了，烟很大，有人喊救命"})

    assert answer.json()["joins"] == first
    assert any("another danger" in fault["fault"] for fault in answer.json()["faults"])


async def test_a_repeat_after_the_end_gets_the_stored_answer(bench: PrivacyBench) -> None:
    first = await running(bench)
    made = await send(bench, SEEN | {"joins": first, "caller": WANG}, key="k")
    now = bench.platform.store.clock.now()
    await bench.store.documents("emergencies").update_one({}, {"$set": {"ended_at": now}})

    again = await send(bench, SEEN | {"joins": first, "caller": WANG}, key="k")

    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json()["number"] == made.json()["number"]
    assert again.json()["alerting"] == "ended"


async def test_a_refused_key_is_free_for_the_corrected_report(bench: PrivacyBench) -> None:
    refused = await send(bench, SEEN | {"joins": "22222222"}, key="k")

    mended = await send(bench, SEEN, key="k")

    assert (refused.status_code, mended.status_code) == (422, 201)


async def test_a_system_joins_what_it_reported_and_nothing_else(bench: PrivacyBench) -> None:
    own = (await send(bench, STUCK, as_="system", id="system:iot")).json()["number"]
    foreign = await running(bench)

    joined = await send(bench, SEEN | {"joins": own}, as_="system", id="system:iot")
    refused = await send(bench, SEEN | {"joins": foreign}, as_="system", id="system:iot")

    assert joined.json()["joins"] == own
    assert refused.status_code == 422


FIRE = "翠湖3号楼着火了，烟很大，有人喊救命"


async def test_one_of_which_nobody_knows_place_and_kind_is_joined_by_who_knows_both(
    bench: PrivacyBench,
) -> None:
    first = (await send(bench, {"channel": "phone", "emergency_kind": "unknown"})).json()["number"]
    await run(bench, first, kind="unknown", estate=None)

    shown = (await send(bench, {"estate": "cuihu", "text": FIRE, "joins": first})).json()

    ticket = await bench.platform.tickets.get(shown["number"])
    assert ticket is not None
    assert (ticket.joins, ticket.estate) == (first, "cuihu")
    assert shown["emergency_kind"] == "fire"


async def test_an_estate_that_nobody_knows_is_not_taken_for_that_of_the_emergency(
    bench: PrivacyBench,
) -> None:
    first = await running(bench)

    shown = (await send(bench, STUCK | {"estate": "翠", "joins": first})).json()

    ticket = await bench.platform.tickets.get(shown["number"])
    assert ticket is not None
    assert (ticket.joins, ticket.estate) == (None, None)


async def test_whose_joining_is_refused_keeps_what_the_words_tell_and_hears_what_to_do(
    bench: PrivacyBench,
) -> None:
    first = await running(bench)
    report = {"estate": "cuihu", "text": FIRE, "emergency_kind": "unknown", "joins": first}

    shown = (await send(bench, report)).json()

    [fault] = [each for each in shown["faults"] if each["field"] == "joins"]
    assert (shown["emergency_kind"], shown.get("joins")) == ("fire", None)
    assert "119" in shown["advice_zh"]
    assert "已单独报警" in fault["remedy_zh"]
