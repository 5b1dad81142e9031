"""An event is a hint: what no document of ours has said is counted and dropped, whoever forges it
and whatever it asks for.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aio_pika
import pytest

from hotline.demo.clients import Json, until
from hotline.demo.steps import asked, done_by, first_order, told
from shared.contracts import Envelope, Event, Lane
from shared.contracts.incidents import IncidentAnnounced
from shared.contracts.intake import (
    PrivacyRequestCarriedOut,
    TicketClosed,
    TicketOwned,
    TicketPersonErased,
    TicketRegistered,
    TicketReopened,
    TicketUrged,
)
from shared.contracts.notifier import MessageFailed, MessageReceived
from shared.contracts.parked import ParkedUrgent
from shared.contracts.privacy import PrivacyRequestGranted
from shared.contracts.router import (
    ClockBreached,
    EmergencyAlerted,
    ShiftStruck,
    TicketResolved,
    WorkOrderAccepted,
    WorkOrderDispatched,
)
from shared.contracts.survey import SurveyAsked, SurveyDissatisfied
from shared.store import connect
from tests.support.floor import Floor, caller

LEAK: Final = {"estate": "jinyuan", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}
LATER: Final = datetime(2026, 12, 1, tzinfo=UTC)
ENGINEER: Final = "jy-engineering-1"


async def forge(floor: Floor, event: Event, *, id: str, lane: Lane = "routine") -> None:
    """Publish an event as anybody could who may write to the exchange."""
    now = await floor.now()
    envelope = Envelope.seal(
        event, id=id, source="/hotline/admin", subject="x", lane=lane, time=now
    )
    async with await aio_pika.connect(floor.endpoints.amqp_operator) as connection:
        exchange = await (await connection.channel()).get_exchange("hotline.events", ensure=False)
        message = aio_pika.Message(envelope.to_body(), message_id=envelope.id)
        await exchange.publish(message, envelope.routing_key)


async def unfounded(floor: Floor, service: str, event: str) -> float:
    """How many of an event's kind a service has dropped."""
    page = await floor.clients.http.get(f"{floor.endpoints.services[service]}/metrics")
    found = re.search(
        rf'^hotline_event_unfounded_total{{event="{event}"}} (\S+)', page.text, re.MULTILINE
    )
    return float(found.group(1)) if found else 0.0


@asynccontextmanager
async def dropped(floor: Floor, event: type[Event], *services: str) -> AsyncIterator[None]:
    """What is published within is dropped by these services before the block is over."""
    before = {service: await unfounded(floor, service, event.name) for service in services}
    yield
    for service, count in before.items():

        async def more(service: str = service, count: float = count) -> bool | None:
            return True if await unfounded(floor, service, event.name) > count else None

        await until(more, f"{service} drops {event.name}")


async def kept(floor: Floor, collection: str, **query: Any) -> list[Json]:
    client = connect(floor.endpoints.mongo)
    try:
        # What is published is taken out of the outbox in its own time, and changes nothing.
        found = client["hotline"][collection].find(query, {"outbox": 0})
        return await found.sort("_id").to_list(None)
    finally:
        client.close()


async def of_before(floor: Floor, collection: str, id: str) -> None:
    """Make a document such as a version left it that noted nothing of what it said."""
    client = connect(floor.endpoints.mongo)
    try:
        done = await client["hotline"][collection].update_one({"_id": id}, {"$unset": {"said": 1}})
        assert done.modified_count == 1
    finally:
        client.close()


async def state(floor: Floor, number: str) -> Mapping[str, Any]:
    """All that is kept because of a ticket."""
    found = {"tickets": await kept(floor, "tickets", _id=number)}
    for collection in ("messages", "surveys", "follow_ups", "proofs"):
        found[collection] = await kept(floor, collection, number=number)
    return found | {"emergencies": await kept(floor, "emergencies", _id=number)}


async def working(floor: Floor) -> str:
    """A repair that somebody has been told to do."""
    number = str((await floor.clients.post_ticket(LEAK))["number"])
    await first_order(floor.clients, number)
    for purpose in ("receipt", "assignment"):
        await floor.clients.until_message(number, purpose)
    return number


async def closed(floor: Floor) -> str:
    """A repair that is done and told, and of which the caller was asked."""
    clients, number = floor.clients, str((await floor.clients.post_ticket(LEAK))["number"])
    await done_by(clients, await first_order(clients, number), "accept", "start", "resolve")
    await told(clients, number)
    await clients.until_message(number, "survey")
    return number


@pytest.mark.parametrize("document", ["a request", "a ticket", "nothing"])
async def test_a14_a_forged_grant_erases_nobody(floor: Floor, document: str) -> None:
    number = await working(floor)
    named = {"a request": "privacy_request/made-up", "a ticket": f"ticket/{number}"}
    event = PrivacyRequestGranted(
        request="made-up", turn=1, kind="erase", number=number, person="caller", by="officer"
    )

    async with dropped(floor, PrivacyRequestGranted, "intake"):
        await forge(floor, event, id=f"{named.get(document, 'x')}/1/0")

    [doc] = await kept(floor, "tickets", _id=number)
    assert "caller" in doc["persons"]
    assert await kept(floor, "privacy_works", request="made-up") == []


