"""What must not be erased is held: one ticket, or a person in all their tickets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.intake.privacy.retention import BATCH
from shared.identity import Role
from shared.telemetry import metrics
from shared.tickets.acts import AnswerQuestion
from tests.intake.privacy_bench import LI, WANG, PrivacyBench, problem
from tests.intake.test_carrying import set_hold, ticket
from tests.support.bench import until
from tests.support.questions import questions

INQUIRY = {"estate": "jinyuan", "text": "物业费怎么交", "type": "inquiry", "area": "fees"}
RETAINED = timedelta(days=1095)
INQUIRIES_RETAINED = timedelta(days=365)


async def test_a_hold_lies_on_the_ticket_and_is_on_record(bench: PrivacyBench) -> None:
    number = await bench.register()

    hold = await set_hold(bench, number)

    doc = await ticket(bench, number)
    assert doc["legal_holds"] == [{"id": hold, "person": None}]
    assert doc["version"] == len(doc["timeline"])
    [entry] = await bench.audit("legal_hold.set")
    assert (entry["by"], entry["why"], entry["subject"]["id"]) == ("officer", "litigation", hold)


async def test_a_hold_of_a_person_lies_on_all_their_tickets(bench: PrivacyBench) -> None:
    first, second = await bench.register(), await bench.register(caller=LI, on_site_contact=WANG)
    other = await bench.register(caller=LI)

    await set_hold(bench, first, person="caller")

    held = [bool((await ticket(bench, n)).get("legal_holds")) for n in (first, second, other)]
    assert held == [True, True, False]


async def test_the_same_wish_under_the_same_key_is_one_hold(bench: PrivacyBench) -> None:
    number = await bench.register()

    holds = {await set_hold(bench, number) for _ in range(2)}
    refused = await bench.ask(
        "POST", "/v1/legal-holds", as_="privacy_officer", id="officer", key="h",
        json={"number": number, "reason": "dispute"},
    )  # fmt: skip

    assert len(holds) == 1
    assert problem(refused) == (422, "conflict")
    assert refused.json()["title"] == "This Idempotency-Key was used for another legal hold"
    assert refused.json()["detail"] == "send a key of its own with each legal hold"
    assert len((await ticket(bench, number))["legal_holds"]) == 1


async def test_a_hold_without_a_key_is_refused_in_the_words_of_a_hold(bench: PrivacyBench) -> None:
    refused = await bench.ask(
        "POST", "/v1/legal-holds", as_="privacy_officer", id="officer",
        json={"number": await bench.register(), "reason": "dispute"},
    )  # fmt: skip

    [fault] = refused.json()["faults"]
    assert fault["field"] == "Idempotency-Key"
    assert fault["remedy"] == "send a header of this name that is new for each legal hold"


async def test_two_holds_of_one_ticket_are_lifted_one_by_one(bench: PrivacyBench) -> None:
    number = await bench.register()
    first, second = [await set_hold(bench, number, key=key) for key in "ab"]

    lifted = await bench.ask(
        "POST", f"/v1/legal-holds/{first}/lift", as_="privacy_officer", id="officer"
    )

    assert lifted.json()["lifted_by"] == "officer"
    assert [h["id"] for h in (await ticket(bench, number))["legal_holds"]] == [second]
    found = await bench.ask("GET", "/v1/legal-holds", as_="auditor")
    assert {item["id"]: bool(item["lifted_at"]) for item in found.json()["items"]} == {
        first: True, second: False
    }  # fmt: skip


@pytest.mark.parametrize("role", ["agent", "supervisor", "manager", "auditor", "administrator"])
async def test_only_a_privacy_officer_holds(bench: PrivacyBench, role: Role) -> None:
    body = {"number": await bench.register(), "reason": "litigation"}

    answers = [
        await bench.ask("POST", "/v1/legal-holds", as_=role, key="k", json=body),
        await bench.ask("POST", f"/v1/legal-holds/{'0' * 32}/lift", as_=role),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_a_hold_on_what_is_not_there_is_refused(bench: PrivacyBench) -> None:
    body = {"number": "22222222", "reason": "litigation"}
    officer: dict[str, Any] = {"as_": "privacy_officer", "id": "officer"}

    answers = [
        await bench.ask("POST", "/v1/legal-holds", key="k", json=body, **officer),
        await bench.ask("POST", "/v1/legal-holds", key="l", json={**body, "person": "caller"},
                        **officer),
        await bench.ask("POST", f"/v1/legal-holds/{'0' * 32}/lift", **officer),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_nobody_sets_sees_or_lifts_a_hold_on_what_is_about_them(
    bench: PrivacyBench,
) -> None:
    """Or they would let go what is kept as evidence against them."""
    await bench.have_account("subject")
    number = await bench.register(about={"people": ["subject"]})
    body = {"number": number, "reason": "litigation"}
    held = await set_hold(bench, number)
    subject: dict[str, Any] = {"as_": "privacy_officer", "id": "subject"}

    listed = await bench.ask("GET", "/v1/legal-holds", **subject)
    lifted = await bench.ask("POST", f"/v1/legal-holds/{held}/lift", **subject)
    own = await bench.ask("POST", "/v1/legal-holds", key="l", json=body, **subject)

    assert (listed.json()["items"], lifted.status_code, own.status_code) == ([], 404, 404)
    assert [h["id"] for h in (await ticket(bench, number))["legal_holds"]] == [held]


async def over(bench: PrivacyBench, report: dict[str, Any] | None = None, **more: Any) -> str:
    number = await bench.register(report, **more)
    await bench.act(number, AnswerQuestion(by="agent-1", note="answered"))
    return number


async def gone(bench: PrivacyBench, number: str) -> bool:
    return bool((await ticket(bench, number))["persons"] == {})


def erased() -> float:
    return float(metrics.PERSONS_ERASED.labels("retention")._value.get())


async def test_persons_are_erased_when_their_ticket_has_been_over_for_long_enough(
    own_bench: PrivacyBench,
) -> None:
    bench = own_bench
    still_open, inquiry, repair = (
        await bench.register(), await over(bench, INQUIRY), await over(bench, on_site_contact=LI)
    )  # fmt: skip
    before = erased()
    await bench.forward(INQUIRIES_RETAINED - timedelta(days=1))
    await bench.forward(timedelta(days=2))
    await until(lambda: gone(bench, inquiry))

    assert [await gone(bench, number) for number in (still_open, repair)] == [False, False]
    assert erased() == before + 1
    await bench.forward(RETAINED - INQUIRIES_RETAINED)
    await until(lambda: gone(bench, repair))
    assert erased() == before + 3
    assert not await gone(bench, still_open)
    doc = await ticket(bench, repair)
    assert doc["index"] == {}
    assert doc["timeline"][-1]["transition"] == "person_erased"
    assert {entry["why"] for entry in await bench.audit("person.erased")} == {"retention"}


async def test_more_than_a_batch_goes_in_one_look(own_bench: PrivacyBench) -> None:
    bench = own_bench
    numbers = [await over(bench, INQUIRY) for _ in range(BATCH + 1)]

    await bench.forward(INQUIRIES_RETAINED + timedelta(days=1))

    async def all_gone() -> bool:
        return await bench.store.find("tickets", {"persons": {"$gt": {}}}, limit=1) == []

    await until(all_gone)
    assert len(numbers) == len(await bench.audit("person.erased"))


async def test_what_is_held_stays_and_so_does_a_later_ticket_of_a_held_person(
    own_bench: PrivacyBench,
) -> None:
    bench = own_bench
    held, person, free = (
        await over(bench, INQUIRY, caller=LI), await over(bench, INQUIRY),
        await over(bench, INQUIRY, caller={**LI, "phone": "13800138002"}),
    )  # fmt: skip
    await set_hold(bench, held, key="a")
    await set_hold(bench, person, key="b", person="caller")
    later = await over(bench, INQUIRY)

    await bench.forward(INQUIRIES_RETAINED + timedelta(days=1))
    await until(lambda: gone(bench, free))

    async def marked() -> bool:
        return bool((await ticket(bench, later)).get("legal_holds"))

    await until(marked)
    assert [await gone(bench, number) for number in (held, person, later)] == [False] * 3


async def test_an_estate_may_keep_persons_for_longer_than_the_group(
    own_bench: PrivacyBench,
) -> None:
    bench = own_bench
    await bench.let_places_differ(cuihu={"rules": {"retain_types_for": {"inquiry": "P730D"}}})
    here, there = await over(bench, INQUIRY), await over(bench, {**INQUIRY, "estate": "cuihu"})

    await bench.forward(INQUIRIES_RETAINED + timedelta(days=1))
    await until(lambda: gone(bench, here))
    assert not await gone(bench, there)

    await bench.forward(INQUIRIES_RETAINED)
    await until(lambda: gone(bench, there))


async def test_what_is_due_is_found_by_an_index(own_bench: PrivacyBench) -> None:
    bench = own_bench
    await over(bench, INQUIRY)
    with questions(bench.corner.mongo_url, bench.corner.database) as record:
        number = await over(bench, INQUIRY, caller={**LI, "phone": "13800138003"})
        await bench.forward(INQUIRIES_RETAINED + timedelta(days=1))
        await until(lambda: gone(bench, number))
        due = [q for q in record.asked() if "over_at" in q.asked and q.operation == "query"]

    assert due
    assert {q.plan for q in due} == {"IXSCAN { type: 1, over_at: 1 }"}
