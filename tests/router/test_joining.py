"""Of several who call about one emergency one is alerted; the others share it, to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.router.emergencies.domain import is_untaken
from services.router.emergencies.emergency import Emergency
from services.router.emergencies.storage import EMERGENCIES
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import (
    EmergencyDowngraded,
    EmergencyStarted,
    TicketJoined,
    TicketParted,
    TicketResolved,
)
from shared.store import Collection
from shared.tickets import About, Ticket, TicketStatus
from shared.tickets.acts import Accept, Act, Arrive, Reclassify, Resolve
from shared.tickets.facts import ticket_facts
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import LAMP, LIFT, moved, plan_of, registered

FIRST, SECOND, THIRD = "23456789", "3456789A", "456789AB"


async def call(
    bench: RouterBench,
    number: str,
    text: str = LIFT,
    *,
    estate: str = "jinyuan",
    joins: str | None = None,
    **more: Any,
) -> None:
    """Somebody calls, and the router has given out the work."""
    made = registered(text, at=bench.now(), number=number, estate=estate)
    ticket = replace(made, joins=joins, **more)
    await bench.put(ticket, scrubbed=text)
    event = TicketRegistered(**ticket_facts(ticket))
    await bench.publish(event, id=f"ticket/{number}/1/0", lane=ticket.lane)

    async def has_work() -> bool:
        return bool((await bench.read(number)).work_orders)

    await until(has_work)


async def ask(bench: RouterBench, path: str, *, role: str = "agent", **body: Any) -> Any:
    headers = bench.signed_in(role)
    return await bench.http.post(f"/v1/emergencies{path}", json=body, headers=headers)


async def of(bench: RouterBench, number: str) -> Emergency | None:
    return await Collection(bench.store, EMERGENCIES).get(number)


async def started(bench: RouterBench, times: int) -> list[str]:
    return [event.number for event in await bench.said(EmergencyStarted, times)]


def solve(ticket: Ticket, _now: object) -> list[Act]:
    ids = [order.id for order in ticket.orders]
    there: list[Act] = [act(by="p", order=id) for id in ids for act in (Accept, Arrive)]
    return [*there, *(Resolve(by="p", order=id, outcome="done") for id in ids)]


async def has_status(bench: RouterBench, number: str, status: TicketStatus) -> None:
    async def is_so() -> bool:
        return (await bench.read(number)).status is status

    await until(is_so)


async def test_who_is_said_to_join_a_running_emergency_alerts_nobody_and_has_a_ticket_of_their_own(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND, "我孩子也在那部电梯里，快来", joins=FIRST)

    assert await started(bench, 1) == [FIRST]
    assert await of(bench, SECOND) is None
    second = await bench.read(SECOND)
    assert {order.status.value for order in second.orders} == {"accepted"}
    assert second.in_hand == ()


async def test_a_ticket_that_is_there_joins_and_its_own_alert_stops(bench: RouterBench) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND)
    await started(bench, 2)

    answers = [await ask(bench, f"/{FIRST}/join", ticket=SECOND) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    own = await of(bench, SECOND)
    assert own is not None
    assert (own.outcome, own.next_due) == ("joined", None)
    [spared] = await bench.said(EmergencyDowngraded)
    first = await of(bench, FIRST)
    assert first is not None
    called = {person for alert in first.calls for person in alert.recipients}
    assert called.isdisjoint(spared.recipients), "who goes to the first is not told to stop"
    assert len(await bench.said(TicketJoined)) == 1
    assert await started(bench, 2) == [FIRST, SECOND]


async def test_what_has_joined_ends_as_the_emergency_ends(bench: RouterBench) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND, joins=FIRST)

    await bench.platform.tickets.change(FIRST, solve)

    await has_status(bench, SECOND, TicketStatus.RESOLVED)
    told = {event.number for event in await bench.said(TicketResolved, 2)}
    assert told == {FIRST, SECOND}
    assert await started(bench, 1) == [FIRST]


async def test_what_has_joined_is_alerted_by_itself_when_the_emergency_was_none(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND)
    await started(bench, 2)
    assert (await ask(bench, f"/{FIRST}/join", ticket=SECOND)).status_code == 200

    made = plan_of(LAMP, bench.now())
    await bench.platform.tickets.change(
        FIRST, lambda _t, _n: Reclassify(by="agent", plan=made, estate="jinyuan")
    )

    assert [event.reason for event in await bench.said(TicketParted)] == ["alert_over"]
    assert await started(bench, 3) == [FIRST, SECOND, SECOND]
    own = await of(bench, SECOND)
    assert own is not None
    assert (own.ended_at, own.outcome) == (None, None)
    assert own.next_due is not None


async def test_who_joins_what_does_not_run_or_is_elsewhere_is_alerted_at_once(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST, building="3")
    await call(bench, SECOND, joins=FIRST, building="5")
    await call(bench, THIRD, joins="56789ABC")

    assert set(await started(bench, 3)) == {FIRST, SECOND, THIRD}
    assert len(await bench.said(TicketParted, 2)) == 2


async def test_another_danger_and_a_wish_of_the_desk_part_what_had_joined(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND, joins=FIRST)
    await call(bench, THIRD, joins=FIRST)

    made = plan_of("家里着火了", bench.now())
    await bench.platform.tickets.change(
        SECOND, lambda _t, _n: Reclassify(by="agent", plan=made, estate="jinyuan")
    )
    answers = [
        await ask(bench, f"/{FIRST}/part", ticket=THIRD, reason="other_lift") for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert set(await started(bench, 3)) == {FIRST, SECOND, THIRD}
    kinds = [await of(bench, number) for number in (SECOND, THIRD)]
    assert [each and each.kind for each in kinds] == ["fire", "elevator_entrapment"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"estate": "binjiang"}, "other-place"),
        ({"building": "7"}, "other-place"),
        ({"test": True}, "a-drill"),
        ({"about": About(people=("wang",))}, "not-allowed"),
    ],
    ids=["another estate", "another building", "a drill", "about somebody"],
)
async def test_what_cannot_be_the_same_keeps_its_own_alert(
    bench: RouterBench, more: Mapping[str, Any], code: str
) -> None:
    await call(bench, FIRST, building="3")
    await call(bench, SECOND, **more)

    answer = await ask(bench, f"/{FIRST}/join", role="supervisor", ticket=SECOND)

    assert answer.status_code == 409, answer.text
    assert answer.json()["type"].endswith(code)
    assert answer.json()["title_zh"] != answer.json()["title"]
    own = await of(bench, SECOND)
    assert own is not None
    assert own.ended_at is None


async def test_no_chains_no_circles_and_nothing_that_is_over(bench: RouterBench) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND)
    await call(bench, THIRD)
    await started(bench, 3)
    assert (await ask(bench, f"/{FIRST}/join", ticket=SECOND)).status_code == 200

    onto_joined = await ask(bench, f"/{SECOND}/join", ticket=THIRD)
    lead_away = await ask(bench, f"/{THIRD}/join", ticket=FIRST)
    itself = await ask(bench, f"/{FIRST}/join", ticket=FIRST)
    not_here = await ask(bench, f"/{THIRD}/part", ticket=SECOND, reason="other")
    await bench.platform.tickets.change(FIRST, solve)
    await has_status(bench, SECOND, TicketStatus.RESOLVED)

    async def is_over() -> bool:
        found = await of(bench, FIRST)
        return found is not None and found.ended_at is not None

    await until(is_over)
    over = await ask(bench, f"/{FIRST}/join", ticket=THIRD)

    codes = [answer.json()["type"].rpartition("/")[2].rpartition(":")[2] for answer in
             (onto_joined, lead_away, itself, not_here, over)]  # fmt: skip
    assert codes == [
        "joins-another", "others-joined", "not-allowed", "joins-another", "emergency-over"
    ]  # fmt: skip


async def test_only_the_desk_joins_and_only_what_it_sees(bench: RouterBench) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND)
    elsewhere = bench.signed_in("agent", "binjiang")
    path = f"/v1/emergencies/{FIRST}/join"

    department = await ask(bench, f"/{FIRST}/join", role="department", ticket=SECOND)
    missing = await ask(bench, f"/{FIRST}/join", ticket="99999999")
    nobody = await ask(bench, "/99999999/join", ticket=SECOND)
    foreign = await bench.http.post(path, json={"ticket": SECOND}, headers=elsewhere)
    rubbish = await ask(bench, f"/{FIRST}/join", ticket=["x"], more=1)

    assert department.status_code == 403
    assert (missing.status_code, missing.json()["faults"][0]["field"]) == (422, "ticket")
    assert nobody.status_code == foreign.status_code == 404
    assert nobody.json()["type"] == foreign.json()["type"]
    assert rubbish.status_code == 422


async def test_the_board_names_whose_alert_is_shared_to_whom_that_is(bench: RouterBench) -> None:
    await call(bench, FIRST, about=About(people=("lan",)))
    await call(bench, SECOND, joins=FIRST)

    async def told(id: str) -> Any:
        headers = bench.signed_in("dispatcher", id=id)
        items = (await bench.http.get("/v1/board", headers=headers)).json()["items"]
        return {item["number"]: item["joins"] for item in items}

    assert (await told("lan")) == {SECOND: None}
    assert (await told("xu"))[SECOND] == FIRST


async def test_what_a_crash_left_between_joining_and_stopping_the_alert_is_made_good(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND)
    await started(bench, 2)
    await bench.store._database["tickets"].update_one({"_id": SECOND}, {"$set": {"joins": FIRST}})
    assert is_untaken(await bench.read(SECOND), await of(bench, SECOND))

    await bench.forward(timedelta(seconds=3))
    await bench.replicas[0].look_for_untaken("emergency")

    async def has_stopped() -> bool:
        found = await of(bench, SECOND)
        return found is not None and found.outcome == "joined"

    await until(has_stopped)


def test_a_joined_ticket_whose_message_was_lost_is_given_out_all_the_same() -> None:
    ticket = replace(registered(LIFT), joins="34567890")
    assert is_untaken(ticket, None)
    given = moved(ticket, *[])
    assert given.without_work
