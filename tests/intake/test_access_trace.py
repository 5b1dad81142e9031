"""Who has seen this person? Every way shows in one list, and asking is on record too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.identity import Role
from tests.intake.privacy_bench import LI, WANG, PrivacyBench
from tests.support.questions import questions


async def ask(
    bench: PrivacyBench, body: dict[str, Any], *, as_: Role = "privacy_officer", **params: str
) -> httpx.Response:
    return await bench.ask("POST", "/v1/persons/seen", as_=as_, id="officer", json=body,
                           params=params)  # fmt: skip


async def told(
    bench: PrivacyBench, number: str, purpose: str, channel: str, outcome: str = "accepted"
) -> None:
    """A message of the notifier's, as it keeps them."""
    await bench.store.insert_once(
        "messages",
        {
            "_id": f"m-{number}-{purpose}", "number": number, "recipient": "caller",
            "purpose": purpose, "status": "received", "at": bench.now(),
            "attempts": [{"channel": channel, "outcome": outcome}],
        },
    )  # fmt: skip


def ways(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(item["way"], item["number"]) for item in answer.json()["items"]]


async def test_every_way_shows_newest_first(bench: PrivacyBench) -> None:
    number = await bench.register()
    await bench.reveal(number, id="agent-9", reason="visit")
    await told(bench, number, "receipt", "sandbox")
    await told(bench, number, "survey", "sandbox")

    answer = await ask(bench, {"phone": "+86 138 0013 8000"})

    assert answer.headers["cache-control"] == "no-store"
    assert [way for way, _ in ways(answer)] == [
        "traced", "link", "message", "revealed", "reported"
    ]  # fmt: skip
    opened_ = answer.json()["items"][3]
    assert (opened_["by"], opened_["why"], opened_["person"]) == ("agent-9", "visit", "caller")
    assert answer.json()["items"][2]["channels"] == ["sandbox"]


async def test_what_no_channel_took_left_the_house_by_none(bench: PrivacyBench) -> None:
    number = await bench.register()
    await told(bench, number, "receipt", "sandbox", "no_channel")

    answer = await ask(bench, {"phone": "+86 138 0013 8000"})

    (message,) = [item for item in answer.json()["items"] if item["way"] == "message"]
    assert message["channels"] == []


async def test_what_was_told_with_others_left_by_the_channel_of_the_one_message(
    bench: PrivacyBench,
) -> None:
    numbers = [await bench.register() for _ in range(2)]
    await told(bench, "call-7", "receipts", "sandbox")
    for number in numbers:
        await bench.store.insert_once(
            "messages",
            {
                "_id": f"m-{number}", "number": number, "recipient": "caller",
                "purpose": "receipt", "status": "received", "at": bench.now(), "attempts": [],
                "digest": "m-call-7-receipts",
            },
        )  # fmt: skip

    answer = await ask(bench, {"phone": "+86 138 0013 8000"})

    messages = [item for item in answer.json()["items"] if item["way"] == "message"]
    assert {item["number"] for item in messages} == set(numbers)
    assert [item["channels"] for item in messages] == [["sandbox"], ["sandbox"]]
    assert all("told_by" not in item for item in messages)


async def test_a_phone_finds_all_tickets_of_the_person_also_as_contact(bench: PrivacyBench) -> None:
    own, other = await bench.register(), await bench.register(caller=LI)
    visiting = await bench.register(caller=LI, on_site_contact=WANG, estate="cuihu")
    for number, person in ((own, "caller"), (other, "caller"), (visiting, "on_site_contact")):
        await bench.reveal(number, person=person)

    answer = await ask(bench, {"phone": WANG["phone"]})

    revealed = [number for way, number in ways(answer) if way == "revealed"]
    assert revealed == [visiting, own]
    assert answer.json()["tickets"] == [
        {"number": visiting, "person": "on_site_contact"},
        {"number": own, "person": "caller"},
    ]


async def test_one_ticket_s_person_leads_to_their_others(bench: PrivacyBench) -> None:
    first, second = await bench.register(), await bench.register()
    await bench.reveal(second)

    answer = await ask(bench, {"number": first, "person": "caller"}, as_="auditor")

    assert ("revealed", second) in ways(answer)


