"""Many callers, one outage: found, decided by a person, announced once a household, and over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from services.router.incidents.running_incidents import RunningIncidents
from shared.contracts.incidents import (
    IncidentAnnounced,
    IncidentClosed,
    IncidentDueSoon,
    IncidentOffered,
    IncidentOverdue,
    IncidentSpread,
)
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import TicketLinked, TicketResolved, WorkOrderDispatched
from shared.lanes import PACE_SECONDS
from shared.tickets import OrderStatus, Ticket, TicketStatus
from shared.tickets.facts import ticket_facts
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import LAMP, LIFT, registered
from tests.support.urgency import urgent_elsewhere

NO_WATER = "停水了，家里一点水都没有"


@pytest.fixture
def bench(own_bench: RouterBench) -> RouterBench:
    """What this router has seen of an outage it remembers."""
    return own_bench


@dataclass
class Outage:
    """Callers of an estate, and the desk that looks at what they have in common."""

    bench: RouterBench

    async def call(
        self,
        n: int,
        building: str | None = "3",
        *,
        flat: str | None = None,
        text: str = NO_WATER,
        ago: timedelta = timedelta(0),
    ) -> str:
        """Somebody of a flat of their own calls, and the router has the ticket; its number. Until
        then it was on its way for so long.
        """
        ticket = registered(text, at=self.bench.now() - ago, number=f"W{n}")
        home = flat or f"flat-{n}"
        await self.bench.put(
            ticket, building=building, index={"phone": f"1:phone-{n}", "flat": f"1:{home}"}
        )
        event = TicketRegistered(**ticket_facts(ticket))
        await self.bench.publish(event, id=f"ticket/{ticket.number}/1/0", lane=ticket.lane)

        async def has_work() -> bool:
            return bool((await self.bench.read(ticket.number)).work_orders)

        await until(has_work)
        return ticket.number

    async def ask(
        self, path: str = "", *, by: str = "chen", role: str = "dispatcher", **body: Any
    ) -> httpx.Response:
        headers = self.bench.signed_in(role, id=by)
        return await self.bench.http.post(f"/v1/incidents{path}", json=body, headers=headers)

    async def get(self, path: str = "") -> Any:
        headers = self.bench.signed_in("dispatcher")
        return (await self.bench.http.get(f"/v1/incidents{path}", headers=headers)).json()

    async def offered(self, households: int = 5) -> str:
        """The id of the incident that is offered once so many have called."""
        found: list[str] = []

        async def is_there() -> bool:
            items = (await self.get())["items"]
            found[:] = [i["id"] for i in items if i["households"] >= households]
            return bool(found)

        await until(is_there)
        return found[0]

    async def becomes(self, id: str, **wanted: Any) -> dict[str, Any]:
        """The incident, once it shows this."""
        seen: dict[str, Any] = {}

        async def does() -> bool:
            seen.update(await self.get(f"/{id}"))
            return all(seen[key] == value for key, value in wanted.items())

        await until(does)
        return seen

    async def confirmed(self, *, callers: int = 5, **more: Any) -> str:
        """An incident of building 3 with its callers linked."""
        for n in range(callers):
            await self.call(n)
        id = await self.offered(callers)
        answer = await self.ask(f"/{id}/confirm", **more)
        assert answer.status_code == 200, answer.text
        await self.becomes(id, open=callers)
        return id

    def in_an_hour(self) -> str:
        return (self.bench.now() + timedelta(hours=1)).isoformat()


@pytest.fixture
def outage(bench: RouterBench) -> Outage:
    return Outage(bench)


async def test_what_five_households_report_is_offered_once_to_the_desk(outage: Outage) -> None:
    await outage.bench.add_replica()
    for n in range(4):
        await outage.call(n)
    await outage.call(9, flat="flat-1")
    assert (await outage.get())["items"] == []

    await outage.call(4)
    id = await outage.offered()

    shown = await outage.get(f"/{id}")
    assert (shown["status"], shown["area"], shown["buildings"]) == ("offered", "plumbing", ["3"])
    (event,) = await outage.bench.said(IncidentOffered)
    assert (event.incident, event.households, event.recipients) == (
        id,
        5,
        ("jy-customer-service-1",),
    )
    assert (await outage.bench.read("W0")).incident is None


async def test_confirmed_it_links_its_callers_and_whoever_calls_later(outage: Outage) -> None:
    id = await outage.confirmed(restore_by=outage.in_an_hour())

    later = await outage.call(20)

    async def is_linked() -> bool:
        return (await outage.bench.read(later)).incident == id

    await until(is_linked)
    ticket = await outage.bench.read(later)
    assert [o.status for o in ticket.orders] == [OrderStatus.ACCEPTED]
    dispatched = await outage.bench.said(WorkOrderDispatched)
    assert [e.incident for e in dispatched if e.number == later] == [id]
    assert len(await outage.bench.said(TicketLinked, 6)) == 6


async def test_beside_an_emergency_its_callers_are_linked_one_by_one(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[float] = []
    link = RunningIncidents.link

    async def noted(self: RunningIncidents, number: str, incident: str, *, by: str) -> Ticket:
        begun.append(time.monotonic())
        return await link(self, number, incident, by=by)

    monkeypatch.setattr(RunningIncidents, "link", noted)
    for n in range(5):
        await outage.call(n)
    id = await outage.offered()

    async with urgent_elsewhere(outage.bench.platform.store.precedence):
        assert (await outage.ask(f"/{id}/confirm")).is_success
        await outage.becomes(id, open=5)

    assert min(later - one for one, later in pairwise(begun)) >= PACE_SECONDS / 2


@pytest.mark.parametrize(
    ("text", "building"), [(LIFT, "3"), (NO_WATER, "5"), (NO_WATER, None), (LAMP, "3")]
)
async def test_an_emergency_and_what_is_elsewhere_stay_their_own(
    outage: Outage, text: str, building: str | None
) -> None:
    await outage.confirmed()

    number = await outage.call(30, building, text=text)

    assert (await outage.bench.read(number)).incident is None


async def test_each_household_is_told_once_and_again_only_by_another_announcement(
    outage: Outage,
) -> None:
    id = await outage.confirmed(restore_by=outage.in_an_hour())
    await outage.call(21, flat="flat-2")
    await outage.becomes(id, open=6)

    assert (await outage.ask(f"/{id}/announce", at_most=4)).status_code == 409
    await outage.ask(f"/{id}/announce", at_most=5)
    await outage.becomes(id, told=5)
    await outage.call(22)
    await outage.becomes(id, told=6)
    again = await outage.ask(
        f"/{id}/promise", restore_by=outage.in_an_hour(), reason="part_missing"
    )
    await outage.ask(f"/{id}/announce")
    shown = await outage.becomes(id, told=6)

    assert [p["reason"] for p in again.json()["promises"]] == [None, "part_missing"]
    assert [n["n"] for n in shown["notices"]] == [1, 2]

    said = await outage.bench.said(IncidentAnnounced, 3)
    first = ("W0", "W1", "W2", "W3", "W4")
    assert [(e.notice, e.numbers) for e in said] == [
        (1, first), (1, ("W22",)), (2, (*first, "W22")),
    ]  # fmt: skip


async def test_beside_those_who_were_to_be_told_stands_who_has_received_it(
    outage: Outage,
) -> None:
    id = await outage.confirmed()
    before = await outage.get(f"/{id}")
    await outage.ask(f"/{id}/announce")
    await outage.becomes(id, told=5)
    fates = {"W0": "received", "W1": "stopped", "W2": "stopped", "W3": "unknown", "W4": "pending"}
    for number, status in fates.items():
        for occurrence in (f"incident/{id}/1", f"incident/{id}/0", "round/1"):
            doc = {"number": number, "cause": {"occurrence": occurrence}, "status": status}
            await outage.bench.store.insert_once("messages", {"_id": number + occurrence, **doc})

    shown = await outage.get(f"/{id}")

    assert set(before["messages"].values()) == {0}
    assert shown["messages"] == {
        "received": 1, "stopped": 2, "held": 0, "failed": 0, "unsure": 1, "under_way": 1,
    }  # fmt: skip


async def test_an_announcement_to_many_waits_for_somebody_else(outage: Outage) -> None:
    await outage.bench.let_places_differ(
        jinyuan={"rules": {"incidents": {"areas": ["plumbing"], "alone_up_to": 4}}}
    )
    id = await outage.confirmed()

    early = await outage.ask(f"/{id}/release", by="gao", role="manager", households=4)
    waiting = (await outage.ask(f"/{id}/announce", by="su", role="supervisor")).json()
    own = await outage.ask(f"/{id}/release", by="su", role="supervisor", households=4)
    assert (early.status_code, early.json()["type"]) == (409, "urn:hotline:problem:nothing-waits")
    assert (waiting["notices"][0]["released_at"], waiting["told"]) == (None, 0)
    assert (own.status_code, own.json()["type"]) == (409, "urn:hotline:problem:own-announcement")

    another = {"by": "gao", "role": "manager"}
    blind = await outage.ask(f"/{id}/release", **another)
    wrong = await outage.ask(f"/{id}/release", **another, households=4)
    assert (blind.status_code, wrong.status_code) == (422, 409)
    problem = wrong.json()
    assert problem["type"] == "urn:hotline:problem:miscounted"
    assert "households" not in problem
    said = [value for key, value in problem.items() if key not in {"status", "instance"}]
    assert not any(digit in str(said) for digit in "0123456789"), said
    counted = await outage.ask(f"/{id}/release", **another, households=5)
    assert counted.status_code == 200
    await outage.becomes(id, told=5)


async def test_its_scope_grows_and_shrinks_and_what_is_over_in_one_building_is_finished(
    outage: Outage,
) -> None:
    id = await outage.confirmed()
    beyond = await outage.call(40, "5")
    await outage.becomes(id, beyond=["5"])
    assert len(await outage.bench.said(IncidentSpread)) == 1

    await outage.ask(f"/{id}/scope", buildings=["3", "5"])
    await outage.becomes(id, open=6, beyond=[])
    await outage.ask(f"/{id}/scope", restored=["5"])

    async def is_over() -> bool:
        status: TicketStatus = (await outage.bench.read(beyond)).status
        return status is TicketStatus.RESOLVED

    await until(is_over)
    assert (await outage.bench.read("W0")).status is TicketStatus.DISPATCHED

    await outage.ask(f"/{id}/scope", buildings=["5"])
    await outage.becomes(id, open=0)
    ticket = await outage.bench.read("W0")
    assert (ticket.incident, ticket.status) == (None, TicketStatus.DISPATCHED)


async def test_restored_every_caller_has_a_result_of_their_own(outage: Outage) -> None:
    id = await outage.confirmed(callers=6)

    answer = await outage.ask(f"/{id}/restore")
    shown = await outage.becomes(id, status="closed", open=0)

    assert answer.status_code == 200
    assert shown["restored_by"] == "chen"
    assert len(await outage.bench.said(IncidentClosed)) == 1
    resolved = [e.number for e in await outage.bench.said(TicketResolved, 6)]
    assert sorted(resolved) == [f"W{n}" for n in range(6)]
    tickets: list[Ticket] = [await outage.bench.read(number) for number in resolved]
    assert {t.orders[0].outcome for t in tickets} == {"restored"}
    # What came before is decided about: it makes no new cluster.
    assert (await outage.get())["items"] == []


async def test_the_promised_time_is_watched(outage: Outage) -> None:
    id = await outage.confirmed(restore_by=outage.in_an_hour())

    await outage.bench.forward(timedelta(minutes=31))
    assert len(await outage.bench.said(IncidentDueSoon)) == 1
    await outage.bench.forward(timedelta(minutes=30))
    (overdue,) = await outage.bench.said(IncidentOverdue)
    assert overdue.recipients == ("jy-customer-service-1", "jy-manager")
    late = await outage.ask(f"/{id}/promise", restore_by=outage.in_an_hour())
    assert (late.status_code, late.json()["type"]) == (409, "urn:hotline:problem:no-reason")


async def test_a_dismissed_cluster_comes_back_only_with_as_many_new_callers(
    outage: Outage,
) -> None:
    for n in range(5):
        await outage.call(n)
    id = await outage.offered()
    dismissed = await outage.ask(f"/{id}/dismiss", reason="unrelated")
    assert dismissed.json()["status"] == "dismissed"
    await outage.bench.forward(timedelta(minutes=1))

    for n in range(5, 9):
        await outage.call(n)
    assert (await outage.get())["items"] == []
    await outage.call(9)

    assert await outage.offered() != id


async def test_a_request_that_was_long_on_its_way_into_the_store_counts(outage: Outage) -> None:
    for n in range(5):
        await outage.call(n)
    await outage.offered()  # so there were looks, and they have seen what was there

    for n in range(5, 8):
        await outage.call(n, ago=timedelta(seconds=50))

    assert await outage.offered(8)


async def test_however_many_came_in_one_moment_those_after_them_count(outage: Outage) -> None:
    at = outage.bench.now() - timedelta(seconds=5)
    same = {"registered_at": at, "estate": "jinyuan", "area": "noise", "urgency": "normal"}
    many = [{"_id": f"N{n}", "test": False, "made_by": "test", **same} for n in range(10_001)]
    await outage.bench.store.documents("tickets").insert_many(many)

    for n in range(5):
        await outage.call(n)

    assert await outage.offered()


async def test_a_request_is_linked_and_parted_by_hand(outage: Outage) -> None:
    id = await outage.confirmed()
    number = await outage.call(50, None)

    linked = await outage.ask(f"/{id}/link", number=number, role="agent")
    missing = await outage.ask(f"/{id}/link", number="NOBODY", role="agent")
    again = await outage.ask(f"/{id}/link", number=number, role="agent")
    parted = await outage.ask(f"/{id}/unlink", number=number, reason="own_leak", role="agent")

    assert linked.status_code == again.status_code == parted.status_code == 200
    assert number in linked.json()["tickets"]
    assert missing.status_code == 422
    assert (await outage.bench.read(number)).incident is None


async def test_only_what_belongs_to_an_outage_is_parted_from_it(outage: Outage) -> None:
    water = await outage.confirmed()
    dark = (await outage.ask(estate="jinyuan", area="electrical")).json()["id"]

    foreign = await outage.ask(f"/{dark}/unlink", number="W0", reason="own_leak", role="agent")
    own = await outage.ask(f"/{water}/unlink", number="W0", reason="own_leak", role="agent")
    again = await outage.ask(f"/{water}/unlink", number="W0", reason="own_leak", role="agent")

    assert (foreign.status_code, foreign.json()["type"]) == (409, "urn:hotline:problem:not-linked")
    assert own.status_code == again.status_code == 200
    assert "W0" not in own.json()["tickets"]


async def test_a_department_sees_the_outage_and_not_whose_requests_it_is_made_of(
    outage: Outage,
) -> None:
    id = await outage.confirmed()
    path = f"/v1/incidents/{id}"

    async def seen(role: str) -> Any:
        return (await outage.bench.http.get(path, headers=outage.bench.signed_in(role))).json()

    unseen = await seen("department")
    assert [unseen[key] for key in ("tickets", "requests", "by_building")] == [None] * 3
    assert (await seen("department"))["linked"] == 5
    assert len((await seen("agent"))["tickets"]) == 5


async def test_an_outage_that_is_known_before_anybody_calls(outage: Outage) -> None:
    made = await outage.ask(estate="jinyuan", area="plumbing", restore_by=outage.in_an_hour())
    id: str = made.json()["id"]
    again = await outage.ask(estate="jinyuan", area="plumbing", buildings=["3"])
    nowhere = await outage.ask(estate="nowhere", area="plumbing")
    number = await outage.call(60, None)

    assert (made.status_code, made.json()["status"]) == (201, "confirmed")
    assert (again.status_code, again.json()["incident"]) == (409, id)
    assert [f["field"] for f in nowhere.json()["faults"]] == ["estate"]

    async def is_linked() -> bool:
        return (await outage.bench.read(number)).incident == id

    await until(is_linked)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/confirm", {}), ("/dismiss", {"reason": "unrelated"}), ("/release", {"households": 5}),
     ("/promise", {"restore_by": "2020-01-01T09:00:00+08:00"}), ("/scope", {"restored": ["9"]})],
)  # fmt: skip
async def test_what_cannot_be_done_to_it_is_refused_with_the_way_out(
    outage: Outage, path: str, body: dict[str, Any]
) -> None:
    id = await outage.confirmed()

    answer = await outage.ask(f"/{id}{path}", **body, role="supervisor")

    assert answer.status_code == 409
    assert answer.json()["detail"]


async def test_who_decides_sees_in_their_words_what_an_offered_outage_is_made_of(
    outage: Outage,
) -> None:
    for n in range(4):
        await outage.call(n)
    await outage.call(4, building="5")
    await outage.call(5, text=LAMP)
    await outage.bench.store._database["tickets"].update_many({}, {"$set": {"scrubbed": "停水了"}})
    id = await outage.offered()

    shown = await outage.get(f"/{id}")
    listed = await outage.get()

    assert shown["status"] == "offered"
    assert [r["number"] for r in shown["requests"]] == [f"W{n}" for n in range(5)]
    assert {(r["words"], r["linked"]) for r in shown["requests"]} == {("停水了", False)}
    assert shown["by_building"] == [
        {"building": "3", "requests": 4, "open": 4}, {"building": "5", "requests": 1, "open": 1}
    ]  # fmt: skip
    assert (listed["all"], listed["next"]) == ({"count": 1, "more": False}, None)
    assert listed["items"][0]["id"] == id
    hidden = outage.bench.signed_in("manager", "binjiang")
    foreign = await outage.bench.http.get(f"/v1/incidents/{id}", headers=hidden)
    assert foreign.status_code == 404


async def test_what_would_be_announced_and_to_how_many_is_read_before_it_is(
    outage: Outage,
) -> None:
    id = await outage.confirmed()
    by = (outage.bench.now() + timedelta(hours=2)).isoformat()
    assert (await outage.ask(f"/{id}/promise", restore_by=by)).status_code == 200

    draft = await outage.get(f"/{id}/notice")

    assert draft["households"] == 5
    assert "锦园" in draft["zh"]["body"]
    assert "前恢复" in draft["zh"]["body"]
    assert draft["en"]["body"].isascii()
    assert await outage.bench.said(IncidentAnnounced, 0) == []
    agent = await outage.bench.http.get(
        f"/v1/incidents/{id}/notice", headers=outage.bench.signed_in("agent")
    )
    assert agent.status_code == 403


async def test_what_is_closed_is_read_page_by_page_the_latest_first(outage: Outage) -> None:
    areas = ("electrical", "elevator", "plumbing")
    for area in areas:
        made = await outage.ask(estate="jinyuan", area=area)
        assert made.status_code == 201, made.text
        assert (await outage.ask(f"/{made.json()['id']}/restore")).status_code == 200
        await outage.bench.forward(timedelta(minutes=1))

    async def are_closed() -> bool:
        return bool((await outage.get("?status=closed"))["all"]["count"] == len(areas))

    await until(are_closed)
    first = await outage.get("?status=closed&limit=2")
    rest = await outage.get(f"?status=closed&limit=2&after={first['next']}")

    found = [item["area"] for item in (*first["items"], *rest["items"])]
    assert found == list(reversed(areas))
    assert rest["next"] is None
