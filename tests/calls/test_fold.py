"""Facts make the same call in any order; what was not heard is not guessed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calls.facts import (
    RANK,
    EndedBy,
    Kind,
    Left,
    Party,
    Presentation,
    RangOut,
    TransferKind,
    in_order,
    is_late,
)
from shared.calls.fold import SILENT_TOO_LONG, fold, fold_all, missed
from shared.calls.gaps import Gap, Why, unheard
from shared.calls.outcomes import Outcome, outcome_of
from tests.calls.made import NINE, at, ended, fact, made, talked

OFFERED = fact(Kind.OFFERED, 0, line="l")
QUEUED = fact(Kind.QUEUED, 1, queue="q")
ANSWERED = fact(Kind.ANSWERED, 5, leg="a", party=Party.AGENT, agent="1")
ENDED = fact(Kind.ENDED, 20, by=EndedBy.CALLER)


def gap(began: float, until: float, why: Why = Why.CONNECTION, **said: object) -> Gap:
    given = {"exchange": "x", "listener": "1", "surveyed": True, "offers_from": at(began), **said}
    return Gap(why=why, began=at(began), ended=at(until), **given)  # type: ignore[arg-type]


def test_every_permutation_of_a_call_is_the_same_call() -> None:
    facts = [
        OFFERED,
        QUEUED,
        ANSWERED,
        fact(Kind.TRANSFERRED, 10, leg="a", agent="1", transfer=TransferKind.BLIND),
        fact(Kind.JOINED, 12, leg="b", party=Party.AGENT, agent="2"),
        ENDED,
    ]
    calls = [fold(mixed) for mixed in itertools.permutations(facts)]

    assert len({str(call) for call in calls}) == 1


@given(st.data())
def test_facts_at_one_instant_have_an_order_too(data: st.DataObject) -> None:
    facts = [
        fact(kind, data.draw(st.integers(0, 2)), leg=leg, party=Party.AGENT, agent=leg)
        for kind in Kind
        for leg in ("a", "b")
    ]
    drawn = data.draw(st.lists(st.sampled_from(facts), min_size=1))
    mixed = data.draw(st.permutations(drawn + drawn[: len(drawn) // 5]))

    assert fold(mixed) == fold(drawn)


def test_of_two_facts_that_claim_one_id_it_is_always_the_same_that_counts() -> None:
    other = replace(ANSWERED, agent="2")

    assert in_order([ANSWERED, other]) == in_order([other, ANSWERED])
    assert len(in_order([ANSWERED, other])) == 1


def test_every_kind_of_fact_has_its_place() -> None:
    assert {*RANK} == {*Kind}
    for kind in Kind:
        assert fold([OFFERED, fact(kind, 1, leg="a"), ENDED]) is not None


def test_what_was_never_heard_being_offered_is_no_call() -> None:
    assert fold([QUEUED, ANSWERED, ENDED]) is None
    assert missed([QUEUED, ENDED, fact(Kind.OFFERED, 0, "2.0")]) == {"1.0"}


def test_a_call_that_runs_has_no_outcome() -> None:
    call = made([OFFERED, QUEUED])

    assert (call.outcome, call.ended_at, call.wait_s, call.talk_s) == (None, None, None, 0.0)


def test_nothing_changes_a_call_that_has_ended() -> None:
    late = fact(Kind.ANSWERED, 30, leg="b", party=Party.AGENT, agent="9")

    assert made([OFFERED, QUEUED, ENDED, late]).outcome is Outcome.ABANDONED


@pytest.mark.parametrize(
    ("left", "outcome"),
    [
        (Left.TIMED_OUT, Outcome.TIMED_OUT),
        (Left.LET_GO, Outcome.TIMED_OUT),
        (Left.FULL, Outcome.BLOCKED),
        (Left.EMPTY, Outcome.BLOCKED),
        (Left.CLOSED, Outcome.CLOSED),
        (Left.CALLBACK, Outcome.CALLBACK_ASKED),
        (Left.SCREENED, Outcome.SCREENED),
    ],
)
def test_how_a_caller_left_is_what_became_of_the_call(left: Left, outcome: Outcome) -> None:
    assert made([OFFERED, QUEUED, fact(Kind.LEFT, 9, left=left), ENDED]).outcome is outcome


def test_every_way_to_leave_has_an_outcome() -> None:
    for left in Left:
        outcome_of(answered=False, left=left, queued=True, ended_by=None, unheard=False)


def test_a_reason_that_is_named_is_not_taken_back_by_one_that_is_not() -> None:
    named = [fact(Kind.LEFT, 8, left=Left.LET_GO), fact(Kind.LEFT, 9, left=Left.EMPTY)]
    call = made([OFFERED, QUEUED, *named, fact(Kind.LEFT, 9.5, queue="q"), ENDED])

    assert call.outcome is Outcome.BLOCKED
    assert [(stay.left, stay.left_at) for stay in call.stays] == [(Left.EMPTY, at(8))]


def test_whoever_overflows_and_then_hangs_up_has_abandoned() -> None:
    facts = [
        OFFERED,
        QUEUED,
        fact(Kind.LEFT, 9, left=Left.TIMED_OUT),
        fact(Kind.QUEUED, 10, queue="second"),
        ENDED,
    ]
    call = made(facts)

    assert call.outcome is Outcome.ABANDONED
    assert [stay.queue for stay in call.stays] == ["q", "second"]


def test_whoever_was_never_in_a_queue_gave_up_in_the_greeting_or_was_let_in_by_nobody() -> None:
    assert made([OFFERED, ENDED]).outcome is Outcome.ABANDONED_GREETING
    assert made([OFFERED, replace(ENDED, by=EndedBy.SYSTEM)]).outcome is Outcome.BLOCKED


def test_a_direct_call_to_an_agent_is_answered_when_they_are_together() -> None:
    call = made([OFFERED, fact(Kind.JOINED, 4, leg="a", party=Party.AGENT, agent="7"), ENDED])

    assert (call.outcome, call.agent, call.wait_s) == (Outcome.ANSWERED, "7", 4.0)


def test_being_with_somebody_who_is_no_agent_answers_nothing() -> None:
    call = made([OFFERED, fact(Kind.JOINED, 4, leg="a", party=Party.OUTSIDE), ENDED])

    assert call.outcome is Outcome.ABANDONED_GREETING
    assert call.agents == ()


def test_without_bridges_talk_is_from_the_agent_to_the_callers_end() -> None:
    call = made([OFFERED, QUEUED, ANSWERED, ENDED])

    assert (call.wait_s, call.talk_s, call.handle_s) == (5.0, 15.0, 15.0)


def test_a_number_is_withheld_where_anything_says_so() -> None:
    shown = fact(Kind.DESCRIBED, 0.1, presentation=Presentation.SHOWN)
    withheld = fact(Kind.DESCRIBED, 0.2, presentation=Presentation.WITHHELD)

    assert made([OFFERED, shown, withheld]).presentation is Presentation.WITHHELD
    assert made([OFFERED, shown]).presentation is Presentation.SHOWN
    assert made([OFFERED]).presentation is None


def test_of_why_a_telephone_was_not_picked_up_the_gravest_word_counts() -> None:
    ring = fact(Kind.RINGING, 2, leg="a", party=Party.AGENT, agent="1")
    out = [
        fact(Kind.RANG_OUT, 4, leg="a", rang_out=RangOut.CANCELLED),
        fact(Kind.RANG_OUT, 3, leg="a", rang_out=RangOut.NO_ANSWER),
    ]
    [heard] = made([OFFERED, ring, *out, ENDED]).rings

    assert (heard.rang_out, heard.ended) == (RangOut.NO_ANSWER, at(3))


def test_a_number_stands_in_no_text_of_a_fact_and_in_no_call() -> None:
    told = fact(Kind.OFFERED, 0, number="13800138000", diverted_from="13800138001")

    assert "13800138" not in repr(told)
    assert "13800138" not in str(made([told]))


def test_a_call_that_was_open_when_the_exchange_died_ends_at_its_last_sign_of_life() -> None:
    facts = [OFFERED, QUEUED, ANSWERED]
    died = [gap(8, 60, Why.RESTART)]
    call, waited = made(facts, gaps=died), made(facts[:2], gaps=died)

    assert (call.outcome, call.incomplete, call.ended_at) == (Outcome.ANSWERED, True, at(5))
    assert (waited.outcome, waited.incomplete, waited.wait_s) == (Outcome.LOST, True, 1.0)


def test_a_call_that_is_still_there_after_a_gap_goes_on() -> None:
    seen = fact(Kind.SEEN, 60, leg="a", party=Party.AGENT, agent="1")
    there = made([OFFERED, QUEUED, ANSWERED, seen], gaps=[gap(8, 60)])
    gone = made([OFFERED, QUEUED, ANSWERED], gaps=[gap(8, 60)])
    unsurveyed = made([OFFERED, QUEUED, ANSWERED], gaps=[gap(8, 60, surveyed=False)])

    assert (there.ended_at, there.incomplete) == (None, True)
    assert (gone.ended_at, gone.incomplete) == (at(5), True)
    assert unsurveyed.ended_at is None


def test_of_a_call_that_was_answered_unheard_nobody_knows_the_wait() -> None:
    seen = fact(Kind.SEEN, 60, leg="a", party=Party.AGENT, agent="1")
    call = made([OFFERED, QUEUED, seen, fact(Kind.ENDED, 90)], gaps=[gap(8, 60)])

    assert (call.outcome, call.agent) == (Outcome.ANSWERED, "1")
    assert (call.wait_s, call.queue_wait_s, call.talk_s) == (None, None, 0.0)
    assert call.incomplete


def test_a_gap_before_or_after_a_call_is_none_of_its() -> None:
    call = made([OFFERED, QUEUED, ENDED], gaps=[gap(-60, -1), gap(21, 60, Why.RESTART)])

    assert not call.incomplete
    assert call.outcome is Outcome.ABANDONED


def test_a_call_without_a_sign_of_life_for_four_hours_has_ended_unheard() -> None:
    facts = [OFFERED, QUEUED]
    early, late = at(1) + SILENT_TOO_LONG, at(2) + SILENT_TOO_LONG

    assert made(facts, now=early).outcome is None
    assert made(facts, now=late).outcome is Outcome.LOST
    assert made(facts, now=late).incomplete


def test_a_fact_a_day_after_the_end_is_late() -> None:
    assert not is_late(NINE, NINE + timedelta(hours=24))
    assert is_late(NINE, NINE + timedelta(hours=24, seconds=1))
    assert not is_late(None, NINE + timedelta(days=400))


def test_what_another_exchange_calls_the_same_is_another_call() -> None:
    other = [replace(each, exchange="y", id=f"y{each.id}") for each in (OFFERED, ENDED)]
    calls = fold_all([OFFERED, QUEUED, ENDED, *other], [gap(2, 9)])

    assert [(call.exchange, call.incomplete) for call in calls] == [("x", True), ("y", False)]


def test_unheard_is_only_what_no_listener_heard() -> None:
    one = [gap(10, 30), gap(50, 60)]
    two = [gap(20, 55, listener="2")]

    assert [(g.began, g.ended) for g in unheard(one + two, {"1", "2"})] == [
        (at(20), at(30)),
        (at(50), at(55)),
    ]
    assert unheard(one, {"1", "2"}) == []
    assert unheard([], set()) == []


def test_a_gap_that_was_surveyed_later_is_one_gap() -> None:
    first, then = gap(10, 30, surveyed=False), gap(10, 30)

    assert unheard([then, first], {"1"}) == [then]


def test_a_call_made_for_these_tests_is_what_it_says() -> None:
    assert talked(0, 5, 60).talk_s == 60
    assert ended(0, 9, Outcome.ABANDONED).wait_s == 9


def test_of_a_call_that_an_unnamed_telephone_answered_the_next_one_is_not_the_one_who_did() -> None:
    unnamed = replace(ANSWERED, agent=None)
    parted = fact(Kind.PARTED, 9, leg="a")
    again = fact(Kind.ANSWERED, 12, leg="b", party=Party.AGENT, agent="2")
    call = made([OFFERED, QUEUED, unnamed, parted, again, ENDED])

    assert (call.agent, call.agents, call.wait_s) == (None, ("2",), 5.0)