async def test_of_a_person_without_a_phone_only_that_ticket_is_known(bench: PrivacyBench) -> None:
    first = await bench.register(caller={"name": "王桂兰"})
    await bench.register(caller={"name": "王桂兰"})

    answer = await ask(bench, {"number": first, "person": "caller"})

    assert {number for _, number in ways(answer)} == {first}


async def test_a_publisher_that_brought_the_data_is_named(bench: PrivacyBench) -> None:
    body = {"estate": "jinyuan", "text": "楼道灯不亮，请来修", "caller": WANG}
    await bench.ask("POST", "/v1/tickets", as_="system", id="system:app", key="k", json=body)

    answer = await ask(bench, {"phone": WANG["phone"]})

    [item] = [item for item in answer.json()["items"] if item["way"] == "publisher"]
    assert item["by"] == "system:app"


async def test_pages_hold_everything_once(bench: PrivacyBench) -> None:
    numbers = [await bench.register() for _ in range(3)]
    for number in numbers:
        await bench.reveal(number)
        await told(bench, number, "receipt", "sandbox")
        await bench.forward(timedelta(seconds=1))
    whole = ways(await ask(bench, {"phone": WANG["phone"]}))

    found: list[tuple[str, str]] = []
    after: dict[str, Any] = {}
    while True:
        answer = await ask(bench, {"phone": WANG["phone"]}, limit="2", **after)
        assert len(answer.json()["items"]) <= 2
        found += ways(answer)
        if (desk_actions := answer.json()["next"]) is None:
            break
        after = {"after": desk_actions}

    # Each page's own question is newer than the page before it, so that it is on none.
    assert [each for each in found if each[0] != "traced"] == whole[1:]
    assert len(whole) == 10


@pytest.mark.parametrize("role", ["agent", "dispatcher", "supervisor", "manager", "department",
                                  "administrator", "system"])  # fmt: skip
async def test_it_is_for_privacy_officers_and_auditors(bench: PrivacyBench, role: Role) -> None:
    assert (await ask(bench, {"phone": "13800138000"}, as_=role)).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"person": "caller"}, "body"),
        ({"number": "22222222"}, "body"),
        ({"phone": "13800138000", "number": "22222222", "person": "caller"}, "body"),
        ({"phone": "nobody"}, "phone"),
        ({"phone": ""}, "phone"),
        ({"name": "王桂兰"}, "name"),
    ],
)
async def test_a_question_about_nobody_names_its_field(
    bench: PrivacyBench, body: dict[str, Any], field: str
) -> None:
    answer = await ask(bench, body)

    assert (answer.status_code, [f["field"] for f in answer.json()["faults"]]) == (422, [field])
    assert "王桂兰" not in answer.text


async def test_a_ticket_that_is_missing_is_not_there(bench: PrivacyBench) -> None:
    body = {"number": "22222222", "person": "caller"}

    assert (await ask(bench, body)).status_code == 404


async def test_the_question_itself_is_on_record_without_the_number(bench: PrivacyBench) -> None:
    number = await bench.register()

    await ask(bench, {"phone": WANG["phone"]})
    await ask(bench, {"phone": "13999999999"})

    found = [(e["subject"]["id"], e["details"]) for e in await bench.audit("person.traced")]
    assert found == [(f"{number}/caller", {"tickets": 1}), ("unknown", {"tickets": 0})]


async def test_no_collection_is_read_through_for_it(bench: PrivacyBench) -> None:
    await bench.register()
    with questions(bench.corner.mongo_url, bench.corner.database) as record:
        await ask(bench, {"phone": WANG["phone"]})
        plans = {(q.collection, q.plan) for q in record.asked() if q.operation == "query"}

    # Messages and calls are not ours to index, and keys of systems are read whole each second.
    beside = {"messages", "calls", "api_keys"}
    assert {name for name, plan in plans if plan == "COLLSCAN"} <= beside
    assert {name for name, _ in plans} >= {"tickets", "audit", "messages"}


async def test_a_ticket_about_whoever_asks_is_as_if_it_were_not_there(
    bench: PrivacyBench,
) -> None:
    await bench.have_account("officer")
    own = await bench.register(about={"people": ["officer"]})
    other = await bench.register()

    by_phone = await ask(bench, {"phone": "+86 138 0013 8000"})
    by_number = await ask(bench, {"number": own, "person": "caller"})

    assert [named["number"] for named in by_phone.json()["tickets"]] == [other]
    assert own not in by_phone.text
    assert by_number.status_code == 404
