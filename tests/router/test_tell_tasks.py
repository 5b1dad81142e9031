"""A result that reached nobody is told by telephone: one task a ticket and round."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.router.follow_ups import desk_tasks
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.follow_ups.tasks import FollowUp, finish
from shared.contracts.intake import TicketClosed, TicketReopened, TicketTold
from shared.contracts.notifier import CALLER, MessageFailed, MessageUnconfirmed, MessageUnknown
from shared.contracts.router import (
    FollowUpDone,
    FollowUpDropped,
    FollowUpMissed,
    FollowUpOpened,
    TicketResolved,
)
from shared.tickets.acts import (
    Accept,
    Act,
    Appoint,
    Dispatch,
    Feedback,
    FeedbackAttempt,
    NotSatisfied,
    Resolve,
    Tell,
)
from tests.router.conftest import RouterBench
from tests.router.test_follow_ups import NUMBER, ORDER, ask, have, listed
from tests.support.bench import handled, until
from tests.support.tickets import LAMP, moved, registered

TASKS = ["router.follow_ups.routine", "router.follow_ups.urgent"]
GIVEN = Dispatch(by="router", department="engineering", assignee="li")
TOLD = Feedback(by="he", outcome="told")


async def put_done(bench: RouterBench, *more: Act) -> None:
    """A ticket whose work is done, and what was done to it since."""
    acts = (GIVEN, Accept(by="li", order=ORDER), Resolve(by="li", order=ORDER, outcome="done"))
    await bench.put(moved(registered(LAMP, at=bench.now()), *acts, *more, at=bench.now()))


async def act(bench: RouterBench, *acts: Act) -> None:
    await bench.platform.tickets.change(NUMBER, lambda _ticket, _now: list(acts))


def failed(reason: str = "no_channel", **more: Any) -> MessageFailed:
    facts = {"message": "m", "number": NUMBER, "recipient": CALLER, "purpose": "feedback"}
    return MessageFailed(**facts | {"reason": reason} | more)


async def handle(bench: RouterBench, event: Any, *, id: str = "message/m/3/0") -> None:
    """Publish and return when it was handled."""
    before = handled(TASKS)
    await bench.publish(event, id=id)
    await until(lambda: handled(TASKS) > before)


async def docs(bench: RouterBench) -> list[dict[str, Any]]:
    return await bench.store.find(FOLLOW_UPS.name, {"why": "tell"}, limit=100)


async def open_task(bench: RouterBench) -> str:
    await put_done(bench)
    await bench.publish(failed(), id="message/m/3/0")
    (event,) = await bench.said(FollowUpOpened)
    return event.follow_up


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (failed(), "tell"),
        (failed("refused"), "tell"),
        (
            MessageUnknown(message="m", number=NUMBER, recipient=CALLER, purpose="feedback"),
            "tell_unsure",
        ),
    ],
    ids=["no_channel", "refused", "unknown"],
)
async def test_a_result_that_may_have_reached_nobody_is_a_task_for_the_desk_at_once(
    bench: RouterBench, event: MessageFailed | MessageUnknown, reason: str
) -> None:
    await bench.add_replica()
    await put_done(bench)

    for n in range(3):
        await bench.publish(event, id=f"message/m/{n}/0")

    (opened,) = await bench.said(FollowUpOpened)
    assert (opened.why, opened.reason, opened.round) == ("tell", reason, 1)
    assert opened.recipients == ("jy-customer-service-1",)
    (task,) = await listed(bench)
    assert (task["why"], task["person"], task["state"]) == ("tell", "jy-customer-service-1", "open")


async def test_a_result_is_no_task_where_it_is_told_or_not_the_callers(bench: RouterBench) -> None:
    await put_done(bench)

    for n, event in enumerate(
        (
            failed("no_address"),
            failed(purpose="receipt"),
            failed(recipient="jy-engineering-1"),
            failed(round=2),
        )
    ):
        await handle(bench, event, id=f"message/{n}/1/0")

    assert await docs(bench) == []


@pytest.mark.parametrize("since", [(TOLD,), (NotSatisfied(by="he"),)], ids=["closed", "reopened"])
async def test_old_news_of_a_ticket_that_has_moved_on_is_no_task(
    bench: RouterBench, since: tuple[Act, ...]
) -> None:
    await put_done(bench, *since)

    await handle(bench, failed())

    assert await docs(bench) == []


async def test_what_the_policy_wants_told_by_a_person_is_a_task_when_the_work_is_done(
    bench: RouterBench,
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"feedback_by_call": ["repair"]}})
    await put_done(bench)
    resolved = TicketResolved(number=NUMBER, estate="jinyuan", type="repair", urgency="normal")

    await handle(bench, resolved, id="ticket/1/4/0")
    await handle(bench, failed("no_address"), id="message/m/3/0")
    await handle(bench, failed(), id="message/n/3/0")

    (opened,) = await bench.said(FollowUpOpened)
    assert (opened.why, opened.reason) == ("tell", "tell")
    assert len(await docs(bench)) == 1


async def test_what_a_message_tells_asks_nothing_when_the_work_is_done(bench: RouterBench) -> None:
    await put_done(bench)
    resolved = TicketResolved(number=NUMBER, estate="jinyuan", type="repair", urgency="normal")

    await handle(bench, resolved, id="ticket/1/4/0")

    assert await docs(bench) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (TOLD, TicketClosed(number=NUMBER, estate="jinyuan", outcome="told")),
        (
            NotSatisfied(by="he"),
            TicketReopened(number=NUMBER, estate="jinyuan", round=2, reason="not_satisfied"),
        ),
    ],
    ids=["told", "not_satisfied"],
)
async def test_who_tells_the_caller_has_done_the_task(
    bench: RouterBench, given: Act, said: TicketClosed | TicketReopened
) -> None:
    task = await open_task(bench)

    await act(bench, given)
    await bench.publish(said, id="ticket/1/9/0")

    (done,) = await bench.said(FollowUpDone)
    assert (done.follow_up, done.outcome) == (task, "fed_back")
    (doc,) = await docs(bench)
    assert (doc["state"], doc["ended_by"]) == ("done", "he")


async def test_who_does_not_answer_the_last_try_is_still_to_be_told_and_the_lead_hears_of_it(
    bench: RouterBench,
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"feedback_attempts": 1}})
    await open_task(bench)
    await act(bench, FeedbackAttempt(by="he"))

    await bench.forward(timedelta(hours=1, seconds=1))

    (missed,) = await bench.said(FollowUpMissed)
    assert missed.recipients == ("jy-customer-service-2",)
    await bench.forward(timedelta(minutes=2))
    (doc,) = await docs(bench)
    assert doc["state"] == "open"


async def test_a_task_to_tell_is_ended_by_the_feedback_and_by_nothing_else(
    bench: RouterBench,
) -> None:
    task = await open_task(bench)

    answer = await ask(bench, "POST", f"/{task}/done", json={"outcome": "told_owner"})

    assert answer.status_code == 409
    assert "/feedback" in answer.json()["detail"]
    (doc,) = await docs(bench)
    assert doc["state"] == "open"


async def test_what_a_late_word_of_the_provider_closed_has_no_task_any_more(
    bench: RouterBench,
) -> None:
    await open_task(bench)

    await act(bench, Feedback(by="service:intake", outcome="delivered"))
    await bench.forward(timedelta(minutes=1, seconds=1))

    (dropped,) = await bench.said(FollowUpDropped)
    assert dropped.dropped_for == "over"


def unconfirmed(purpose: str, **more: Any) -> MessageUnconfirmed:
    facts = {"message": "m", "number": NUMBER, "recipient": CALLER, "purpose": purpose}
    return MessageUnconfirmed(**facts | more)


async def put_visit(bench: RouterBench) -> None:
    """A ticket of which the caller is to be told when somebody comes."""
    visit = Appoint(
        by="li",
        order=ORDER,
        at=bench.now() + timedelta(hours=3),
        until=bench.now() + timedelta(hours=5),
    )
    given = (GIVEN, Accept(by="li", order=ORDER), visit)
    await bench.put(moved(registered(LAMP, at=bench.now()), *given, at=bench.now()))


async def test_a_visit_that_nobody_confirmed_is_told_by_telephone_and_ends_when_it_is_told(
    bench: RouterBench,
) -> None:
    await put_visit(bench)

    for n in range(2):
        await bench.publish(unconfirmed("visit"), id=f"message/m/{n}/0")

    (opened,) = await bench.said(FollowUpOpened)
    assert (opened.why, opened.reason) == ("tell", "visit")
    answer = await ask(bench, "POST", f"/{opened.follow_up}/done", json={"outcome": "told_owner"})
    assert answer.status_code == 409
    assert "/tell" in answer.json()["detail"]

    await act(bench, Tell(by="he"))
    await bench.publish(TicketTold(number=NUMBER, estate="jinyuan"), id="ticket/1/9/0")

    (done,) = await bench.said(FollowUpDone)
    assert done.outcome == "told_owner"
    (doc,) = await docs(bench)
    assert (doc["state"], doc["ended_by"]) == ("done", "he")


async def test_what_the_agent_told_on_the_call_opens_nothing(bench: RouterBench) -> None:
    await put_visit(bench)
    await act(bench, Tell(by="he"))

    await handle(bench, unconfirmed("visit"))

    assert await docs(bench) == []


async def test_only_what_the_policy_lists_is_told_by_telephone(bench: RouterBench) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"told_by_telephone": ["outage"]}})
    await put_visit(bench)

    await handle(bench, unconfirmed("visit"), id="message/m/1/0")
    await handle(bench, unconfirmed("outage", message="o"), id="message/o/1/0")

    assert [doc["reason"] for doc in await docs(bench)] == ["outage"]


async def test_a_ticket_has_one_call_to_make_and_the_results_takes_the_place_of_others(
    bench: RouterBench,
) -> None:
    await put_visit(bench)
    await handle(bench, unconfirmed("visit"), id="message/m/1/0")
    await handle(bench, unconfirmed("outage", message="o"), id="message/o/1/0")
    assert [doc["reason"] for doc in await docs(bench)] == ["visit"]

    await act(bench, Resolve(by="li", order=ORDER, outcome="done"))
    await handle(bench, unconfirmed("feedback", message="f"), id="message/f/1/0")

    async def only_the_result() -> bool:
        found = {doc["reason"]: doc["dropped_for"] for doc in await docs(bench)}
        return found == {"visit": "work_done", "tell_unsure": None}

    await until(only_the_result)


async def test_who_does_not_answer_is_rung_again_after_the_gap_as_often_as_the_policy_says(
    bench: RouterBench,
) -> None:
    await bench.let_places_differ(
        jinyuan={"rules": {"feedback_attempts": 2, "feedback_gap": "PT2H"}}
    )
    await put_visit(bench)
    await bench.publish(unconfirmed("outage", message="o"), id="message/o/1/0")
    (first,) = await bench.said(FollowUpOpened)

    path = f"/{first.follow_up}/done"
    answer = await ask(bench, "POST", path, json={"outcome": "no_answer"})
    assert answer.status_code == 200

    await bench.forward(timedelta(hours=1, minutes=59))
    assert sum(doc["state"] == "open" for doc in await docs(bench)) == 0
    await bench.forward(timedelta(minutes=2))
    opened = await bench.said(FollowUpOpened, 2)
    path = f"/{opened[1].follow_up}/done"
    assert (await ask(bench, "POST", path, json={"outcome": "no_answer"})).status_code == 200
    assert [doc["state"] for doc in await docs(bench)] == ["done", "done"]


async def test_of_presses_at_once_one_counts_and_a_caller_who_was_told_is_not_rung_again(
    bench: RouterBench,
) -> None:
    """What somebody says of such a call leaves no trace on the ticket but the end of its task."""
    await put_visit(bench)
    winners = set()

    for n in range(6):
        await bench.publish(unconfirmed("outage", message=f"o{n}"), id=f"message/o{n}/1/0")
        opened = await bench.said(FollowUpOpened, n + 1)
        path = f"/{opened[-1].follow_up}/done"
        said = ("no_answer", "told_owner", "no_answer", "told_owner")
        answers = await asyncio.gather(
            *(ask(bench, "POST", path, json={"outcome": outcome}) for outcome in said)
        )

        (winner,) = {a.json()["outcome"] for a in answers if a.status_code == 200}
        live = [doc for doc in await docs(bench) if doc["state"] in {"planned", "open"}]
        assert len(live) == (winner == "no_answer"), winner
        for doc in live:
            told = await ask(bench, "POST", f"/{doc['_id']}/done", json={"outcome": "told_owner"})
            assert told.status_code == 200
        winners.add(winner)
    assert winners


async def test_where_another_replica_was_faster_the_next_try_is_taken_back(
    bench: RouterBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_visit(bench)
    await bench.publish(unconfirmed("outage"), id="message/m/1/0")
    (opened,) = await bench.said(FollowUpOpened)
    id = opened.follow_up
    outcomes: list[str] = []

    def finished_elsewhere_first(task: FollowUp, outcome: str, *rest: Any, **more: Any) -> Any:
        step = finish(task, outcome, *rest, **more)  # type: ignore[arg-type]
        if not outcomes and outcome == "no_answer" and step is not None:
            outcomes.append(outcome)
            told = {"state": "done", "outcome": "told_owner", "ended_by": "su"}
            corner = bench.corner
            with MongoClient[dict[str, Any]](corner.mongo_url) as client:
                changed = client[corner.database][FOLLOW_UPS.name].update_one(
                    {"_id": id}, {"$set": told, "$inc": {"version": 1}}
                )
                assert changed.modified_count == 1
        return step

    monkeypatch.setattr(desk_tasks, "finish", finished_elsewhere_first)
    answer = await ask(bench, "POST", f"/{id}/done", json={"outcome": "no_answer"})

    assert (answer.status_code, outcomes) == (409, ["no_answer"])
    assert [doc for doc in await docs(bench) if doc["state"] in {"planned", "open"}] == []


async def test_a_new_round_has_a_task_of_its_own(bench: RouterBench) -> None:
    await open_task(bench)
    second = f"{NUMBER}-2"
    again = (
        NotSatisfied(by="he"),
        GIVEN,
        Accept(by="li", order=second),
        Resolve(by="li", order=second, outcome="done"),
    )
    await act(bench, *again)

    for n in range(2):
        await bench.publish(failed(round=2), id=f"message/n/{n}/0")
    await handle(bench, failed(), id="message/m/4/0")

    opened = await bench.said(FollowUpOpened, 2)
    assert [event.round for event in opened] == [1, 2]
    await bench.forward(timedelta(minutes=1, seconds=1))
    await bench.said(FollowUpDone)
    assert sorted((doc["round"], doc["state"]) for doc in await have(bench, 2)) == [
        (1, "done"),
        (2, "open"),
    ]
