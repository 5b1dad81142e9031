"""Of many who report the same outage as an emergency one is alerted, the others share that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.router.incidents.incident import Incident, may_share_alert
from services.router.incidents.outages import DECIDED_WITHIN
from services.router.incidents.storage import INCIDENTS
from shared.contracts.incidents import IncidentDismissed, IncidentOffered
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import (
    EmergencyStarted,
    FollowUpDone,
    FollowUpOpened,
    TicketResolved,
)
from shared.policy.outages import is_only_outage
from shared.policy.policy import IncidentRules
from shared.store import Collection
from shared.tickets import About, NotAllowed, Ticket
from shared.tickets.acts import Dispatch, Link, Reclassify, Unlink
from shared.tickets.facts import ticket_facts
from tests.bus.bench import Wire
from tests.router.conftest import RouterBench
from tests.support.bench import opened, until
from tests.support.servers import Corner, Servers
from tests.support.tickets import LIFT, moved, plan_of, policy, registered

DARK = "整栋楼都停电了"
BREATHES = "整栋楼停电，我妈妈呼吸机停了"


@pytest.fixture
def bench(own_bench: RouterBench) -> RouterBench:
    """What this router has seen of an outage it remembers."""
    return own_bench


async def call(bench: RouterBench, n: int, building: str | None = "3", text: str = DARK) -> str:
    """Somebody of a flat of their own calls, and the router has heard of it."""
    number = await put(bench, n, building, text)
    await say(bench, number)
    return number


async def put(bench: RouterBench, n: int, building: str | None = "3", text: str = DARK) -> str:
    ticket = registered(text, at=bench.now(), number=f"D{n}")
    assert ticket.is_emergency
    index = {"phone": f"1:phone-{n}", "flat": f"1:flat-{n}"}
    await bench.put(ticket, building=building, index=index, scrubbed=text)
    return ticket.number


async def say(bench: RouterBench, number: str) -> None:
    ticket = await bench.read(number)
    event = TicketRegistered(**ticket_facts(ticket))
    await bench.publish(event, id=f"ticket/{number}/1/0", lane="urgent")

    async def has_work() -> bool:
        return bool((await bench.read(number)).work_orders)

    await until(has_work)


async def started(bench: RouterBench, times: int = 1) -> set[str]:
    """The tickets whose people were alerted."""
    return {event.number for event in await bench.said(EmergencyStarted, times)}


async def incident(bench: RouterBench) -> Incident:
    found = await Collection(bench.store, INCIDENTS).find({}, limit=2)
    assert len(found) == 1
    return found[0]


async def becomes(bench: RouterBench, status: str) -> None:
    async def is_so() -> bool:
        return (await incident(bench)).status == status

    await until(is_so)


async def taken_up(bench: RouterBench) -> None:
    """What no message brought is looked for, once it has settled."""
    await bench.forward(timedelta(seconds=3))
    await bench.replicas[0].look_for_untaken("emergency")


async def ask(bench: RouterBench, path: str, **body: Any) -> None:
    headers = bench.signed_in("dispatcher", id="chen")
    answer = await bench.http.post(f"/v1/incidents{path}", json=body, headers=headers)
    assert answer.is_success, answer.text


async def test_one_alert_and_the_others_are_part_of_what_the_desk_is_offered(
    bench: RouterBench,
) -> None:
    numbers = [await call(bench, n) for n in range(6)]

    assert await started(bench) == {"D0"}
    offered = await incident(bench)
    assert (offered.status, offered.emergency, offered.buildings) == ("offered", "D0", ("3",))
    assert len(await bench.said(IncidentOffered)) == 1
    tickets = [await bench.read(number) for number in numbers]
    assert [ticket.incident for ticket in tickets] == [None] + [offered.id] * 5
    assert {o.status.value for ticket in tickets[1:] for o in ticket.orders} == {"accepted"}
    assert all(ticket.in_hand == () for ticket in tickets[1:])

    async def counts_all() -> bool:
        return (await incident(bench)).households == 6

    await until(counts_all)


async def test_of_those_who_call_at_the_same_moment_one_is_alerted_too(bench: RouterBench) -> None:
    await bench.add_replica()
    numbers = [await put(bench, n) for n in range(6)]

    await asyncio.gather(*(say(bench, number) for number in numbers))

    (first,) = await started(bench)
    linked = {n for n in numbers if (await bench.read(n)).incident is not None}
    assert linked == {*numbers} - {first}


async def test_who_is_in_danger_and_who_is_elsewhere_has_an_alert_of_their_own(
    bench: RouterBench,
) -> None:
    await call(bench, 1)
    await call(bench, 2, text=BREATHES)
    await call(bench, 3, text="整栋楼停电，电梯里有人困住了")
    await call(bench, 4, building="5")
    await call(bench, 5, building="5")
    await call(bench, 6, building=None)

    assert await started(bench, 4) == {"D1", "D2", "D3", "D4"}
    assert (await bench.read("D5")).shares_alert
    assert (await bench.read("D6")).shares_alert, "of who does not say where, somebody knows"


async def test_said_again_nothing_is_alerted_and_nothing_is_linked_twice(
    bench: RouterBench,
) -> None:
    for n in range(2):
        await call(bench, n)
    before = [await bench.read(f"D{n}") for n in range(2)]

    await taken_up(bench)
    for n in range(2):
        await say(bench, f"D{n}")

    assert [await bench.read(f"D{n}") for n in range(2)] == before
    assert await started(bench) == {"D0"}


async def over_for(bench: RouterBench, number: str) -> None:
    """An electrician has found a fuse in one home."""
    headers = bench.signed_in("department", "jinyuan", id="jy-engineering-1")
    for act in ("acknowledge", "arrive", "end"):
        path = f"/v1/emergencies/{number}/{act}"
        assert (await bench.http.post(path, headers=headers)).status_code == 200


async def test_what_is_over_for_one_home_is_over_for_others_only_when_the_desk_says_so(
    bench: RouterBench,
) -> None:
    for n in range(3):
        await call(bench, n)

    await over_for(bench, "D0")

    [task] = await bench.said(FollowUpOpened, reason="alert_over")
    assert (task.number, bool(task.recipients)) == ("D1", True)
    assert (await incident(bench)).status == "offered"
    assert await bench.said(TicketResolved, 0) == []
    id = (await incident(bench)).id
    await ask(bench, f"/{id}/confirm")
    assert [done.number for done in await bench.said(FollowUpDone)] == ["D1"]
    await ask(bench, f"/{id}/restore")
    await becomes(bench, "closed")
    resolved = {event.number for event in await bench.said(TicketResolved, 2)}
    assert resolved == {"D1", "D2"}
    assert (await incident(bench)).restored_by == "chen"


async def test_when_nobody_says_whether_it_is_over_for_them_too_each_is_alerted(
    bench: RouterBench,
) -> None:
    for n in range(3):
        await call(bench, n)
    await over_for(bench, "D0")
    await bench.said(FollowUpOpened, reason="alert_over")

    await bench.forward(DECIDED_WITHIN)

    (event,) = await bench.said(IncidentDismissed)
    assert event.reason == "undecided"
    assert await started(bench, 3) == {"D0", "D1", "D2"}
    assert await bench.said(TicketResolved, 0) == []


async def test_when_the_desk_says_that_they_have_nothing_in_common_each_is_alerted(
    bench: RouterBench,
) -> None:
    for n in range(3):
        await call(bench, n)

    await ask(bench, f"/{(await incident(bench)).id}/dismiss", reason="two_fuses")

    assert await started(bench, 3) == {"D0", "D1", "D2"}
    doc = await bench.store.get("emergencies", "D1")
    assert doc is not None
    assert doc["acknowledged_at"] is None, "that it was part of an outage is nobody's word"


async def test_when_the_one_that_was_alerted_is_none_the_others_are_their_own(
    bench: RouterBench,
) -> None:
    for n in range(2):
        await call(bench, n)
    calm = plan_of("楼道灯不亮了，请来修", bench.now())
    act = Reclassify(by="agent", plan=calm, estate="jinyuan", reason="his_fuse")
    await bench.platform.tickets.change("D0", lambda _ticket, _now: act)

    (event,) = await bench.said(IncidentDismissed)

    assert event.reason == "alert_lost"
    assert await started(bench, 2) == {"D0", "D1"}


@pytest.fixture
async def by_wire(
    corner: Corner, servers: Servers, tmp_path: Path
) -> AsyncIterator[tuple[RouterBench, Wire]]:
    """A router whose way to the broker can be cut; the bench has its own."""
    port = servers.rabbit.ports.amqp
    wire = Wire(port)
    await wire.mend()
    async with opened(RouterBench, corner, tmp_path) as made:
        url = corner.amqp_url.replace(f":{port}/", f":{wire.port}/")
        made.corner = replace(corner, amqp_url=url)
        await made.add_replica()
        yield made, wire
        await wire.mend()
        await until(made.replicas[0].is_consuming)
    await wire.cut()


async def test_whom_the_desk_parts_is_alerted_also_while_the_broker_is_away(
    by_wire: tuple[RouterBench, Wire],
) -> None:
    """Promise 7: the look for what was lost stands still meanwhile."""
    bench, wire = by_wire
    for n in range(2):
        await call(bench, n)
    await wire.cut()

    await ask(bench, f"/{(await incident(bench)).id}/unlink", number="D1", reason="own_fuse")

    async def is_alerted() -> bool:
        return await bench.store.get("emergencies", "D1") is not None

    await until(is_alerted)


async def test_a_known_outage_alerts_nobody_and_ends_as_the_desk_says(bench: RouterBench) -> None:
    await ask(bench, "", estate="jinyuan", area="electrical", buildings=["3"])
    await call(bench, 1)
    known = await incident(bench)
    assert (await bench.read("D1")).incident == known.id
    assert await bench.store.get("emergencies", "D1") is None

    await ask(bench, f"/{known.id}/restore")

    await becomes(bench, "closed")
    assert [event.number for event in await bench.said(TicketResolved)] == ["D1"]


def test_only_what_is_as_it_was_reported_shares_an_alert() -> None:
    fresh = registered(DARK)
    given = moved(fresh, Dispatch(by="r", department="engineering", assignee="li"))
    link = Link(by="r", incident="i-1", shares_alert=True)
    parted = moved(given, link, Unlink(by="chen", reason="own"))
    again = moved(fresh, Reclassify(by="a", plan=plan_of(DARK, fresh.registered_at),
                                    estate="jinyuan"))  # fmt: skip

    def may(ticket: Ticket, words: str = DARK) -> bool:
        return may_share_alert(ticket, words, policy())

    assert may(fresh)
    assert may(given)
    assert not may(fresh, BREATHES)
    assert not may(parted)
    assert not may(again)
    assert not may(replace(fresh, test=True))
    assert not may(registered(DARK, about=About(people=("li",))))
    assert not may(registered(DARK, estate=None))
    assert not may(registered(LIFT), LIFT)


def test_the_table_lets_no_other_emergency_become_part_of_an_outage() -> None:
    with pytest.raises(NotAllowed, match="an alert of its own"):
        moved(registered(DARK), Link(by="chen", incident="i-1"))
    with pytest.raises(NotAllowed, match="an alert of its own"):
        moved(registered(LIFT), Link(by="r", incident="i-1", shares_alert=True))
    linked = moved(registered(DARK), Link(by="r", incident="i-1", shares_alert=True))
    assert linked.shares_alert
    decided = Reclassify(by="a", plan=plan_of(DARK, linked.registered_at), estate="jinyuan")
    assert moved(linked, decided).incident is None, "decided anew it is a danger of its own"


@pytest.mark.parametrize(
    ("words", "only"),
    [
        (DARK, True),
        ("3号楼整栋都停电了，什么时候来电", True),
        ("The whole building has no power", True),
        (BREATHES, False),
        ("全楼停电有人被困电梯", False),
        ("整栋楼停电了，楼道冒烟", False),
        ("整栋楼停电，老人摔倒了", False),
    ],
)
def test_people_in_danger_are_heard_in_the_words(words: str, *, only: bool) -> None:
    assert is_only_outage("power_outage", words, policy()) is only
    assert not is_only_outage("fire", words, policy())


def test_kinds_without_words_of_danger_are_no_rules() -> None:
    with pytest.raises(ValueError, match="in_danger"):
        IncidentRules(areas=frozenset({"electrical"}), kinds=frozenset({"power_outage"}))
