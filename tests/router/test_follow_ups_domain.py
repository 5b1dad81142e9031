"""Which tasks the policy wants of a ticket, and what becomes of each as time goes on (A4.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.router.follow_ups.tasks import (
    FollowUp,
    drop,
    finish,
    forget,
    new_task,
    pass_on,
)
from services.router.follow_ups.wanted import Seen, after, look, recuse, rule_for, wanted
from shared.contracts import Step
from shared.contracts.router import FollowUpDropped, FollowUpMissed, FollowUpOpened
from shared.policy.wanted import FollowUps
from shared.tickets import Clock, Ticket
from shared.tickets.acts import (
    Accept,
    Dispatch,
    Extend,
    Feedback,
    NotSatisfied,
    Own,
    Resolve,
    Suspend,
    Warn,
)
from tests.support.tickets import LAMP, LIFT, MONDAY, fired, moved, policy, registered

NOISE = "投诉楼下天天放音乐扰民"
ORDER = "23456789-1"
GIVEN = Dispatch(by="router", department="security", assignee="jy-security-1")
ACCEPTED = Accept(by="jy-security-1", order=ORDER)
SHARED = FollowUps(shares=(0.5, 1.0), within=timedelta(hours=2))
WATCHED = FollowUps(every=timedelta(minutes=30), within=timedelta(minutes=15))


def complaint() -> Ticket:
    return moved(registered(NOISE), GIVEN, ACCEPTED)


def limit(ticket: Ticket) -> tuple[datetime, datetime]:
    clock = ticket.clocks[Clock.RESOLVE]
    assert clock.due is not None
    return clock.counted_since, clock.due


def at_share(ticket: Ticket, share: float) -> datetime:
    begun, due = limit(ticket)
    return begun + (due - begun) * share


def tasks(ticket: Ticket) -> tuple[FollowUp, ...]:
    return wanted(ticket, policy(), MONDAY, by="router")


def seen(ticket: Ticket, rule: FollowUps | None = SHARED, *, over: bool = False) -> Seen:
    return Seen(ticket, rule, policy().calendar, ("he",), ("lead",), is_danger_over=over)


def opened(task: FollowUp, ticket: Ticket, now: datetime) -> FollowUp:
    step = look(task, seen(ticket), now)
    assert step is not None
    assert step.value.state == "open"
    return step.value


def became(step: Step[FollowUp] | None) -> tuple[str, str | None]:
    assert step is not None
    return step.value.state, step.value.dropped_for


@pytest.mark.parametrize(
    ("text", "expected"), [(LAMP, []), (NOISE, [0.5, 1.0]), (LIFT, [None])],
    ids=["lamp", "complaint", "emergency"],
)  # fmt: skip
def test_the_sample_asks_for_tasks_of_complaints_and_dangers_only(
    text: str, expected: list[float | None]
) -> None:
    assert [task.share for task in tasks(registered(text))] == expected


def test_tasks_lie_at_their_shares_of_the_limit_and_a_repeat_makes_the_same() -> None:
    ticket = complaint()

    half, end = tasks(ticket)

    assert (half.opens_at, end.opens_at) == (at_share(ticket, 0.5), at_share(ticket, 1))
    assert (half.reason, end.reason) == ("limit_nears", "limit_broken")
    assert [task.id for task in tasks(ticket)] == [half.id, end.id]
    assert len({half.id, end.id}) == 2


def test_what_is_over_or_done_has_none() -> None:
    done = moved(complaint(), Resolve(by="li", order=ORDER, outcome="done"))

    assert tasks(done) == ()
    assert tasks(moved(done, Feedback(by="he", outcome="told"))) == ()


def test_a_task_opens_at_its_time_for_who_sees_the_ticket_through() -> None:
    ticket = complaint()
    half, _ = tasks(ticket)

    assert look(half, seen(ticket), half.opens_at - timedelta(seconds=1)) is None
    step = look(half, seen(ticket), half.opens_at)

    assert step is not None
    assert (step.value.state, step.value.person) == ("open", "he")
    assert step.value.due_at == half.opens_at + timedelta(hours=2)
    (event,) = step.events
    assert isinstance(event, FollowUpOpened)
    assert (event.recipients, event.due) == (("he",), step.value.due_at)


def test_what_is_not_done_in_time_is_told_to_the_lead_once_and_can_still_be_done() -> None:
    ticket = complaint()
    half = opened(tasks(ticket)[0], ticket, at_share(ticket, 0.5))

    assert look(half, seen(ticket), half.due_at - timedelta(seconds=1)) is None
    step = look(half, seen(ticket), half.due_at)
    assert step is not None
    (event,) = step.events

    assert isinstance(event, FollowUpMissed)
    assert event.recipients == ("lead",)
    assert step.value.next_due is None
    assert look(step.value, seen(ticket), half.due_at + timedelta(days=1)) is None
    assert became(finish(step.value, "told_owner", None, half.due_at, by="he")) == ("done", None)


def test_after_an_outage_the_highest_share_alone_opens() -> None:
    ticket = complaint()
    half, end = tasks(ticket)
    late = at_share(ticket, 1) + timedelta(hours=1)

    assert became(look(half, seen(ticket), late)) == ("dropped", "passed_over")
    assert became(look(end, seen(ticket), late)) == ("open", None)


def test_a_paused_limit_is_waited_for_and_one_that_moved_moves_the_task() -> None:
    ticket = complaint()
    half, _ = tasks(ticket)
    paused = moved(ticket, Suspend(by="li", order=ORDER, reason="parts"))

    step = look(half, seen(paused), half.opens_at)

    assert step is not None
    assert (step.value.state, step.events) == ("planned", ())
    assert step.value.opens_at == half.opens_at + timedelta(minutes=15)


def test_an_extension_makes_the_tasks_anew() -> None:
    ticket = complaint()
    half, end = tasks(ticket)
    _, due = limit(ticket)
    longer = moved(ticket, Extend(by="chief", order=ORDER, until=due + timedelta(days=2)))

    anew = tasks(longer)

    assert not {task.id for task in anew} & {half.id, end.id}
    assert anew[0].opens_at == at_share(longer, 0.5) > half.opens_at
    assert became(look(half, seen(longer), half.opens_at)) == ("dropped", "planned_anew")


@pytest.mark.parametrize("rule", [None, FollowUps(shares=(0.75,))])
def test_what_the_policy_wants_no_more_is_dropped_unsaid(rule: FollowUps | None) -> None:
    ticket = complaint()
    half, _ = tasks(ticket)

    step = look(half, seen(ticket, rule), half.opens_at)

    assert became(step) == ("dropped", "planned_anew")
    assert step is not None
    assert step.events == ()


def test_tasks_go_with_their_ticket() -> None:
    ticket = complaint()
    half = opened(tasks(ticket)[0], ticket, at_share(ticket, 0.5))
    done = moved(ticket, Resolve(by="li", order=ORDER, outcome="done"))
    again = moved(done, NotSatisfied(by="he"))
    closed = moved(done, Feedback(by="he", outcome="told"))

    steps = [look(half, seen(now_), MONDAY) for now_ in (done, again, closed)]

    assert [became(step)[1] for step in steps] == ["work_done", "work_done", "over"]
    assert steps[0] is not None
    assert isinstance(steps[0].events[0], FollowUpDropped)


def test_a_task_by_hand_stays_while_the_caller_is_to_be_told_and_in_a_new_round() -> None:
    ticket = complaint()
    by_hand = new_task(ticket, "by_hand", "call_back", mark="x", by="he",
                       at=MONDAY + timedelta(days=5), within=timedelta(hours=1))  # fmt: skip
    done = moved(ticket, Resolve(by="li", order=ORDER, outcome="done"))

    assert look(by_hand, seen(done), MONDAY) is None
    assert look(by_hand, seen(moved(done, NotSatisfied(by="he"))), MONDAY) is None
    assert became(look(by_hand, seen(done), by_hand.opens_at)) == ("open", None)
    closed = moved(done, Feedback(by="he", outcome="told"))
    assert became(look(by_hand, seen(closed), MONDAY)) == ("dropped", "over")


def test_a_danger_is_watched_until_it_is_over() -> None:
    ticket = registered(LIFT)
    (first,) = tasks(ticket)
    now = first.opens_at + timedelta(hours=3)

    second = after(first, seen(ticket, WATCHED), now)

    assert first.opens_at == MONDAY + timedelta(minutes=30)
    assert second is not None
    assert (second.turn, second.opens_at) == (2, now + timedelta(minutes=30))
    assert second.id != first.id
    assert became(look(first, seen(ticket, WATCHED), now)) == ("open", None)
    assert became(look(second, seen(ticket, WATCHED, over=True), now)) == ("dropped", "danger_over")


def test_nobody_is_told_twice_to_ask_how_it_stands() -> None:
    """Where the policy asks for a task at a share, its message comes instead of the warning's."""
    ticket = moved(complaint(), Own(by="he", owner="jy-customer-service-2"))
    _, due = limit(ticket)
    warned_at = at_share(ticket, 0.75)

    def told(now: datetime) -> set[str]:
        acts = fired(ticket, now)
        return {
            person
            for act in acts
            if getattr(act, "clock", None) is Clock.RESOLVE
            for person in getattr(act, "recipients", ())
        }

    assert "jy-customer-service-2" in told(warned_at)  # no task lies there
    assert told(due)
    assert "jy-customer-service-2" not in told(due)
    assert [type(a) for a in fired(ticket, warned_at)
            if getattr(a, "clock", None) is Clock.RESOLVE] == [Warn]  # fmt: skip


