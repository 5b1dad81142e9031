"""A person is opened for a reason, once, on record and within limits (A5.3, design promise 9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.intake.privacy.domain import PER_HOUR
from shared.audit import NotAnchored, Trail
from shared.identity import Role
from shared.privacy.open import Opener
from shared.privacy.vault import VAULT
from shared.tickets.acts import Accept
from tests.intake.privacy_bench import LI, STUCK, WANG, PrivacyBench, kinds, moment, problem
from tests.support.questions import questions


async def test_an_agent_opens_a_caller_and_it_is_on_record(bench: PrivacyBench) -> None:
    number = await bench.register()

    answer = await bench.reveal(number, id="agent-9", reason="call_back")

    shown = answer.json()
    assert answer.status_code == 201
    assert {field: shown[field] for field in ("name", "phone", "room")} == {
        field: WANG[field] for field in ("name", "phone", "room")
    }
    assert answer.headers["cache-control"] == "no-store"
    [entry] = await bench.audit("person.revealed")
    assert entry["subject"] == {"kind": "person", "id": f"{number}/caller"}
    assert (entry["by"], entry["role"], entry["why"]) == ("agent-9", "agent", "call_back")
    assert entry["source"] == "127.0.0.1"


async def test_the_contact_on_site_is_somebody_else(bench: PrivacyBench) -> None:
    number = await bench.register(on_site_contact=LI)

    answer = await bench.reveal(number, person="on_site_contact")

    assert answer.json()["phone"] == LI["phone"]


async def test_nothing_is_opened_that_could_not_be_put_on_record(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await bench.register()
    seen: list[Any] = []

    async def full(*_: Any, **__: Any) -> None:
        raise NotAnchored("the disk is full")

    async def open_person(_: Opener, sealed: bytes) -> None:
        seen.append(sealed)

    monkeypatch.setattr(Trail, "record", full)
    monkeypatch.setattr(Opener, "open_person", open_person)
    answer = await bench.reveal(number)

    assert problem(answer) == (503, "not-anchored")
    assert seen == []


async def test_what_is_left_is_told_with_each_opening_and_before_the_first(
    bench: PrivacyBench,
) -> None:
    numbers = [await bench.register() for _ in range(3)]
    whole = {"left_hour": 20, "left_day": 100, "per_hour": 20, "per_day": 100}

    assert await allowance(bench) == whole
    shown = [(await bench.reveal(number, key=number)).json() for number in numbers]
    again = (await bench.reveal(numbers[0], key=numbers[0])).json()

    assert [each["left_hour"] for each in shown] == [19, 18, 17]
    assert [each["left_day"] for each in shown] == [99, 98, 97]
    assert (again["repeated"], again["left_hour"], again["left_day"]) == (True, 17, 97)
    assert await allowance(bench) == whole | {"left_hour": 17, "left_day": 97}
    assert await allowance(bench, id="agent-8") == whole
    await bench.forward(timedelta(hours=1))
    assert await allowance(bench) == whole | {"left_hour": 20, "left_day": 97}


async def test_nothing_is_left_where_the_limit_is_reached_and_never_less(
    bench: PrivacyBench,
) -> None:
    number = await bench.register(STUCK)
    await bench.give(number)
    for _ in range(PER_HOUR["department"] + 2):  # of an emergency no limit counts
        assert (await opened_by_engineering(bench, number)).status_code == 201

    left = await allowance(bench, as_="department", departments="engineering")

    assert (left["left_hour"], left["left_day"]) == (0, 28)


@pytest.mark.parametrize("role", ["manager", "auditor", "privacy_officer", "administrator"])
async def test_who_opens_nobody_has_no_allowance(bench: PrivacyBench, role: Role) -> None:
    answer = await bench.ask("GET", "/v1/reveals/allowance", as_=role)

    assert answer.status_code == 403


async def allowance(bench: PrivacyBench, as_: Role = "agent", **who: Any) -> dict[str, Any]:
    answer = await bench.ask("GET", "/v1/reveals/allowance", as_=as_, **who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


async def opened_by_engineering(bench: PrivacyBench, number: str) -> httpx.Response:
    return await bench.reveal(number, as_="department", departments="engineering")


async def test_a_replayed_reveal_tells_when_it_was_and_opens_nothing(bench: PrivacyBench) -> None:
    number = await bench.register()
    first = await bench.reveal(number, key="one")

    again = await bench.reveal(number, key="one")

    assert (first.status_code, again.status_code) == (201, 200)
    assert moment(again.json()["opened_at"]) == moment(first.json()["opened_at"])
    assert again.json()["repeated"] is True
    assert {"name", "phone", "room"} & set(again.json()) == set()
    assert len(await bench.audit("person.revealed")) == 1


async def test_ten_replays_at_once_on_two_replicas_open_once(bench: PrivacyBench) -> None:
    number = await bench.register()
    await bench.add_replica()

    answers = await asyncio.gather(*(bench.reveal(number, key="one", n=n % 2) for n in range(10)))

    assert kinds(answers) == [200] * 9 + [201]
    assert len(await bench.audit("person.revealed")) == 1


async def test_a_key_of_somebody_else_s_opens_as_if_it_were_new(bench: PrivacyBench) -> None:
    number = await bench.register()

    answers = [await bench.reveal(number, key="one", id=id) for id in ("agent-7", "agent-8")]

    assert kinds(answers) == [201, 201]


async def test_a_used_key_with_another_wish_is_refused(bench: PrivacyBench) -> None:
    number = await bench.register(on_site_contact=LI)
    await bench.reveal(number, key="one")

    answer = await bench.reveal(number, key="one", person="on_site_contact")

    assert problem(answer) == (422, "conflict")
    assert "phone" not in answer.json()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": None}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "curious"}, "reason"),
        ({"person": "neighbour"}, "person"),
        ({"number": 7}, "number"),
        ({"note": "13800138000"}, "note"),
    ],
)
async def test_a_wish_that_does_not_fit_names_its_field_and_opens_nothing(
    bench: PrivacyBench, changes: dict[str, Any], field: str
) -> None:
    wish = {"number": await bench.register(), "person": "caller", "reason": "visit", **changes}
    body = {name: value for name, value in wish.items() if value is not None}

    answer = await bench.ask("POST", "/v1/reveals", as_="agent", key="k", json=body)

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert await bench.audit() == []


@pytest.mark.parametrize("key", [None, "", "k" * 201])
async def test_a_wish_without_a_key_is_not_looked_at(bench: PrivacyBench, key: str | None) -> None:
    body = {"number": await bench.register(), "person": "caller", "reason": "visit"}

    answer = await bench.ask("POST", "/v1/reveals", as_="agent", key=key, json=body)

    assert [fault["field"] for fault in answer.json()["faults"]] == ["Idempotency-Key"]
    assert await bench.audit() == []


@pytest.mark.parametrize("role", ["manager", "privacy_officer", "auditor", "administrator",
                                  "system"])  # fmt: skip
async def test_roles_without_a_caller_to_ring_open_nobody(bench: PrivacyBench, role: Role) -> None:
    number = await bench.register()

    assert problem(await bench.reveal(number, as_=role)) == (403, "forbidden")
    assert await bench.audit() == []


async def test_a_person_who_was_not_named_is_not_there(bench: PrivacyBench) -> None:
    number = await bench.register()

    answer = await bench.reveal(number, person="on_site_contact")

    assert problem(answer) == (404, "no-such-person")
    assert await bench.audit() == []


async def test_over_the_hour_s_limit_somebody_waits_and_then_goes_on(bench: PrivacyBench) -> None:
    number, most = await bench.register(), PER_HOUR["agent"]
    answers = [await bench.reveal(number) for _ in range(most)]
    assert kinds(answers) == [201] * most

    refused = await bench.reveal(number)

    assert problem(refused) == (429, "too-many-reveals")
    assert 3_000 < int(refused.headers["retry-after"]) <= 3_600
    assert len(await bench.audit("person.revealed")) == most
    assert (await bench.reveal(number, id="agent-8")).status_code == 201
    await bench.forward(timedelta(hours=1))
    assert (await bench.reveal(number)).status_code == 201


async def test_replicas_share_the_count(bench: PrivacyBench) -> None:
    number, most = await bench.register(), PER_HOUR["department"]
    await bench.give(number)
    await bench.add_replica()

    answers = await asyncio.gather(
        *(bench.reveal(number, as_="department", id="li", n=n % 2) for n in range(2 * most))
    )

    assert kinds(answers) == [201] * most + [429] * most
    reader = await bench.store.get("readers", "li")
    assert reader is not None
    assert len(reader["recent"]) == most


async def test_nobody_in_danger_waits_for_an_hour_to_pass(bench: PrivacyBench) -> None:
    lamp, stuck = await bench.register(), await bench.register(STUCK)
    for _ in range(PER_HOUR["agent"]):
        await bench.reveal(lamp)

    answers = [await bench.reveal(number, reason="emergency") for number in (stuck, lamp)]

    assert [answer.status_code for answer in answers] == [201, 429]


async def test_a_department_opens_only_who_is_in_its_own_work_in_progress(
    bench: PrivacyBench,
) -> None:
    engineer: dict[str, Any] = {"as_": "department", "id": "li", "departments": "engineering"}
    number = await bench.register()
    order = await bench.give(number, take=False)
    before = await bench.reveal(number, **engineer)
    elsewhere = await bench.reveal(number, as_="department", id="wu", departments="security")
    await bench.act(number, Accept(by="li", order=order))

    during = await bench.reveal(number, **engineer)

    await bench.finish(number, order)
    after = await bench.reveal(number, **engineer)
    assert problem(before) == problem(after) == (403, "forbidden")
    assert problem(elsewhere) == (404, "not-found")
    assert during.status_code == 201


async def test_a_department_never_opens_who_asked_for_confidence(bench: PrivacyBench) -> None:
    number = await bench.register(confidential=True)
    await bench.give(number)

    department = await bench.reveal(number, as_="department", id="li")
    desk = await bench.reveal(number)

    assert problem(department) == (403, "forbidden")
    assert desk.status_code == 201


async def test_whom_a_matter_is_about_opens_nobody_in_it(bench: PrivacyBench) -> None:
    await bench.have_account("boss")
    number = await bench.register(about={"people": ["boss"]})

    assert problem(await bench.reveal(number, as_="supervisor", id="boss")) == (404, "not-found")


async def test_a_foreign_ticket_looks_in_every_way_like_a_missing_one(bench: PrivacyBench) -> None:
    foreign, missing = await bench.register(estate="cuihu"), "22222222"
    await bench.reveal(missing, place="jinyuan")
    said, asked = [], []
    with questions(bench.corner.mongo_url, bench.corner.database) as record:
        for number in (foreign, missing):
            so_far = record.so_far()
            answer = await bench.reveal(number, place="jinyuan")
            about = [q for q in record.about({number}, after=so_far) if q.operation == "query"]
            said.append((answer.status_code, answer.content))
            asked.append([(q.collection, q.asked.replace(number, "N")) for q in about])

    assert said[0] == said[1]
    assert said[0][0] == 404
    assert asked[0] == asked[1] != []
    assert await bench.audit() == []


async def test_when_the_estate_s_key_is_gone_it_is_said_plainly(own_bench: PrivacyBench) -> None:
    bench = own_bench
    number, other = await bench.register(), await bench.register(estate="cuihu")
    await bench.store.documents(VAULT).delete_one({"keyAltNames": "estate/jinyuan"})
    await bench.add_replica()  # which has not seen the key

    gone, kept = [await bench.reveal(each, n=1) for each in (number, other)]

    assert problem(gone) == (410, "cannot-be-opened")
    assert kept.status_code == 201