@pytest.mark.parametrize("age", ["of today", "of before"])
async def test_a14_a_request_that_is_only_asked_is_not_carried_out(floor: Floor, age: str) -> None:
    """There is such a request, and nobody has granted it."""
    number = await working(floor)
    body = {"kind": "erase", "number": number, "person": "caller", "how": "phone"}
    asked_for = await floor.clients.call(
        "POST", "admin", "/v1/privacy-requests", role="agent", json=body,
        headers={"Idempotency-Key": f"asked-{number}"},
    )  # fmt: skip
    assert asked_for.status_code == 201, asked_for.text
    id = asked_for.json()["id"]
    if age == "of before":
        await of_before(floor, "privacy_requests", id)
    event = PrivacyRequestGranted(
        request=id, turn=1, kind="erase", number=number, person="caller", by="officer"
    )

    async with dropped(floor, PrivacyRequestGranted, "intake"):
        await forge(floor, event, id=f"privacy_request/{id}/1/0")

    [doc] = await kept(floor, "tickets", _id=number)
    assert "caller" in doc["persons"]


@pytest.mark.parametrize("age", ["of today", "of before"])
async def test_a14_a_forged_dissatisfied_answer_reopens_nothing(floor: Floor, age: str) -> None:
    number = await closed(floor)
    survey = f"{number}-1"
    if age == "of before":
        await of_before(floor, "surveys", survey)
    event = SurveyDissatisfied(survey=survey, number=number, round=1, score=1)

    async with dropped(floor, SurveyDissatisfied, "intake"):
        await forge(floor, event, id=f"survey/{survey}/2/1")

    ticket = await floor.clients.ticket(number)
    assert (ticket["status"], ticket["round"]) == ("closed", 1)


async def test_a14_a_satisfied_answer_is_not_forged_into_another(floor: Floor) -> None:
    number = await closed(floor)
    await asked(floor.clients, number, 1, 5)
    survey = f"{number}-1"
    event = SurveyDissatisfied(survey=survey, number=number, round=1, score=1)

    async with dropped(floor, SurveyDissatisfied, "intake"):
        await forge(floor, event, id=f"survey/{survey}/2/0")

    assert (await floor.clients.ticket(number))["status"] == "closed"


async def test_a14_what_is_true_of_one_ticket_is_not_said_of_another(floor: Floor) -> None:
    """A real event with another number in it."""
    one, other = await closed(floor), await closed(floor)
    await floor.clients.answer_survey(one, 1, 1)
    await floor.clients.until_ticket(one, lambda ticket: ticket["round"] == 2, "it is reopened")
    event = SurveyDissatisfied(survey=f"{one}-1", number=other, round=1, score=1)

    async with dropped(floor, SurveyDissatisfied, "intake"):
        await forge(floor, event, id=f"survey/{one}-1/2/1")

    assert (await floor.clients.ticket(other))["round"] == 1


FORGED: Final[tuple[tuple[Event, Lane, tuple[str, ...]], ...]] = (
    (TicketRegistered(number="N", estate="jinyuan"), "routine",
     ("router", "notifier", "telephony")),
    (TicketRegistered(number="N", urgency="emergency"), "urgent",
     ("router", "notifier", "telephony")),
    (TicketReopened(number="N", round=2, reason="caller"), "routine", ("router", "notifier")),
    (TicketUrged(number="N"), "routine", ("router",)),
    (TicketOwned(number="N", owner="he"), "routine", ("router",)),
    (TicketClosed(number="N", outcome="told"), "routine", ("survey", "router")),
    (TicketPersonErased(number="N", person="caller", why="x"), "routine",
     ("router", "survey", "telephony")),
    (TicketResolved(number="N"), "routine", ("notifier", "router")),
    (
        MessageReceived(message="m", number="N", recipient="caller", purpose="feedback"),
        "routine",
        ("intake",),
    ),
    (
        MessageFailed(
            message="m", number="N", recipient="caller", purpose="feedback", reason="no_address"
        ),
        "routine",
        ("intake", "router", "survey"),
    ),
    (SurveyAsked(survey="N-1", number="N"), "routine", ("notifier",)),
    (
        WorkOrderDispatched(
            number="N", work_order="N-7", department="engineering", assignee=ENGINEER
        ),
        "routine",
        ("notifier",),
    ),
    (
        WorkOrderAccepted(number="N", work_order="N-1", department="engineering"),
        "urgent",
        ("router",),
    ),
    (
        ClockBreached(number="N", clock="accept", due=LATER, recipients=(ENGINEER,)),
        "routine",
        ("notifier",),
    ),
    (
        EmergencyAlerted(number="N", kind="fire", recipients=(ENGINEER,)),
        "urgent",
        ("notifier",),
    ),
    (
        IncidentAnnounced(
            incident="i", revision=1, estate="jinyuan", area="power", notice=1, numbers=("N",)
        ),
        "routine",
        ("notifier",),
    ),
    (
        ParkedUrgent(
            parked="N", service="intake", queue="q", reason="failed", recipients=(ENGINEER,)
        ),
        "urgent",
        ("notifier",),
    ),
    (
        ShiftStruck(
            shift="N", revision=1, place="jinyuan", department="engineering", person=ENGINEER,
            begins=LATER, ends=LATER + timedelta(hours=8), reason="leave", recipients=(ENGINEER,),
        ),
        "routine",
        ("notifier",),
    ),
    (
        PrivacyRequestCarriedOut(request="N", turn=1, outcome="done", tickets=1),
        "routine",
        ("admin",),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("event", "lane", "services"), FORGED, ids=[f"{e.name}.{lane}" for e, lane, _ in FORGED]
)
async def test_a14_nobody_acts_and_nobody_is_told_because_of_a_forged_event(
    floor: Floor, event: Event, lane: Lane, services: tuple[str, ...]
) -> None:
    """About a real ticket, which the document that it names has never said."""
    number = await closed(floor)
    before = await state(floor, number)
    raw = event.model_dump_json().replace('"N', f'"{number}')
    forged = type(event).model_validate_json(raw)

    async with dropped(floor, type(event), *services):
        await forge(floor, forged, id=f"ticket/{number}/1/0", lane=lane)

    assert await state(floor, number) == before