def test_tasks_follow_the_owner_but_those_meant_for_just_somebody() -> None:
    ticket = complaint()
    half = opened(tasks(ticket)[0], ticket, at_share(ticket, 0.5))
    named = new_task(ticket, "by_hand", "call_back", mark="x", by="he", at=MONDAY,
                     within=timedelta(hours=1), person="he", named=True)  # fmt: skip

    step = pass_on(half, "cai")

    assert step is not None
    assert (step.value.person, step.events) == ("cai", ())
    assert pass_on(half, "he") is None
    assert pass_on(named, "cai") is None


def test_what_is_over_is_done_and_dropped_once_and_words_can_be_forgotten() -> None:
    ticket = complaint()
    half = opened(tasks(ticket)[0], ticket, at_share(ticket, 0.5))
    done = finish(half, "no_answer", "无人接听", MONDAY, by="he")
    assert done is not None

    assert finish(done.value, "told_owner", None, MONDAY, by="cai") is None
    assert drop(done.value, "over", MONDAY) is None
    assert pass_on(done.value, "cai") is None
    wordless = forget(done.value)
    assert wordless is not None
    assert (wordless.value.result, wordless.value.outcome) == (None, "no_answer")
    assert forget(wordless.value) is None


def test_the_first_rule_that_fits_counts() -> None:
    assert rule_for(registered(LAMP), policy()) is None
    found = rule_for(registered(LIFT), policy())
    assert found is not None
    assert found.every == timedelta(minutes=30)
    assert FollowUps(areas=frozenset({"noise"}), shares=(1,)).fits("complaint", "noise", "normal")
    assert not FollowUps(areas=frozenset({"noise"}), shares=(1,)).fits("repair", "lamp", "normal")


