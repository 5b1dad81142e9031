"""The same household's same matter goes on under one number, and nobody else's does."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.intake import TicketMerged, TicketSupplemented
from shared.tickets import Transition
from shared.tickets.acts import Accept, Dispatch
from shared.tickets.model import merged_number
from tests.intake.test_registering import IntakeBench

PHONE = "138 0013 8000"
OTHER = "139 0000 0000"


async def made(bench: IntakeBench, text: str = "楼道灯不亮，请来修", **more: Any) -> str:
    body = {"estate": "jinyuan", "text": text, "caller": {"phone": PHONE}} | more
    answer = await bench.http.post("/v1/tickets", json=body, headers=bench.signed_in("agent"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def merged(
    bench: IntakeBench, number: str, into: str, *, role: str = "agent", **more: Any
) -> Any:
    body = {"into": into, "reason": "same_matter"} | more
    return await bench.http.post(
        f"/v1/tickets/{number}/merge", json=body, headers=bench.signed_in(role)
    )


async def test_one_households_second_report_goes_on_under_the_first_with_its_words(
    bench: IntakeBench,
) -> None:
    first, second = await made(bench), await made(bench, "灯还在闪，请快来修")

    answer, again = [await merged(bench, second, first) for _ in range(2)]

    assert answer.status_code == again.status_code == 200, answer.text
    assert answer.json() | {"version": 0} == {
        "number": second, "status": "merged", "round": 1, "version": 0, "emergency": False,
        "into": first,
    }  # fmt: skip
    [told] = await bench.said(TicketMerged)
    assert (told.number, told.into) == (second, first)
    kept = await bench.platform.tickets.get(first)
    assert kept is not None
    assert [e.note for e in kept.timeline if e.transition == Transition.SUPPLEMENT] == [
        "灯还在闪，请快来修"
    ]
    assert [merged_number(e.form_key) for e in kept.timeline] == [None, second]
    assert len(await bench.said(TicketSupplemented)) == 1
    shown = await bench.http.get(f"/v1/tickets/{second}", headers=bench.signed_in("agent"))
    assert (shown.json()["merged_into"], shown.json()["can"]) == (first, [])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"caller": {"phone": OTHER}}, "other-household"),
        ({"caller": {"phone": PHONE, "room": "3-1-502"}, "estate": "binjiang"}, "other-estate"),
        ({"caller": {}}, "other-household"),
        ({"test": True}, "other-matter"),
    ],
    ids=["another telephone", "another estate", "nobody known", "a drill"],
)
async def test_what_is_not_the_same_household_and_place_never_goes_on_under_one_number(
    bench: IntakeBench, more: dict[str, Any], code: str
) -> None:
    first, second = await made(bench), await made(bench, **more)

    answer = await merged(bench, second, first)

    assert answer.status_code == 409, answer.text
    assert answer.json()["type"].endswith(code)
    assert answer.json()["title_zh"] != answer.json()["title"]
    kept = await bench.platform.tickets.get(first)
    assert kept is not None
    assert [entry.transition for entry in kept.timeline] == ["register"]


async def test_two_flats_with_one_telephone_are_two_households(bench: IntakeBench) -> None:
    first = await made(bench, caller={"phone": PHONE, "room": "3-1-501"})
    second = await made(bench, caller={"phone": PHONE, "room": "3-1-502"})

    answer = await merged(bench, second, first)

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("other-household")


async def test_a_danger_and_what_somebody_is_on_the_way_to_stay_by_themselves(
    bench: IntakeBench,
) -> None:
    first, lift = await made(bench), await made(bench, "电梯困人了，快来人")
    danger = await merged(bench, lift, first)
    accepted = await made(bench)

    def take(ticket: Any, _now: Any) -> Any:
        return [
            Dispatch(by="router", department="engineering", assignee="li"),
            Accept(by="li", order=f"{ticket.number}-1"),
        ]

    await bench.platform.tickets.change(accepted, take)
    taken = await merged(bench, accepted, first)
    into_itself = await merged(bench, first, first)

    for answer in (danger, taken, into_itself):
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"].endswith("not-allowed")
    kept = await bench.platform.tickets.get(first)
    assert kept is not None
    assert len(kept.timeline) == 1


async def test_foreign_and_missing_tickets_look_the_same_and_only_the_desk_merges(
    bench: IntakeBench,
) -> None:
    first, second = await made(bench), await made(bench)
    body = {"into": first, "reason": "same_matter"}
    elsewhere = bench.signed_in("agent", "binjiang")

    foreign = await bench.http.post(f"/v1/tickets/{second}/merge", json=body, headers=elsewhere)
    missing = await merged(bench, "99999999", first)
    no_target = await merged(bench, second, "99999999")
    department = await merged(bench, second, first, role="department")
    no_reason = await merged(bench, second, first, reason="")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json()["type"] == missing.json()["type"]
    assert no_target.status_code == 422
    assert no_target.json()["faults"][0]["field"] == "into"
    assert department.status_code == 403
    assert no_reason.status_code == 422


async def test_what_is_over_takes_nothing_in(bench: IntakeBench) -> None:
    first, second = await made(bench), await made(bench)
    headers = bench.signed_in("agent")
    await bench.http.post(f"/v1/tickets/{first}/cancel", json={}, headers=headers)

    answer = await merged(bench, second, first)

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("ticket-over")
