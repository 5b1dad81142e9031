"""Parts, labour and fees: quoted by the department, agreed to by the owner, then done."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.contracts.router import WorkOrderConsentRecorded, WorkOrderQuoted, WorkOrderResolved
from shared.identity import Principal, issue_token
from shared.tickets.acts import Accept, Dispatch
from tests.router.conftest import RouterBench
from tests.support.tickets import moved, registered

ORDER = "23456789-1"
LI = Principal("jy-engineering-1", "department", frozenset({"jinyuan"}), frozenset({"engineering"}))
MATE = Principal("jy-engineering-2", "department", frozenset({"jinyuan"}),
                 frozenset({"engineering"}))  # fmt: skip
DESK = Principal("he", "agent", frozenset({"jinyuan"}))
VALVE = {"kind": "part", "text": "阀门", "quantity": 2, "unit_price": 4_500}
HOUR = {"kind": "labour", "text": "工时", "unit_price": 6_000}
QUOTE = {"items": [VALVE, HOUR], "payer": "owner"}
AGREES = {"quote": 1, "given": True, "how": "phone"}


async def put_accepted(bench: RouterBench) -> None:
    now = bench.now()
    given = Dispatch(by="router", department="engineering", assignee=LI.id)
    await bench.put(moved(registered(at=now), given, Accept(by=LI.id, order=ORDER), at=now))


async def ask(
    bench: RouterBench, action: str, body: dict[str, Any], who: Principal = LI
) -> httpx.Response:
    token = issue_token(who, bench.keys.token, now=bench.now())
    return await bench.http.post(
        f"/v1/work-orders/{ORDER}/{action}", json=body,
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip


async def test_what_the_owner_pays_is_done_only_with_their_consent(bench: RouterBench) -> None:
    await put_accepted(bench)

    quoted = await ask(bench, "quote", QUOTE)
    refused = await ask(bench, "resolve", {})
    agreed = await ask(bench, "consent", AGREES, DESK)
    again = await ask(bench, "quote", QUOTE)
    done = await ask(bench, "resolve", {})

    assert [a.status_code for a in (quoted, refused, agreed, again, done)] == [
        200, 409, 200, 200, 200,
    ]  # fmt: skip
    assert quoted.json()["quote"]["total"] == 15_000
    assert "has not agreed to quote 1" in refused.text
    assert "record their consent" in refused.text
    assert again.json()["quote"]["consent"]["given"] is True  # sent twice, it is the same quote
    (asked,) = await bench.said(WorkOrderQuoted)
    (heard,) = await bench.said(WorkOrderConsentRecorded)
    (over,) = await bench.said(WorkOrderResolved)
    assert (asked.needs_consent, asked.recipients) == (True, ("jy-customer-service-1",))
    assert (heard.given, heard.how, heard.assignee) == (True, "phone", LI.id)
    assert (over.total, over.payer) == (15_000, "owner")
    assert "阀门" not in asked.model_dump_json() + over.model_dump_json()


async def test_another_quote_needs_another_consent(bench: RouterBench) -> None:
    await put_accepted(bench)
    await ask(bench, "quote", QUOTE)
    await ask(bench, "consent", AGREES, DESK)

    changed = await ask(bench, "quote", QUOTE | {"items": [VALVE, HOUR, HOUR]})
    refused = await ask(bench, "resolve", {})
    old = await ask(bench, "consent", AGREES, DESK)
    agreed = await ask(bench, "consent", AGREES | {"quote": 2}, DESK)
    done = await ask(bench, "resolve", {})

    assert [a.status_code for a in (changed, refused, old, agreed, done)] == [
        200, 409, 409, 200, 200,
    ]  # fmt: skip
    assert "quote 2 counts now" in old.text
    (order,) = (await bench.read()).orders
    assert [(q.version, q.total, q.consent is not None) for q in order.quotes] == [
        (1, 15_000, True), (2, 21_000, True),
    ]  # fmt: skip


async def test_no_more_is_used_than_was_agreed_to(bench: RouterBench) -> None:
    await put_accepted(bench)
    await ask(bench, "quote", QUOTE)
    await ask(bench, "consent", AGREES, DESK)

    more = await ask(bench, "resolve", {"used": [VALVE, HOUR, HOUR]})
    less = await ask(bench, "resolve", {"used": [VALVE]})

    assert (more.status_code, less.status_code) == (409, 200)
    assert "more than the owner agreed to" in more.text
    (order,) = (await bench.read()).orders
    assert [item.text for item in order.used] == ["阀门"]


async def test_what_the_owner_refused_is_left_undone(bench: RouterBench) -> None:
    await put_accepted(bench)
    await ask(bench, "quote", QUOTE)
    await ask(bench, "consent", AGREES | {"given": False}, DESK)

    as_quoted = await ask(bench, "resolve", {})
    nothing = await ask(bench, "resolve", {"used": [], "outcome": "refused_by_owner"})

    assert (as_quoted.status_code, nothing.status_code) == (409, 200)
    assert "refused quote 1" in as_quoted.text


@pytest.mark.parametrize("payer", ["group", "warranty"])
async def test_nobody_is_asked_where_the_owner_does_not_pay(bench: RouterBench, payer: str) -> None:
    await put_accepted(bench)
    await ask(bench, "quote", QUOTE | {"payer": payer})

    consent = await ask(bench, "consent", AGREES, DESK)
    done = await ask(bench, "resolve", {})

    assert (consent.status_code, done.status_code) == (409, 200)
    (event,) = await bench.said(WorkOrderQuoted)
    assert (event.needs_consent, event.recipients) == (False, ())


@pytest.mark.parametrize(
    ("who", "how", "status"),
    [
        (DESK, "phone", 200),
        (DESK, "link", 200),
        (LI, "on_site", 200),
        (LI, "phone", 409),
        (MATE, "on_site", 409),
    ],
)
async def test_the_desk_takes_consent_down_or_the_assignee_face_to_face(
    bench: RouterBench, who: Principal, how: str, status: int
) -> None:
    await put_accepted(bench)
    await ask(bench, "quote", QUOTE)

    answer = await ask(bench, "consent", AGREES | {"how": how}, who)

    assert answer.status_code == status


async def test_the_desk_quotes_nothing_itself(bench: RouterBench) -> None:
    await put_accepted(bench)

    assert (await ask(bench, "quote", QUOTE, DESK)).status_code == 403


async def test_what_is_free_by_policy_needs_no_consent(bench: RouterBench) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"free_up_to": 15_000}})
    await put_accepted(bench)

    await ask(bench, "quote", QUOTE)

    assert (await ask(bench, "resolve", {})).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"unit_price": 45.5}, "items.0.unit_price"),
        ({"unit_price": "4500"}, "items.0.unit_price"),
        ({"unit_price": -1}, "items.0.unit_price"),
        ({"quantity": 0}, "items.0.quantity"),
        ({"kind": "13800138000"}, "items.0.kind"),
    ],
)
async def test_a_quote_names_the_field_at_fault(
    bench: RouterBench, wrong: dict[str, Any], field: str
) -> None:
    await put_accepted(bench)

    answer = await ask(bench, "quote", QUOTE | {"items": [VALVE | wrong]})

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert "13800138000" not in answer.text


async def test_nobody_s_name_or_number_is_kept_in_an_item(bench: RouterBench) -> None:
    await put_accepted(bench)

    answer = await ask(
        bench, "quote", QUOTE | {"items": [VALVE | {"text": "给王先生13800138000的阀门"}]}
    )

    assert answer.status_code == 200
    assert "13800138000" not in answer.text
    assert "王先生" not in answer.text


async def test_board_shows_what_work_costs(bench: RouterBench) -> None:
    await put_accepted(bench)
    await ask(bench, "quote", QUOTE)

    answer = await bench.http.get("/v1/board", headers=bench.signed_in("supervisor"))

    (card,) = answer.json()["items"]
    (quote,) = card["work_orders"][0]["quotes"]
    assert (quote["version"], quote["payer"], quote["consent"]) == (1, "owner", None)