@pytest.mark.parametrize(
    "wrong", [{}, {"shares": [0.9, 0.5]}, {"shares": [1.5]}, {"every": "PT1M"}]
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"shares|every|task"):
        FollowUps.model_validate(wrong)


def test_a_task_of_whom_the_ticket_turns_out_to_be_about_is_somebody_elses_who_is_told() -> None:
    ticket = complaint()
    open_task = opened(tasks(ticket)[0], ticket, at_share(ticket, 0.5))
    known = replace(seen(ticket), desk=("she",), not_for=frozenset({"he"}))

    step = recuse(open_task, known)

    assert step is not None
    assert step.value.person == "she"
    assert [event.recipients for event in step.events if isinstance(event, FollowUpOpened)] == [
        ("she",)
    ]
    assert recuse(step.value, known) is None


@pytest.mark.parametrize("why", ["not_for", "away"])
def test_a_task_asked_for_by_name_opens_for_who_is_there_and_whom_it_is_not_about(why: str) -> None:
    ticket = complaint()
    half = replace(tasks(ticket)[0], person="guard", named=True)
    known = replace(seen(ticket), **{why: frozenset({"guard"})})  # type: ignore[arg-type]

    step = look(half, known, at_share(ticket, 0.5))

    assert step is not None
    assert (step.value.state, step.value.person) == ("open", "he")
