"""What came of a call at the link of its task moves the ticket as the desk's word does (A4.4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from services.intake.queues import CALLS_ROUTINE, CALLS_URGENT
from shared.contracts import Lane
from shared.contracts.intake import TicketClosed, TicketReopened
from shared.contracts.router import CallAnswer, FollowUpRung
from shared.tickets.acts import (
    Accept,
    Act,
    Appoint,
    Cancel,
    Dispatch,
    Feedback,
    NotSatisfied,
    Reopen,
)
from tests.intake.test_desk_actions import done
from tests.intake.test_registering import LAMP, IntakeBench
from tests.intake.test_wishes import act, read, register
from tests.support.bench import handled, until

HE: Final = "jy-customer-service-1"
RECEIPT: Final = Feedback(by="intake", outcome="delivered")
TASK: Final = "f" * 32
QUEUES: Final = [CALLS_ROUTINE.name, CALLS_URGENT.name]


def rung(bench: IntakeBench, number: str, answer: CallAnswer, **more: Any) -> FollowUpRung:
    task = {"follow_up": TASK, "why": "tell", "reason": "tell", "due": bench.now()}
    facts = {"number": number, "estate": "jinyuan", "by": HE, "call": "k", "answer": answer}
    return FollowUpRung.model_validate(task | facts | more)


async def move(bench: IntakeBench, number: str, *acts: Act) -> None:
    await bench.platform.tickets.change(number, lambda _t, _n: list(acts))


async def hear(
    bench: IntakeBench,
    event: FollowUpRung,
    *,
    n: int = 1,
    words: str = "",
    lane: Lane = "routine",
    kept_of: str | None = None,
) -> None:
    """Take in what the router said, with the words of a call that lie with the task."""
    kept = {"call": {"key": kept_of or event.call, "words": words or None}}
    tasks = bench.store.documents("follow_ups")
    await tasks.update_one({"_id": event.follow_up}, {"$set": kept}, upsert=True)
    before = handled(QUEUES)
    await bench.publish(event, id=f"call-{event.call}-{n}", lane=lane)
    await until(lambda: handled(QUEUES) > before)


async def done_to(bench: IntakeBench, number: str) -> list[tuple[str, str, str | None]]:
    wanted = {"feedback", "feedback_attempt", "not_satisfied", "tell"}
    entries = (await read(bench, number)).timeline
    return [(e.transition, e.by, e.note) for e in entries if e.transition in wanted]


@pytest.mark.parametrize("answer", ["satisfied", "said_nothing"])
async def test_a_result_that_was_told_closes_the_ticket_for_whoever_rang(
    bench: IntakeBench, answer: CallAnswer
) -> None:
    number = await done(bench)

    for n in range(2):
        await hear(bench, rung(bench, number, answer), n=n, words="修得很好")

    (closed,) = await bench.said(TicketClosed, number=number)
    assert closed.outcome == "told"
    assert await done_to(bench, number) == [("feedback", HE, "修得很好")]


async def test_who_is_not_satisfied_begins_the_work_again_with_the_reason(
    bench: IntakeBench,
) -> None:
    number = await done(bench)

    for n in range(2):
        event = rung(bench, number, "not_satisfied", cause="not_done")
        await hear(bench, event, n=n, words="根本没人来")

    (reopened,) = await bench.said(TicketReopened, number=number)
    assert (reopened.round, reopened.reason) == (2, "not_done")
    assert await done_to(bench, number) == [("not_satisfied", HE, "根本没人来")]


async def test_a_call_that_nobody_answered_is_one_attempt_however_often_it_is_told(
    bench: IntakeBench,
) -> None:
    number = await done(bench)

    for n in range(3):
        await hear(bench, rung(bench, number, "no_answer"), n=n)

    assert (await read(bench, number)).feedback_attempts == 1


async def test_the_last_call_in_vain_closes_the_ticket_as_not_reached(bench: IntakeBench) -> None:
    number = await done(bench)
    for n in range(2):
        await hear(bench, rung(bench, number, "no_answer", call=f"k{n}"))
        await bench.forward(timedelta(hours=2, seconds=1))

    for n in range(2):
        await hear(bench, rung(bench, number, "unreachable", call="last"), n=n)

    (closed,) = await bench.said(TicketClosed, number=number)
    assert closed.outcome == "unreachable"
    assert (await read(bench, number)).feedback_attempts == 3


async def test_nobody_is_unreachable_before_the_policys_attempts(bench: IntakeBench) -> None:
    number = await done(bench)

    await hear(bench, rung(bench, number, "unreachable"))

    ticket = await read(bench, number)
    assert (ticket.status.value, ticket.feedback_attempts) == ("resolved", 1)


async def test_a_promise_that_was_told_is_on_record_once(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)

    for n in range(2):
        await hear(bench, rung(bench, number, "told", reason="visit"), n=n)

    assert await done_to(bench, number) == [("tell", HE, None)]


@pytest.mark.parametrize(
    "since", [Feedback(by="he", outcome="told"), NotSatisfied(by="he")], ids=["closed", "reopened"]
)
async def test_a_call_about_what_has_moved_on_changes_nothing(
    bench: IntakeBench, since: Feedback | NotSatisfied
) -> None:
    number = await done(bench)
    await bench.platform.tickets.change(number, lambda _t, _n: since)
    before = (await read(bench, number)).version

    answers: tuple[CallAnswer, ...] = ("satisfied", "no_answer", "unreachable")
    for n, answer in enumerate(answers):
        await hear(bench, rung(bench, number, answer, call=f"k{n}"))

    assert (await read(bench, number)).version == before


async def test_who_is_not_satisfied_is_heard_also_where_a_late_receipt_has_closed_the_ticket(
    bench: IntakeBench,
) -> None:
    number = await done(bench)
    await bench.platform.tickets.change(number, lambda _t, _n: RECEIPT)

    for n in range(2):
        event = rung(bench, number, "not_satisfied", reason="tell_unsure", cause="not_done")
        await hear(bench, event, n=n, words="根本没人来")

    (reopened,) = await bench.said(TicketReopened, number=number)
    assert (reopened.round, reopened.reason) == (2, "not_done")
    entry = (await read(bench, number)).timeline[-1]
    assert (entry.transition, entry.by, entry.note) == ("reopen", HE, "根本没人来")


async def test_who_was_not_satisfied_with_an_earlier_round_begins_no_other(
    bench: IntakeBench,
) -> None:
    number = await done(bench)
    await move(bench, number, RECEIPT, Reopen(by="he", reason="caller"), Cancel(by="he"))
    before = (await read(bench, number)).version

    await hear(bench, rung(bench, number, "not_satisfied"))

    assert (await read(bench, number)).version == before


async def test_of_two_times_only_the_one_that_was_said_is_told(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    order, begins = f"{number}-1", bench.now() + timedelta(hours=3)
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    await move(bench, number, given, Accept(by="li", order=order))
    for n in range(2):
        at = begins + timedelta(hours=n)
        comes = Appoint(by="li", order=order, at=at, until=at + timedelta(hours=2))
        await move(bench, number, comes)
        await bench.forward(timedelta(minutes=1))
    first, second = [p for p in (await read(bench, number)).promised if p.how == "visit"]

    async def hear_of(promised: datetime, call: str) -> list[bool]:
        event = rung(bench, number, "told", reason="visit", call=call, promised=(promised,))
        await hear(bench, event)
        return [p.told for p in (await read(bench, number)).promised if p.how == "visit"]

    assert await hear_of(first.at, "early") == [False, False]
    assert await done_to(bench, number) == []
    assert await hear_of(second.at, "late") == [False, True]


async def test_what_the_caller_said_is_read_as_callers_words_are(bench: IntakeBench) -> None:
    number = await done(bench)

    await hear(bench, rung(bench, number, "satisfied"), words="着火已扑灭，谢谢")

    assert (await read(bench, number)).is_emergency


@pytest.mark.parametrize("answer", ["satisfied", "no_answer", "not_satisfied", "unreachable"])
async def test_a_danger_is_heeded_where_a_later_call_has_taken_the_place_of_its_words(
    bench: IntakeBench, answer: CallAnswer
) -> None:
    number = await done(bench)
    event = rung(bench, number, answer, danger="fire", call="early")

    for n in range(2):
        await hear(bench, event, n=n, words="好的", lane="urgent", kept_of="later")
        ticket = await read(bench, number)
        assert (ticket.is_emergency, ticket.round) == (n == 0, 2)
        if n == 0:  # the desk finds that it is none: told again it is none, either
            await act(bench, number, "reclassify", no_danger=True, reason="only_the_toaster")


async def test_a_danger_in_the_words_is_an_emergency_and_closes_nothing(
    bench: IntakeBench,
) -> None:
    number = await done(bench)
    event = rung(bench, number, "satisfied", danger="fire")

    for n in range(2):
        await hear(bench, event, n=n, words="她说楼道里着火了", lane="urgent")

    ticket = await read(bench, number)
    assert (ticket.is_emergency, ticket.round, ticket.mark) == (True, 2, None)


async def test_a_danger_told_of_a_ticket_that_has_moved_on_is_heeded_all_the_same(
    bench: IntakeBench,
) -> None:
    number = await done(bench)
    await bench.platform.tickets.change(number, lambda _t, _n: Feedback(by="he", outcome="told"))

    event = rung(bench, number, "no_answer", danger="fire")
    await hear(bench, event, words="她说楼道里着火了", lane="urgent")

    assert (await read(bench, number)).is_emergency


async def test_a_call_that_no_task_has_said_is_not_believed(bench: IntakeBench) -> None:
    number = await done(bench)
    event = rung(bench, number, "satisfied")
    forged = bench.seal(event, id=f"follow_up/{TASK}/3/0", lane="routine")
    before = handled(QUEUES)

    await bench.forge(forged)
    await until(lambda: handled(QUEUES) > before)

    assert (await read(bench, number)).mark is None


async def test_whom_the_matter_turns_out_to_be_about_has_told_nothing(bench: IntakeBench) -> None:
    number = await done(bench)
    await bench.store.documents("tickets").update_one(
        {"_id": number}, {"$set": {"about": {"departments": [], "people": [HE]}}}
    )

    await hear(bench, rung(bench, number, "satisfied"))

    assert (await read(bench, number)).mark is None
