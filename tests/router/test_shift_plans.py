"""Rosters decide who is on duty, and their gaps are found before they happen (B2.2, B2.3, B3.1)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.router.rosters.leave import Leave
from services.router.rosters.shifts import cut
from services.router.rosters.storage import SHIFTS, announce, find_shifts
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import GapFound, ShiftCut, ShiftOffered, ShiftStruck, ShiftTaken
from shared.identity import Principal, issue_token
from shared.store import Collection
from shared.tickets import TicketStatus
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import registered

CHIEF = Principal("chief", "supervisor", frozenset({"jinyuan"}))
LIST = "/v1/rosters/jinyuan/engineering"
FIRST, SECOND, LEAD = "jy-engineering-1", "jy-engineering-2", "jy-engineering-3"
NEEDS = {"needs": [{"start": "00:00", "end": "00:00", "people": 1}]}
HOUR = timedelta(hours=1)


def engineer(id: str) -> Principal:
    return Principal(id, "department", frozenset({"jinyuan"}), frozenset({"engineering"}))


async def ask(
    bench: RouterBench,
    method: str,
    path: str,
    who: Principal = CHIEF,
    *,
    replica: int = 0,
    body: Any = None,
) -> httpx.Response:
    token = issue_token(who, bench.keys.token, now=bench.now())
    return await bench.replicas[replica].http.request(
        method, path, json=body, headers={"Authorization": f"Bearer {token}"}
    )


def from_now(bench: RouterBench, begin: timedelta, end: timedelta) -> dict[str, str]:
    """Both ends, on the quarter hour."""
    first = datetime.fromtimestamp(bench.now().timestamp() // 900 * 900, UTC)
    return {"begins": (first + begin).isoformat(), "ends": (first + end).isoformat()}


def shift(
    bench: RouterBench, person: str, begin: timedelta, end: timedelta, **more: str
) -> dict[str, str]:
    where = {"place": "jinyuan", "department": "engineering", "person": person}
    return {**where, **from_now(bench, begin, end), **more}


async def planned(
    bench: RouterBench, person: str, begin: timedelta, end: timedelta, **more: str
) -> dict[str, Any]:
    answer = await ask(bench, "POST", "/v1/shifts", body=shift(bench, person, begin, end, **more))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def on_duty(bench: RouterBench) -> list[str]:
    found: list[str] = (await ask(bench, "GET", LIST)).json()["on_duty"]
    return found


async def is_on_duty(bench: RouterBench, *people: str) -> bool:
    return await on_duty(bench) == list(people)


async def test_work_goes_to_whoever_is_on_shift(bench: RouterBench) -> None:
    assert await on_duty(bench) == [FIRST, SECOND, LEAD]
    await planned(bench, SECOND, -HOUR, 2 * HOUR)
    assert (await ask(bench, "PUT", f"{LIST}/needs", body=NEEDS)).status_code == 200
    await until(lambda: is_on_duty(bench, SECOND))

    await bench.put(registered(at=bench.now()))
    await bench.publish(TicketRegistered(number="23456789"), id="t/1/1/0")
    await until(lambda: _has_it(bench, SECOND))

    await bench.forward(2 * HOUR)
    await until(lambda: is_on_duty(bench))
    # Nobody is on shift any more: the group's own people have it.
    await bench.put(replace(registered(at=bench.now()), number="34567892"))
    await bench.publish(TicketRegistered(number="34567892"), id="t/2/1/0")
    await until(lambda: _has_it(bench, "group-duty-1", "34567892"))


async def _has_it(bench: RouterBench, person: str, number: str = "23456789") -> bool:
    ticket = await bench.read(number)
    return ticket.status is TicketStatus.DISPATCHED and ticket.orders[0].assignee == person


async def test_nobody_stands_in_two_places_at_once_also_when_two_plan_it_at_once(
    bench: RouterBench,
) -> None:
    await bench.add_replica()
    bodies = [
        shift(bench, FIRST, n * HOUR, (n + 4) * HOUR, department=department)
        for n in range(1, 4)
        for department in ("engineering", "security")
    ]

    answers = await asyncio.gather(
        *(ask(bench, "POST", "/v1/shifts", replica=n % 2, body=b) for n, b in enumerate(bodies))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    (one,) = [answer.json() for answer in answers if answer.status_code == 200]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "urn:hotline:problem:stands-elsewhere"
    assert refused.json()["shifts"] == [one["id"]]
    # The one that is there may be sent again, and the next begins as it ends.
    await planned(bench, FIRST, 9 * HOUR, 10 * HOUR)
    again = {key: one[key] for key in ("place", "department", "person", "begins", "ends")}
    assert (await ask(bench, "POST", "/v1/shifts", body=again)).json()["id"] == one["id"]
    touching = {**again, "begins": one["ends"], "ends": shift(bench, FIRST, HOUR, 9 * HOUR)["ends"]}
    assert (await ask(bench, "POST", "/v1/shifts", body=touching)).status_code == 200


async def test_bad_shifts_are_refused_by_name(bench: RouterBench) -> None:
    begins = from_now(bench, HOUR, 2 * HOUR)["begins"]
    off = (datetime.fromisoformat(begins) + timedelta(minutes=5)).isoformat()
    for more, status, field in (
        ({"person": "nobody"}, 422, "person"),
        ({"begins": off}, 422, "begins"),
        ({"ends": begins}, 422, "ends"),
        ({"department": "fire_brigade"}, 404, None),
        ({"place": "binjiang"}, 404, None),
    ):
        body = {**shift(bench, FIRST, HOUR, 2 * HOUR), **more}
        answer = await ask(bench, "POST", "/v1/shifts", body=body)
        assert answer.status_code == status, answer.text
        if field:
            assert answer.json()["faults"][0]["field"] == field
    over = shift(bench, FIRST, -3 * HOUR, -HOUR)
    assert (await ask(bench, "POST", "/v1/shifts", body=over)).json()["faults"][0][
        "field"
    ] == "ends"


async def test_nobody_without_a_valid_certificate_is_put_on_shift(bench: RouterBench) -> None:
    """Customer service asks for one (A7); a profile is kept by the administration."""
    body = shift(bench, "jy-customer-service-1", HOUR, 9 * HOUR, department="customer_service")

    refused = await ask(bench, "POST", "/v1/shifts", body=body)
    assert (refused.status_code, refused.json()["certificates"]) == (409, ["hotline"])

    await _certify(bench, until=bench.now() + timedelta(days=400))
    kept = await ask(bench, "POST", "/v1/shifts", body=body)
    assert kept.status_code == 200

    # It is taken away: the shift is struck, and whose it was is told.
    await ask(bench, "PUT", "/v1/rosters/jinyuan/customer_service/needs", body=NEEDS)
    await _certify(bench, until=bench.now() - timedelta(days=2))
    await bench.forward(timedelta(minutes=10))
    (struck,) = await bench.said(ShiftStruck)
    assert (struck.reason, struck.recipients) == ("unqualified", ("jy-customer-service-1",))


async def _certify(bench: RouterBench, *, until: datetime) -> None:
    certificate = {"kind": "hotline", "since": bench.now() - timedelta(days=400), "until": until}
    await bench.store.documents("profiles").replace_one(
        {"_id": "jy-customer-service-1"},
        {"version": 1, "trainings": [], "certificates": [certificate]},
        upsert=True,
    )


async def test_gaps_are_told_once_before_they_happen(bench: RouterBench) -> None:
    await bench.add_replica()
    await planned(bench, FIRST, -HOUR, 23 * HOUR, despite="caretaker")
    await planned(bench, SECOND, 23 * HOUR, 40 * HOUR, despite="caretaker")

    await ask(bench, "PUT", f"{LIST}/needs", body=NEEDS)
    (gap,) = await bench.said(GapFound)
    assert (gap.place, gap.department, gap.missing, gap.near) == (
        "jinyuan",
        "engineering",
        1,
        False,
    )
    assert gap.recipients == (LEAD,)
    assert gap.begins.isoformat() == shift(bench, FIRST, HOUR, 40 * HOUR)["ends"]
    assert (await ask(bench, "GET", LIST)).json()["gaps"][0]["missing"] == 1

    await bench.forward(17 * HOUR)  # now it is near: whoever manages the place hears too
    _, near = await bench.said(GapFound, 2)
    assert (near.near, near.recipients) == (True, (LEAD, "jy-manager"))


async def test_leave_is_granted_by_somebody_else_and_strikes_the_shifts_in_it(
    bench: RouterBench,
) -> None:
    mine = await planned(bench, FIRST, 24 * HOUR, 36 * HOUR)
    other = await planned(bench, FIRST, 72 * HOUR, 80 * HOUR)
    wish = {"reason": "annual", **from_now(bench, 20 * HOUR, 60 * HOUR)}

    asked = await ask(bench, "POST", "/v1/leaves", engineer(FIRST), body=wish)
    leave = asked.json()["id"]
    again = await ask(bench, "POST", "/v1/leaves", engineer(FIRST), body=wish)
    assert (asked.json()["status"], again.json()["id"]) == ("asked", leave)

    own = await ask(bench, "POST", f"/v1/leaves/{leave}/grant", engineer(FIRST))
    assert own.status_code == 403
    granted = await ask(bench, "POST", f"/v1/leaves/{leave}/grant")
    assert (granted.json()["status"], granted.json()["decided_by"]) == ("granted", "chief")

    assert (await ask(bench, "GET", f"/v1/shifts/{mine['id']}")).json()["struck"] == "leave"
    assert (await ask(bench, "GET", f"/v1/shifts/{other['id']}")).json()["struck"] is None
    await bench.said(ShiftStruck)
    away_then = shift(bench, FIRST, 30 * HOUR, 31 * HOUR)
    refused = await ask(bench, "POST", "/v1/shifts", body=away_then)
    assert refused.json()["type"] == "urn:hotline:problem:on-leave"


async def test_leave_for_tomorrow_cuts_the_shift_of_tonight_and_gaps_are_what_is_left(
    bench: RouterBench,
) -> None:
    tonight = await planned(bench, FIRST, -HOUR, 11 * HOUR)
    wish = {"reason": "annual", **from_now(bench, 4 * HOUR, 8 * HOUR)}
    leave = (await ask(bench, "POST", "/v1/leaves", engineer(FIRST), body=wish)).json()["id"]

    assert (await ask(bench, "POST", f"/v1/leaves/{leave}/grant")).status_code == 200

    answer = await ask(bench, "GET", "/v1/shifts", engineer(FIRST))
    mine = [(s["begins"], s["ends"]) for s in answer.json()["items"]]
    whole = shift(bench, FIRST, -HOUR, 11 * HOUR)
    assert [tuple(map(datetime.fromisoformat, each)) for each in mine] == [
        (datetime.fromisoformat(whole["begins"]), datetime.fromisoformat(wish["begins"])),
        (datetime.fromisoformat(wish["ends"]), datetime.fromisoformat(whole["ends"])),
    ]
    assert (await ask(bench, "GET", f"/v1/shifts/{tonight['id']}")).json()["struck"] is None
    assert len(await bench.said(ShiftCut, 2)) == 2


async def halves(bench: RouterBench) -> list[tuple[str, str]]:
    answer = await ask(bench, "GET", "/v1/shifts", engineer(FIRST))
    return [(s["begins"], s["ends"]) for s in answer.json()["items"]]


async def granted(bench: RouterBench, begin: timedelta, end: timedelta) -> str:
    wish = {"reason": "annual", **from_now(bench, begin, end)}
    leave: str = (await ask(bench, "POST", "/v1/leaves", engineer(FIRST), body=wish)).json()["id"]
    assert (await ask(bench, "POST", f"/v1/leaves/{leave}/grant")).status_code == 200
    return leave


async def test_what_was_left_of_a_shift_when_the_router_was_killed_stands_after_the_next_look(
    bench: RouterBench,
) -> None:
    """Killed between the two writes: nothing but the first one is there."""
    made = await planned(bench, FIRST, 2 * HOUR, 12 * HOUR)
    shifts = Collection(bench.platform.store, SHIFTS)
    whole = await shifts.get(made["id"])
    assert whole is not None
    away = from_now(bench, 4 * HOUR, 8 * HOUR)
    begins, ends = (datetime.fromisoformat(away[key]) for key in ("begins", "ends"))
    leave = Leave(id="1", person=FIRST, begins=begins, ends=ends, reason="annual",
                  asked_at=bench.now())  # fmt: skip
    step = cut(whole, leave)
    assert step is not None
    assert await shifts.write_over(whole, step) is not None
    assert len(await halves(bench)) == 1

    await announce(bench.store)  # as a router that starts looks

    async def both() -> bool:
        return len(await halves(bench)) == 2

    await until(both)
    assert [datetime.fromisoformat(end) for _, end in await halves(bench)] == [begins, whole.ends]
    assert len(await bench.said(ShiftCut, 2)) == 2
    first = await shifts.get(whole.id)
    assert first is not None
    assert first.after_leave is None


async def test_the_second_half_stands_again_when_the_shift_is_cut_again(
    bench: RouterBench,
) -> None:
    tonight = await planned(bench, FIRST, 2 * HOUR, 12 * HOUR)
    leave = await granted(bench, 4 * HOUR, 8 * HOUR)
    _, second = await halves(bench)
    [half] = await find_shifts(bench.store, {"begins": datetime.fromisoformat(second[0])})
    await ask(bench, "POST", f"/v1/leaves/{leave}/refuse")
    await ask(bench, "POST", f"/v1/shifts/{half.id}/strike")
    assert (await planned(bench, FIRST, 2 * HOUR, 12 * HOUR))["id"] == tonight["id"]
    assert len(await halves(bench)) == 1

    await ask(bench, "POST", f"/v1/leaves/{leave}/grant")

    assert (await halves(bench))[1] == second


async def test_who_is_on_leave_is_not_there_though_the_list_goes_by_no_shifts(
    bench: RouterBench,
) -> None:
    wish = {"reason": "annual", **from_now(bench, -HOUR, HOUR)}
    leave = (await ask(bench, "POST", "/v1/leaves", engineer(FIRST), body=wish)).json()["id"]
    await ask(bench, "POST", f"/v1/leaves/{leave}/grant")
    await until(lambda: is_on_duty(bench, SECOND, LEAD))

    await bench.put(registered(at=bench.now()))
    await bench.publish(TicketRegistered(number="23456789"), id="t/1/1/0")
    await until(lambda: _has_it(bench, SECOND))
    to_who_is_away = {"department": "engineering", "assignee": FIRST, "reason": "x"}
    path = "/v1/work-orders/23456789-1/transfer"
    given = await ask(bench, "POST", path, body=to_who_is_away)

    assert (given.status_code, given.json()["faults"][0]["field"]) == (422, "assignee")
    await ask(bench, "POST", f"/v1/leaves/{leave}/refuse")
    await until(lambda: is_on_duty(bench, FIRST, SECOND, LEAD))


async def test_whose_account_is_frozen_is_not_there_and_covers_nothing(bench: RouterBench) -> None:
    await planned(bench, SECOND, -HOUR, 4 * HOUR)
    account = {"_id": SECOND, "state": "frozen", "version": 1}
    await bench.store.documents("accounts").insert_one(account)
    await until(lambda: is_on_duty(bench, FIRST, LEAD))

    refused = await ask(bench, "POST", "/v1/shifts", body=shift(bench, SECOND, 5 * HOUR, 6 * HOUR))
    assert refused.json()["type"] == "urn:hotline:problem:frozen"
    assert (await ask(bench, "PUT", f"{LIST}/needs", body=NEEDS)).status_code == 200
    cover = (await ask(bench, "GET", f"{LIST}/cover?days=1")).json()["items"]
    assert {piece["people"] for piece in cover} == {0}

    await bench.store.documents("accounts").delete_one({"_id": SECOND})
    await until(lambda: is_on_duty(bench, SECOND))


async def test_nobody_decides_about_their_own_leave(bench: RouterBench) -> None:
    lead = Principal(LEAD, "supervisor", frozenset({"jinyuan"}))
    wish = {"reason": "annual", **from_now(bench, 20 * HOUR, 60 * HOUR)}
    leave = (await ask(bench, "POST", "/v1/leaves", lead, body=wish)).json()["id"]

    answer = await ask(bench, "POST", f"/v1/leaves/{leave}/grant", lead)

    assert answer.json()["type"] == "urn:hotline:problem:own-leave"
    foreign = Principal("far", "supervisor", frozenset({"binjiang"}))
    assert (await ask(bench, "POST", f"/v1/leaves/{leave}/grant", foreign)).status_code == 404


async def test_a_shift_is_offered_and_taken_over(bench: RouterBench) -> None:
    mine = await planned(bench, FIRST, HOUR, 9 * HOUR)
    path = f"/v1/shifts/{mine['id']}"

    early = await ask(bench, "POST", f"{path}/take", engineer(SECOND))
    assert early.json()["type"] == "urn:hotline:problem:not-offered"
    theirs = await ask(bench, "POST", f"{path}/offer", engineer(SECOND), body={"person": SECOND})
    assert theirs.json()["type"] == "urn:hotline:problem:not-your-shift"

    await ask(bench, "POST", f"{path}/offer", engineer(FIRST), body={"person": SECOND})
    (offered,) = (await ask(bench, "GET", "/v1/shifts", engineer(SECOND))).json()["items"]
    assert offered["offered_to"] == SECOND
    taken = await ask(bench, "POST", f"{path}/take", engineer(SECOND))
    assert (taken.json()["person"], taken.json()["offered_to"]) == (SECOND, None)

    assert [e.recipients for e in await bench.said(ShiftOffered)] == [(SECOND,)]
    assert [e.recipients for e in await bench.said(ShiftTaken)] == [(FIRST,)]
    # Whoever stands elsewhere then cannot take it.
    await planned(bench, FIRST, 2 * HOUR, 3 * HOUR)
    await ask(bench, "POST", f"{path}/offer", engineer(SECOND), body={"person": FIRST})
    twice = await ask(bench, "POST", f"{path}/take", engineer(FIRST))
    assert twice.json()["type"] == "urn:hotline:problem:stands-elsewhere"


async def test_whoever_comes_reads_what_was_handed_over(bench: RouterBench) -> None:
    before = await planned(bench, FIRST, -HOUR, HOUR)
    after = await planned(bench, SECOND, HOUR, 3 * HOUR)

    said = await ask(
        bench, "POST", f"/v1/shifts/{before['id']}/hand-over", engineer(FIRST),
        body={"note": "3号楼水泵待查，找业主 138 0013 8000"},
    )  # fmt: skip
    read = await ask(bench, "GET", f"/v1/shifts/{after['id']}", engineer(SECOND))

    assert "13800138000" not in said.text.replace(" ", "")
    (note,) = read.json()["handed_over"]
    assert note["person"] == FIRST
    assert note["note"].startswith("3号楼水泵待查")


async def test_a_pattern_is_planned_as_far_as_it_goes_and_the_rest_is_named(
    bench: RouterBench,
) -> None:
    zone = bench.platform.policy.at("jinyuan").calendar.zone
    tomorrow = bench.now().astimezone(zone).date() + timedelta(days=1)
    pattern: dict[str, Any] = {
        "people": [FIRST, SECOND], "cycle": ["day", "night"],
        "hours": {"day": {"start": "08:00", "end": "20:00"},
                  "night": {"start": "20:00", "end": "08:00"}},
        "first": tomorrow.isoformat(), "last": (tomorrow + timedelta(days=1)).isoformat(),
        "despite": "few_people",
    }  # fmt: skip

    done = (await ask(bench, "POST", f"{LIST}/plan", body=pattern)).json()
    assert (len(done["planned"]), done["refused"]) == (4, [])
    again = (await ask(bench, "POST", f"{LIST}/plan", body=pattern)).json()
    assert again["planned"] == done["planned"]

    late = {"day": {"start": "09:00", "end": "21:00"}, "night": {"start": "21:00", "end": "09:00"}}
    other = {**pattern, "people": [SECOND, LEAD], "hours": late}
    mixed = (await ask(bench, "POST", f"{LIST}/plan", body=other)).json()
    assert {refused["person"] for refused in mixed["refused"]} == {SECOND}
    assert {planned["person"] for planned in mixed["planned"]} == {SECOND, LEAD}
    assert len(mixed["refused"]) == 1

    await ask(bench, "PUT", f"{LIST}/needs", body=NEEDS)
    cover = await ask(bench, "GET", f"{LIST}/cover?first={tomorrow}&days=2")
    pieces = [(p["people"], p["needed"]) for p in cover.json()["items"]]
    assert pieces[0] == (0, 1)
    assert {people for people, _ in pieces[1:]} == {1, 2}


async def test_what_is_over_is_refused_and_the_rest_of_a_pattern_planned(
    bench: RouterBench,
) -> None:
    zone = bench.platform.policy.at("jinyuan").calendar.zone
    yesterday = bench.now().astimezone(zone).date() - timedelta(days=1)
    pattern = {
        "people": [FIRST, "nobody"], "cycle": ["day", "day"],
        "hours": {"day": {"start": "08:00", "end": "20:00"}},
        "first": yesterday.isoformat(), "last": (yesterday + timedelta(days=2)).isoformat(),
    }  # fmt: skip

    done = (await ask(bench, "POST", f"{LIST}/plan", body=pattern)).json()

    assert {planned["person"] for planned in done["planned"]} == {FIRST}
    faults = {r["person"]: r["why"]["faults"][0]["field"] for r in done["refused"]}
    assert faults == {FIRST: "ends", "nobody": "person"}


async def test_somebody_of_another_estate_is_lent_for_a_shift(bench: RouterBench) -> None:
    """They take what is offered to them there, and are on duty there for that time."""
    mine = await planned(bench, FIRST, -HOUR, 9 * HOUR)
    other = "bj-engineering-1"
    far = Principal(other, "department", frozenset({"binjiang"}), frozenset({"engineering"}))
    path = f"/v1/shifts/{mine['id']}"
    assert (await ask(bench, "POST", f"{path}/take", far)).status_code == 404

    await ask(bench, "POST", f"{path}/offer", engineer(FIRST), body={"person": other})
    taken = await ask(bench, "POST", f"{path}/take", far)

    assert taken.json()["person"] == other
    await ask(bench, "PUT", f"{LIST}/needs", body=NEEDS)
    await until(lambda: is_on_duty(bench, other))


async def test_a_list_is_changed_at_once_by_those_entitled(bench: RouterBench) -> None:
    people = [
        {"id": "new-hand", "name": "新来", "mail": "new.hand@duty.example", "skills": ["elevator"]},
        {"id": LEAD, "name": "韩立", "mail": "jy.engineering.3@duty.example"},
    ]

    hers = await ask(bench, "PUT", f"{LIST}/people", engineer(FIRST), body={"people": people})
    assert hers.status_code == 403
    foreign = await ask(
        bench, "PUT", "/v1/rosters/binjiang/engineering/people", body={"people": people}
    )
    assert foreign.status_code == 404
    twice = await ask(bench, "PUT", f"{LIST}/people", body={"people": [people[0]] * 2})
    assert twice.json()["faults"][0]["field"] == "people"

    changed = await ask(bench, "PUT", f"{LIST}/people", body={"people": people})
    assert [p["id"] for p in changed.json()["people"]] == ["new-hand", LEAD]
    assert changed.json()["people"][0]["mail"] == "new.hand@duty.example"
    await until(lambda: is_on_duty(bench, "new-hand", LEAD))
    hers = await ask(bench, "GET", LIST, engineer(FIRST))
    assert (hers.status_code, "duty.example" in hers.text) == (200, False)
    seen = (await ask(bench, "GET", "/v1/rosters", engineer(FIRST))).json()["items"]
    assert {item["department"] for item in seen} == {"engineering"}
