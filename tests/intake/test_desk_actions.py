"""What callers want and hear after registration is on record: once, and as it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.intake.queues import FEEDBACK
from shared.contracts.intake import TicketClosed, TicketUrged
from shared.contracts.notifier import (
    CALLER,
    MessageAccepted,
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageReceived,
    MessageUnconfirmed,
    Purpose,
)
from shared.tickets.acts import Accept, Appoint, Dispatch, Resolve
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.bench import handled, until


async def test_two_taps_are_one_urge_and_both_are_told_when_the_next_counts(
    bench: IntakeBench,
) -> None:
    made = await bench.http.post("/v1/tickets", json=LAMP, headers=bench.signed_in("agent"))
    number = made.json()["number"]

    first, second = [await urged(bench, number) for _ in range(2)]
    await bench.forward(timedelta(minutes=31))
    third = await urged(bench, number)

    assert first["next_urge_at"] == second["next_urge_at"] < third["next_urge_at"]
    since = datetime.fromisoformat(third["next_urge_at"]) - bench.now()
    assert timedelta(minutes=29) < since <= timedelta(minutes=30)
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    assert [entry.transition for entry in ticket.timeline] == ["register", "urge", "urge"]
    assert len(await bench.said(TicketUrged, 2)) == 2


async def urged(bench: IntakeBench, number: str) -> dict[str, Any]:
    answer = await bench.http.post(
        f"/v1/tickets/{number}/urge", json={}, headers=bench.signed_in("agent")
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("purpose", "round_", "told"), [("visit", 1, True), ("visit", 2, False), ("receipt", 1, False)]
)
async def test_a_message_that_tells_of_a_visit_puts_on_record_that_the_caller_knows(
    bench: IntakeBench, purpose: Purpose, round_: int, *, told: bool
) -> None:
    made = await bench.http.post("/v1/tickets", json=LAMP, headers=bench.signed_in("agent"))
    number = made.json()["number"]
    begins = bench.now() + timedelta(hours=3)
    order = f"{number}-1"
    agreed = [
        Dispatch(by="router", department="engineering", assignee="jy-engineering-1"),
        Accept(by="li", order=order),
        Appoint(by="he", order=order, at=begins, until=begins + timedelta(hours=2)),
    ]
    await bench.platform.tickets.change(number, lambda _ticket, _now: agreed)

    before = handled([FEEDBACK.name])
    await bench.publish(
        MessageReceived(
            message="m", number=number, recipient=CALLER, purpose=purpose, round=round_
        ),
        id=f"message/m/{purpose}/{round_}",
    )
    await until(lambda: handled([FEEDBACK.name]) > before)

    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    assert (ticket.promised[-1].how, ticket.promised[-1].told) == ("visit", told)


@pytest.mark.parametrize(("later", "told"), [(0, True), (2, False)])
async def test_a_message_that_told_an_earlier_time_tells_nothing_of_the_one_that_holds(
    bench: IntakeBench, later: int, *, told: bool
) -> None:
    made = await bench.http.post("/v1/tickets", json=LAMP, headers=bench.signed_in("agent"))
    number = made.json()["number"]
    ends, order = bench.now() + timedelta(hours=5), f"{number}-1"
    visits = [
        Appoint(by="he", order=order, at=until - timedelta(hours=2), until=until)
        for until in (ends, ends + timedelta(hours=later))
    ]
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    acts = [given, Accept(by="li", order=order), *visits]
    await bench.platform.tickets.change(number, lambda _ticket, _now: acts)
    before = handled([FEEDBACK.name])
    arrived = MessageReceived(
        message="m", number=number, recipient=CALLER, purpose="visit", promised=ends
    )

    await bench.publish(arrived, id="message/m/1/0")
    await until_handled(before)

    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    assert ticket.promised[-1].told is told


async def until_handled(before: float) -> None:
    await until(lambda: handled([FEEDBACK.name]) > before)


async def test_progress_that_was_told_is_on_record_once(bench: IntakeBench) -> None:
    made = await bench.http.post("/v1/tickets", json=LAMP, headers=bench.signed_in("agent"))
    number = made.json()["number"]
    told = MessageReceived(message="m-1", number=number, recipient=CALLER, purpose="progress")

    for n in range(2):
        before = handled([FEEDBACK.name])
        await bench.publish(told, id=f"message/m-1/{n}")
        await until(lambda was=before: handled([FEEDBACK.name]) > was)  # type: ignore[misc]

    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    tells = [entry.note for entry in ticket.timeline if entry.transition == "tell"]
    assert tells == ["progress/m-1"]


@pytest.mark.parametrize(
    ("said", "mark"),
    [(MessageAccepted, None), (MessageUnconfirmed, None), (MessageReceived, "closed"),
     (MessageDelivered, "closed")],
)  # fmt: skip
async def test_a_result_closes_when_it_was_received_and_by_the_old_word_for_it(
    bench: IntakeBench, said: type[MessageEvent], mark: str | None
) -> None:
    number = await done(bench)

    await bench.publish(said(**told_by(number)), id="message/m/9/0")
    if mark is not None:
        await bench.said(TicketClosed)
    else:
        await outcome(bench, MessageFailed(**told_by(number), reason="refused"))

    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    assert (ticket.mark.value if ticket.mark else None) == mark


@pytest.mark.parametrize("reason", ["no_channel", "refused"])
async def test_a_result_that_reached_nobody_leaves_the_ticket_open(
    bench: IntakeBench, reason: str
) -> None:
    number = await done(bench)

    await outcome(bench, MessageFailed(**told_by(number), reason=reason))

    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    assert (ticket.status, ticket.mark) == ("resolved", None)


async def test_a_caller_without_a_number_is_closed_as_nobody_to_tell(bench: IntakeBench) -> None:
    number = await done(bench)

    await outcome(bench, MessageFailed(**told_by(number), reason="no_address"))

    (closed,) = await bench.said(TicketClosed)
    assert closed.outcome == "no_contact"


@pytest.mark.parametrize("said", ["delivered", "no_contact", "by_publisher", "by_incident_notice"])
async def test_nobody_closes_a_ticket_with_what_the_store_knows_to_be_otherwise(
    bench: IntakeBench, said: str
) -> None:
    number = await done(bench, caller={"phone": "13800138000"})

    answer = await bench.http.post(
        f"/v1/tickets/{number}/feedback", json={"outcome": said}, headers=bench.signed_in("agent")
    )

    assert answer.status_code == 409
    assert "told" in answer.json()["detail"]
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    assert ticket.status == "resolved"


async def test_of_a_caller_without_a_number_the_desk_may_say_so(bench: IntakeBench) -> None:
    number = await done(bench)

    answer = await bench.http.post(
        f"/v1/tickets/{number}/feedback",
        json={"outcome": "no_contact"},
        headers=bench.signed_in("agent"),
    )

    assert answer.status_code == 200
    (closed,) = await bench.said(TicketClosed)
    assert closed.outcome == "no_contact"


def told_by(number: str) -> dict[str, Any]:
    return {"message": "m", "number": number, "recipient": CALLER, "purpose": "feedback"}


async def done(bench: IntakeBench, **more: Any) -> str:
    """The number of a ticket whose work is done."""
    made = await bench.http.post("/v1/tickets", json=LAMP | more, headers=bench.signed_in("agent"))
    number = str(made.json()["number"])
    order = f"{number}-1"
    acts = [
        Dispatch(by="router", department="engineering", assignee="jy-engineering-1"),
        Accept(by="li", order=order),
        Resolve(by="li", order=order, outcome="done"),
    ]
    await bench.platform.tickets.change(number, lambda _ticket, _now: acts)
    return number


async def outcome(bench: IntakeBench, event: MessageFailed) -> None:
    before = handled([FEEDBACK.name])
    await bench.publish(event, id="message/m/3/0")
    await until(lambda: handled([FEEDBACK.name]) > before)
