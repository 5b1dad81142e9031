"""What no event brought: whoever should have been told has a message all the same, and one."""

from __future__ import annotations

from datetime import timedelta

from services.notifier.untaken import said_of
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import TicketResolved, WorkOrderDispatched
from shared.tickets import TICKET, Ticket
from shared.tickets.acts import Accept, Dispatch, Resolve
from tests.notifier.bench import NAME, PHONE, ROOM, Bench
from tests.support.tickets import LAMP, moved, registered

ENGINEER = "jy-engineering-1"
GIVEN = Dispatch(by="router", department="engineering", assignee=ENGINEER)


def resolved(ticket: Ticket) -> Ticket:
    order = ticket.orders[-1].id
    accepted = Accept(by=ENGINEER, order=order)
    return moved(ticket, accepted, Resolve(by=ENGINEER, order=order, outcome="fixed"))


def test_what_was_said_of_a_ticket_is_made_anew_from_what_it_is() -> None:
    new = registered(LAMP)
    given = moved(new, GIVEN)
    done = resolved(given)

    assert [type(e) for e in said_of(new)] == [TicketRegistered]
    assert [type(e) for e in said_of(given)] == [TicketRegistered, WorkOrderDispatched]
    assert [type(e) for e in said_of(done)] == [TicketRegistered, TicketResolved]
    taken = moved(given, Accept(by="a-colleague", order=given.orders[0].id))
    assert [type(e) for e in said_of(taken)] == [TicketRegistered]


async def put(bench: Bench, ticket: Ticket) -> None:
    person = {"name": NAME, "phone": PHONE, "room": ROOM}
    sealed = await bench.platform.sealer.seal_person(person, estate="jinyuan")
    doc = TICKET.to_doc(ticket) | {"persons": {"caller": sealed}, "scrubbed": LAMP}
    assert await bench.store.insert_once("tickets", doc)


async def test_who_should_have_been_told_is_told_once(bench: Bench) -> None:
    ticket = moved(registered(LAMP, at=bench.now()), GIVEN, at=bench.now())
    await put(bench, ticket)

    await bench.replicas[0].look_for_untaken("message")
    assert await bench.docs() == []  # it may be on its way

    await bench.forward(timedelta(minutes=1, seconds=1))
    await bench.replicas[0].look_for_untaken("message")
    told = await bench.ended(2)
    assert sorted(doc["purpose"] for doc in told) == ["assignment", "receipt"]

    await bench.replicas[0].look_for_untaken("message")
    assert len(await bench.docs()) == 2


async def test_what_was_told_already_is_not_told_again(bench: Bench) -> None:
    ticket = registered(LAMP, at=bench.now())
    await put(bench, ticket)
    [event] = said_of(ticket)
    await bench.handle(event)
    await bench.ended(1)

    await bench.forward(timedelta(minutes=2))
    await bench.replicas[0].look_for_untaken("message")
    assert len(await bench.docs()) == 1


async def test_whoever_was_called_to_an_emergency_is_alerted_until_somebody_has_it(
    bench: Bench,
) -> None:
    await bench.add_ticket(urgency="emergency")
    at = bench.now()
    alert = {"at": at, "step": 0, "recipients": [ENGINEER]}
    emergency = {"_id": "26-1", "kind": "trapped_person", "estate": "jinyuan", "alerts": [alert],
                 "started_at": at, "acknowledged_at": None, "ended_at": None}  # fmt: skip
    assert await bench.store.insert_once("emergencies", emergency)
    assert await bench.store.insert_once(
        "emergencies", {**emergency, "_id": "26-2", "acknowledged_at": at}
    )

    await bench.forward(timedelta(seconds=2))
    assert await bench.replicas[0].look_for_untaken("alert") == 1

    (doc,) = await bench.ended(1)
    assert (doc["purpose"], doc["recipient"], doc["lane"]) == ("alert", ENGINEER, "urgent")
    await bench.replicas[0].look_for_untaken("alert")
    assert len(await bench.docs()) == 1
