"""Cases at the desk go from one person to another, and to nobody who cannot see them through."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.intake.desk import cases
from tests.intake.test_registering import LAMP, IntakeBench

ABOUT = "the matter is about whom you named: name somebody else"


async def registered(bench: IntakeBench, *, by: str = "lin", **more: Any) -> str:
    """A ticket that whoever registered it sees through."""
    made = await bench.http.post(
        "/v1/tickets", json=LAMP | more, headers=bench.signed_in("agent", id=by)
    )
    assert made.status_code == 201, made.text
    return str(made.json()["number"])


async def hand_over(bench: IntakeBench, to: str, *, by: str = "lin") -> httpx.Response:
    headers = bench.signed_in("agent", id=by)
    return await bench.http.post("/v1/cases/hand-over", json={"to": to}, headers=headers)


async def owner_of(bench: IntakeBench, number: str) -> str | None:
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    return ticket.owner


async def test_all_of_somebody_s_cases_go_to_a_colleague(bench: IntakeBench) -> None:
    await bench.have_account("he")
    numbers = [await registered(bench) for _ in range(2)]

    answer = await hand_over(bench, "he")

    assert answer.json() == {"handed_over": numbers[::-1], "left": [], "more": False}
    assert [await owner_of(bench, number) for number in numbers] == ["he", "he"]


@pytest.mark.parametrize(
    ("to", "fault"),
    [
        ("gone", "has left: the account is frozen"),
        ("jy-customer-service-2", "has left: the account is frozen"),
        ("jy-engineering-1", "is not of the desk"),
        ("officer", "is not of the desk"),
        ("nobody-here", "is nobody's id here"),
    ],
)
async def test_nobody_gets_cases_who_has_left_or_is_not_of_the_desk(
    bench: IntakeBench, to: str, fault: str
) -> None:
    await bench.have_account("gone", state="frozen")
    await bench.have_account("jy-customer-service-2", state="frozen")
    await bench.have_account("officer", role="privacy_officer")
    number = await registered(bench)

    all_of_them = await hand_over(bench, to)
    one = await bench.http.post(
        f"/v1/tickets/{number}/own", json={"owner": to}, headers=bench.signed_in("agent", id="lin")
    )

    for answer, field in ((all_of_them, "to"), (one, "owner")):
        assert answer.status_code == 422
        [told] = answer.json()["faults"]
        assert (told["field"], told["fault"]) == (field, fault)
    assert await owner_of(bench, number) == "lin"


async def test_who_stands_on_the_desk_s_list_needs_no_account(bench: IntakeBench) -> None:
    number = await registered(bench)

    answer = await hand_over(bench, "jy-customer-service-1")

    assert answer.json()["handed_over"] == [number]


async def test_what_stays_is_said_with_the_reason_and_hides_nothing_older(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "AT_ONCE", 2)
    await bench.have_account("he")
    older = [await registered(bench) for _ in range(3)]
    about = [await registered(bench, about={"people": ["he"]}) for _ in range(3)]

    first, second = (await hand_over(bench, "he")).json(), (await hand_over(bench, "he")).json()

    assert first["handed_over"] == older[:0:-1]
    assert first["more"]
    assert [(each["number"], each["why"]) for each in first["left"]] == [
        (number, ABOUT) for number in reversed(about)
    ]
    assert (second["handed_over"], second["more"]) == (older[:1], False)
