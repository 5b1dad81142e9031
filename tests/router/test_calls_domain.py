"""What may be said of a call to a caller, what follows from it, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, get_args

import pytest

from services.router.field.call_views import call_view_of
from services.router.field.calls import (
    CallWork,
    answer_in,
    call_has_ended,
    what_became,
)
from services.router.field.domain import LOOK_BACK
from services.router.field.forms import Form, Unreadable
from services.router.follow_ups.calls import answers_to, right_to
from services.router.follow_ups.tasks import (
    SETTLES_IN,
    Call,
    FollowUp,
    drop,
    finish,
    forget,
    new_task,
    note_call,
    takes_effect,
)
from services.router.follow_ups.untold import has_heard, next_call_at, promises_to_tell, ring_again
from services.router.follow_ups.wanted import Seen, look
from shared.contracts.router import CallAnswer, FollowUpRung
from shared.identity import Principal, sign_link
from shared.identity.staff_links import StaffLink, read_staff_link
from shared.policy.policy import Policy, QuietHours
from shared.policy.templates import LANGUAGES, Language
from shared.runtime.web import words
from shared.runtime.web.work import PACKAGE, CallView, Named
from shared.runtime.web.work.call import HEARD, Subject, to_say
from shared.tickets import Ticket
from shared.tickets.acts import (
    Accept,
    Act,
    Appoint,
    Dispatch,
    Extend,
    FeedbackAttempt,
    Resolve,
    Tell,
)
from tests.support.tickets import LAMP, MONDAY, moved, policy, registered

ORDER: Final = "23456789-1"
HE: Final = Principal("he", "agent")
SECRET: Final = b"secret"
ENDS: Final = ("fed_back", "closed", "work_done", "work_goes_on", "not_needed")
HOUR: Final = timedelta(hours=1)


def done(attempts: int = 0) -> Ticket:
    """A ticket whose result is to be told, after so many attempts in vain."""
    given = Dispatch(by="router", department="engineering", assignee="li")
    acts = (given, Accept(by="li", order=ORDER), Resolve(by="li", order=ORDER, outcome="done"))
    ticket = moved(registered(LAMP), *acts)
    for n in range(attempts):
        ticket = moved(ticket, FeedbackAttempt(by="he"), at=MONDAY + (n + 1) * timedelta(hours=3))
    return ticket


def task(reason: str = "tell", **more: Any) -> FollowUp:
    made = new_task(done(), "tell", reason, mark="1", by="router", at=MONDAY, within=HOUR)
    return replace(made, **{"state": "open", "person": "he", **more})


def call(answer: CallAnswer = "satisfied", key: str = "k", at: datetime = MONDAY) -> Call:
    return Call(key=key, at=at, by="he", answer=answer, words="好的")


def rules(**more: Any) -> Policy:
    return policy().model_copy(update={"rules": policy().rules.model_copy(update=more)})


@pytest.mark.parametrize(
    ("reason", "attempts", "may"),
    [
        ("tell", 0, {"satisfied", "said_nothing", "not_satisfied", "no_answer"}),
        ("tell_unsure", 1, {"satisfied", "said_nothing", "not_satisfied", "no_answer"}),
        ("tell", 2, {"satisfied", "said_nothing", "not_satisfied", "unreachable"}),
        ("tell", 3, {"satisfied", "said_nothing", "not_satisfied", "unreachable"}),
        ("visit", 0, {"told", "no_answer"}),
        ("outage", 0, {"told", "no_answer"}),
    ],
)
def test_the_last_try_in_vain_is_the_end_and_no_other(
    reason: str, attempts: int, may: set[str]
) -> None:
    assert answers_to(task(reason), done(attempts), policy(), HE) == may


@pytest.mark.parametrize(
    ("answer", "reason", "right"),
    [
        ("satisfied", "tell", "ticket.feedback"),
        ("not_satisfied", "tell", "ticket.not_satisfied"),
        ("no_answer", "tell_unsure", "ticket.feedback_attempt"),
        ("unreachable", "tell", "ticket.feedback"),
        ("told", "visit", "ticket.tell"),
        ("no_answer", "visit", "follow_up.do"),
        ("told", "outage", "follow_up.do"),
    ],
)
def test_each_answer_needs_the_right_that_it_needs_over_http(
    answer: CallAnswer, reason: str, right: str
) -> None:
    assert right_to(answer, task(reason)) == right


def test_who_may_not_say_it_over_http_may_not_say_it_here() -> None:
    manager = Principal("boss", "manager")

    assert answers_to(task(), done(), policy(), manager) == frozenset()


def test_a_call_is_noted_once_and_says_all_but_the_words() -> None:
    step = note_call(task(), call("not_satisfied"), MONDAY, danger=None)

    assert step is not None
    (event,) = step.events
    assert isinstance(event, FollowUpRung)
    assert (event.by, event.answer, event.call) == ("he", "not_satisfied", "k")
    assert "好的" not in event.model_dump_json()
    assert note_call(step.value, call(), MONDAY) is None
    assert note_call(step.value, call("no_answer", "other"), MONDAY) is None
    later = MONDAY + SETTLES_IN
    assert note_call(step.value, call("no_answer", "k", later), later) is None
    assert note_call(step.value, call("no_answer", "other", later), later) is not None


def test_what_is_over_takes_no_call() -> None:
    ended = finish(task(), "fed_back", None, MONDAY, by="he")
    assert ended is not None

    assert note_call(ended.value, call(), MONDAY) is None
    assert not takes_effect(replace(ended.value, call=call()), MONDAY)


def test_words_of_a_call_are_forgotten_with_the_person() -> None:
    step = forget(task(call=call()))

    assert step is not None
    assert step.value.call is not None
    assert (step.value.call.words, step.value.call.answer) == (None, "satisfied")
    assert forget(step.value) is None


def test_an_attempt_in_vain_ends_a_try_unless_it_was_the_last() -> None:
    now = MONDAY + timedelta(hours=4)

    def after(attempts: int, **more: Any) -> str | None:
        seen = Seen(done(attempts), None, policy().calendar, tries=2)
        step = look(task(due_at=MONDAY + timedelta(days=9), **more), seen, now)
        return step.value.outcome if step else None

    assert after(0) is None
    assert after(1) == "no_answer"
    assert after(2) is None
    # An attempt of before the task says nothing of it.
    assert after(1, opens_at=MONDAY + timedelta(hours=3, seconds=1)) is None


def test_the_next_call_keeps_the_gap_and_the_hours_of_sleep() -> None:
    at_night = QuietHours.model_validate({"start": "21:00", "end": "08:00"})
    evening = MONDAY.replace(hour=11, minute=30)  # 19:30 where the estate is
    here = rules(quiet_hours=at_night, feedback_gap=timedelta(hours=2))
    awake = rules(quiet_hours=None, feedback_gap=timedelta(hours=2))

    again = ring_again(task(), done(1), here, evening)

    assert again is not None
    assert again.opens_at == at_night.until(evening + timedelta(hours=2), here.calendar.zone)
    assert next_call_at(task(), done(), awake, evening) == evening + timedelta(hours=2)
    assert next_call_at(task(), done(2), awake, evening) is None
    assert ring_again(task(), done(3), awake, evening) is None


def test_a_link_is_for_one_call_and_one_person() -> None:
    token = sign_link("task", "abc/he", SECRET)
    after_a_loss = sign_link("task", "abc/he~2", SECRET)

    assert read_staff_link(token, SECRET) == StaffLink("task", "abc", "he", 0)
    assert read_staff_link(after_a_loss, SECRET) == StaffLink("task", "abc", "he", 2)
    assert read_staff_link(token, b"other") is None
    assert read_staff_link(sign_link("survey", "abc/he", SECRET), SECRET) is None
    assert read_staff_link(sign_link("task", "abc", SECRET), SECRET) is None


def test_a_link_ends_with_its_task_after_a_day_and_with_who_has_it() -> None:
    over = replace(task(), state="done", ended_at=MONDAY)

    assert not call_has_ended(task(), "he", MONDAY + timedelta(days=60))
    assert call_has_ended(task(), "she", MONDAY)
    assert not call_has_ended(over, "he", MONDAY + LOOK_BACK)
    assert call_has_ended(over, "he", MONDAY + LOOK_BACK + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("act", "typed", "found"),
    [
        ("told", {"answer": "satisfied"}, ("satisfied", None)),
        ("told", {"answer": "not_done"}, ("not_satisfied", "not_done")),
        ("no_answer", {"answer": "satisfied"}, ("no_answer", None)),
    ],
)
def test_a_form_says_what_the_caller_said(
    act: str, typed: dict[str, str], found: tuple[str, str | None]
) -> None:
    assert answer_in(Form(typed), act, task()) == found
    assert answer_in(Form({}), "told", task("visit")) == ("told", None)


@pytest.mark.parametrize("typed", [{}, {"answer": ""}, {"answer": "unreachable"}])
def test_what_the_caller_said_of_the_result_is_not_left_out(typed: dict[str, str]) -> None:
    with pytest.raises(Unreadable, match="answer_missing"):
        answer_in(Form(typed), "told", task())


def test_every_end_of_a_call_has_a_code() -> None:
    def ended(outcome: Any, **more: Any) -> str | None:
        step = finish(task(**more), outcome, None, MONDAY, by="he")
        return what_became(step.value) if step else None

    def dropped(why: Any) -> str | None:
        step = drop(task(), why, MONDAY)
        return what_became(step.value) if step else None

    assert what_became(task()) is None
    assert ended("fed_back") == "fed_back"
    assert ended("fed_back", call=call("not_satisfied")) == "not_satisfied"
    assert ended("fed_back", call=call("no_answer")) == "fed_back"
    assert ended("told_owner") == "told"
    assert ended("handed_on") == "not_needed"
    assert [dropped(why) for why in ("over", "work_done", "passed_over")] == [
        "closed",
        "work_done",
        "not_needed",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("subject", get_args(Subject))
def test_there_are_words_to_say_of_everything_in_both_languages(
    subject: Subject, language: Language
) -> None:
    texts = words(PACKAGE, language)
    about = Named("公共照明", "Lighting")
    bare = CallView(number="26-1", what=about, group=about, now=MONDAY, due=MONDAY, subject=subject)
    full = replace(bare, begins=MONDAY, ends=MONDAY, before=MONDAY, may_have_heard=True)

    for view in (bare, full, replace(full, outcome="handed_over"), replace(full, outcome="other")):
        said = to_say(view, texts, language, lambda moment: f"{moment:%H:%M}")

        assert "26-1" in said[0]
        assert not any(mark in line for line in said for mark in "{}")
    assert f"call_{subject}" in texts


@pytest.mark.parametrize("reason", ["tell", "visit"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_of_what_a_person_tells_nothing_is_said_to_whoever_picks_up(
    reason: str, language: Language
) -> None:
    made = replace(done().plan, emergency_kind="suicide_risk", area="personal_safety")
    ticket = replace(done(), plans=(made,))
    work = CallWork(task=task(reason), ticket=ticket, who=HE, building=None, can=frozenset())
    view = call_view_of(work, policy(), MONDAY)

    (said,) = to_say(view, words(PACKAGE, language), language, str)

    assert ticket.number in said
    assert view.what.in_(language) not in said


def test_that_it_is_over_is_not_said_before_intake_has_agreed() -> None:
    chinese, english = words(PACKAGE, "zh"), words(PACKAGE, "en")

    assert "已记录" not in chinese["noted"]
    assert "is closed" not in english["answer_unreachable"]


def visited(*more: Act) -> Ticket:
    """A ticket with a visit from three to five hours on, and what was promised since."""
    at = MONDAY + timedelta(hours=3)
    comes = Appoint(by="li", order=ORDER, at=at, until=at + timedelta(hours=2))
    given = Dispatch(by="router", department="engineering", assignee="li")
    return moved(registered(LAMP), given, Accept(by="li", order=ORDER), comes, *more)


def test_a_call_tells_what_is_untold_and_still_to_come_and_no_more() -> None:
    ticket = visited(Extend(by="boss", order=ORDER, until=MONDAY + timedelta(days=9)))

    def hows(reason: str, ticket: Ticket, now: datetime = MONDAY) -> list[str]:
        return [each.how for each in promises_to_tell(task(reason), ticket, now)]

    assert hows("visit", visited()) == ["phone", "visit"]
    assert hows("extended", ticket) == ["visit", "extension"]
    assert hows("extended", ticket, MONDAY + timedelta(hours=6)) == ["extension"]
    assert hows("extended", moved(ticket, Tell(by="he", of="visit"))) == ["extension"]
    assert hows("outage", ticket) == []


def test_who_heard_of_a_time_that_another_took_the_place_of_has_not_heard_what_is_promised() -> (
    None
):
    ticket = visited()
    first = ticket.promised[-1].at
    moved_on = visited(Appoint(by="li", order=ORDER, at=MONDAY + HOUR, until=MONDAY + 2 * HOUR))

    assert has_heard((first,), ticket)
    assert not has_heard((first,), moved_on)
    assert not has_heard((moved_on.promised[0].at,), moved_on)
    assert not has_heard((), ticket)


def test_every_answer_and_every_end_has_words() -> None:
    answers = {f"answer_{code}" for code in (*get_args(CallAnswer), *HEARD)}
    ends = {f"ended_{code}" for code in (*get_args(CallAnswer), *ENDS)}

    assert answers | ends <= set(words(PACKAGE, "zh"))
