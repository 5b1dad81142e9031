"""What people ask about their own data, from the desk to the end, over both services."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.admin.app import build
from services.admin.settings import AdminSettings
from shared.contracts.privacy import PrivacyRequestEnded
from shared.identity import Role
from shared.store.search import search_database
from tests.intake.privacy_bench import WANG, PrivacyBench, problem
from tests.support.anew import Shared, shared
from tests.support.bench import opened, until
from tests.support.servers import Servers, open_corner

ADMIN = 1
ASKED = {"kind": "erase", "how": "phone"}


@pytest.fixture(scope="module")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[PrivacyBench]]:
    with open_corner(servers) as corner:
        async with opened(PrivacyBench, corner, tmp_path_factory.mktemp("requests")) as made:
            await made.listen("privacy_request.#")
            await made.add_replica()
            await made.serve(await build(made.settings_of(AdminSettings)))
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[PrivacyBench]) -> AsyncIterator[PrivacyBench]:
    """Intake and the administration, as new."""
    async with running.lent() as made:
        yield made


async def ask(
    bench: PrivacyBench, method: str, path: str = "", *, as_: Role = "privacy_officer",
    id: str = "officer", key: str | None = None, **more: Any,
) -> httpx.Response:  # fmt: skip
    return await bench.ask(
        method, f"/v1/privacy-requests{path}", as_=as_, id=id, n=ADMIN, key=key, **more
    )


async def made(bench: PrivacyBench, number: str, **changes: Any) -> str:
    """Taken down by an agent; its id."""
    answer = await make(bench, number, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def make(
    bench: PrivacyBench, number: str, *, key: str | None = None, id: str = "agent-7",
    as_: Role = "agent", place: str = "*", **changes: Any,
) -> httpx.Response:  # fmt: skip
    body = {**ASKED, "number": number, **changes}
    key = key or uuid.uuid4().hex
    return await ask(bench, "POST", as_=as_, id=id, key=key, json=body, place=place)


async def granted(bench: PrivacyBench, id: str) -> httpx.Response:
    checked = await ask(bench, "POST", f"/{id}/check", json={"proof": "called_back"})
    assert checked.json()["status"] == "identity_checked"
    return await ask(bench, "POST", f"/{id}/grant")


async def until_status(bench: PrivacyBench, id: str, status: str) -> dict[str, Any]:
    async def reached() -> bool:
        return bool((await ask(bench, "GET", f"/{id}")).json()["status"] == status)

    await until(reached)
    found: dict[str, Any] = (await ask(bench, "GET", f"/{id}")).json()
    return found


async def test_an_erasure_goes_from_the_desk_to_its_end(bench: PrivacyBench) -> None:
    number, _ = await bench.register(), await bench.register()
    id = await made(bench, number)

    assert (await granted(bench, id)).json()["status"] == "granted"

    ended = await until_status(bench, id, "done")
    assert ended["tickets"] == 2
    assert problem(await bench.reveal(number)) == (404, "no-such-person")
    await bench.said(PrivacyRequestEnded)
    acts = [e["act"] for e in await bench.audit() if e["subject"]["kind"] == "privacy_request"]
    assert acts == [f"privacy_request.{act}" for act in ("made", "checked", "granted")]


async def test_a_correction_s_values_are_sealed_and_forgotten_when_it_is_done(
    bench: PrivacyBench,
) -> None:
    number = await bench.register()
    values = {"name": "司马长卿", "phone": "13912345673"}
    id = await made(bench, number, kind="correct", values=values)
    before = await bench.store.get("privacy_requests", id)

    await granted(bench, id)
    await until_status(bench, id, "done")

    shown = (await bench.reveal(number)).json()
    assert (shown["name"], shown["phone"]) == ("司马长卿", "13912345673")
    after = await bench.store.get("privacy_requests", id)
    assert before is not None
    assert after is not None
    assert (bool(before["sealed"]), after["sealed"]) == (True, None)
    needles = [value.encode() for value in values.values()]
    searched = [each async for each in search_database(bench.corner.mongo_url, needles)]
    assert {each.place for each in searched if each.found} == set()
    assert not [n for n in needles if n in b"".join(e.to_body() for e in bench.heard)]


async def test_under_a_hold_it_comes_back_to_the_officer_who_refuses_with_the_reason(
    bench: PrivacyBench,
) -> None:
    number = await bench.register()
    await bench.ask(
        "POST", "/v1/legal-holds", as_="privacy_officer", id="officer", key="h",
        json={"number": number, "reason": "litigation"},
    )  # fmt: skip
    id = await made(bench, number)
    await granted(bench, id)
    await until_status(bench, id, "held")

    answer = await ask(bench, "POST", f"/{id}/refuse", json={"reason": "legal_hold"})

    assert answer.json()["status"] == "refused"
    assert (await bench.reveal(number)).status_code == 201
    [event] = await bench.said(PrivacyRequestEnded)
    assert (event.outcome, event.reason) == ("refused", "legal_hold")


async def test_it_is_due_on_the_fifteenth_working_day(bench: PrivacyBench) -> None:
    answer = (await make(bench, await bench.register())).json()

    calendar = bench.platform.policy.calendar
    asked_at, due = await _times(bench, answer["id"])
    asked_at, due = (time.astimezone(calendar.zone) for time in (asked_at, due))
    workdays = sum(calendar.is_workday((asked_at + timedelta(days=n)).date())
                   for n in range(1, (due - asked_at).days + 1))  # fmt: skip
    assert workdays == 15
    assert answer["overdue"] is False
    await bench.forward(due - asked_at + timedelta(days=1))
    assert (await ask(bench, "GET", f"/{answer['id']}")).json()["overdue"] is True


async def _times(bench: PrivacyBench, id: str) -> tuple[Any, Any]:
    doc = await bench.store.get("privacy_requests", id)
    assert doc is not None
    return doc["asked_at"], doc["due"]


async def test_the_same_wish_under_the_same_key_is_one_request(bench: PrivacyBench) -> None:
    number = await bench.register()

    answers = [await make(bench, number, key="one") for _ in range(2)]
    other = await make(bench, number, key="one", kind="copy")

    assert len({answer.json()["id"] for answer in answers}) == 1
    assert problem(other) == (422, "conflict")


async def test_nobody_decides_what_they_took_down(bench: PrivacyBench) -> None:
    id = await made(bench, await bench.register(), as_="privacy_officer", id="officer")

    await ask(bench, "POST", f"/{id}/check", json={"proof": "in_person"})
    own = await ask(bench, "POST", f"/{id}/grant")
    other = await ask(bench, "POST", f"/{id}/grant", id="other-officer")

    assert problem(own) == (403, "own-request")
    assert other.json()["status"] == "granted"


async def test_nothing_is_granted_before_it_is_known_who_asks(bench: PrivacyBench) -> None:
    id = await made(bench, await bench.register())

    early = await ask(bench, "POST", f"/{id}/grant")

    assert problem(early) == (409, "not-allowed")
    assert early.json()["present"] == "asked"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "sell"}, "kind"),
        ({"how": "pigeon"}, "how"),
        ({"kind": "correct"}, "values"),
        ({"kind": "erase", "values": {"name": "王"}}, "values"),
        ({"kind": "correct", "values": {}}, "values"),
        ({"kind": "correct", "values": {"mail": "a@b.c"}}, "values.mail"),
        ({"person": "neighbour"}, "person"),
    ],
)
async def test_a_request_that_does_not_fit_names_its_field(
    bench: PrivacyBench, changes: dict[str, Any], field: str
) -> None:
    answer = await make(bench, await bench.register(), **changes)

    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert await bench.store.find("privacy_requests", {}, limit=1) == []


async def test_agents_take_requests_and_do_not_decide_them(bench: PrivacyBench) -> None:
    id = await made(bench, await bench.register())

    answers = [
        await ask(bench, "POST", f"/{id}/grant", as_="agent"),
        await ask(bench, "POST", f"/{id}/refuse", as_="supervisor", json={"reason": "unfounded"}),
        await ask(bench, "GET", f"/{id}", as_="agent"),
        await ask(bench, "GET", as_="department"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4


async def test_a_ticket_of_another_place_is_asked_about_by_nobody(bench: PrivacyBench) -> None:
    foreign = await bench.register(estate="cuihu")

    said = [
        (answer.status_code, answer.content)
        for number in (foreign, "22222222")
        for answer in [await make(bench, number, place="jinyuan")]
    ]

    assert said[0] == said[1]
    assert said[0][0] == 404


async def test_a_list_shows_what_stands_where(bench: PrivacyBench) -> None:
    ids = [await made(bench, await bench.register(caller=WANG)) for _ in range(3)]
    await ask(bench, "POST", f"/{ids[0]}/refuse", json={"reason": "unfounded"})

    open_ = (await ask(bench, "GET", params={"status": "asked"})).json()["items"]
    all_ = (await ask(bench, "GET", params={"limit": "2"})).json()

    assert {item["id"] for item in open_} == set(ids[1:])
    assert [item["id"] for item in all_["items"]] == [ids[2], ids[1]]
    assert all_["next"] is not None
