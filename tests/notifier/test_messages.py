from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.notifier.domain import recipients
from services.notifier.messages import (
    BACK_OFF,
    MAX_TRIES,
    Handover,
    Message,
    Status,
    begin,
    conclude,
    hold,
    lack_receipt,
    learn_late,
    lose_sight,
    new_message,
    put_back,
    stop,
)
from shared.contracts import Lane
from shared.contracts.notifier import (
    MessageFailed,
    MessageReceived,
    MessageUnconfirmed,
    MessageUnknown,
    MessageUnreached,
    Purpose,
)
from tests.notifier import samples

NOW = samples.DUE
LIMIT = timedelta(seconds=30)


def pending(lane: Lane = "routine") -> Message:
    return new_message(recipients(samples.dispatched())[0], lane=lane, language="zh", now=NOW)


def sending(lane: Lane = "routine") -> Message:
    return begin(pending(lane), channel="mail", policy="v1", claim="c1", now=NOW, limit=LIMIT)


def written(message: Message) -> Message:
    """As the store has it afterwards."""
    return replace(message, version=message.version + 1)


@pytest.mark.parametrize(
    ("lane", "answer", "status", "event"),
    [
        ("routine", Handover.ACCEPTED, Status.RECEIVED, MessageReceived),
        ("routine", Handover.LATER, Status.PENDING, None),
        ("routine", Handover.REFUSED, Status.FAILED, MessageFailed),
        ("routine", Handover.NO_ADDRESS, Status.FAILED, MessageFailed),
        ("routine", Handover.UNCLEAR, Status.UNKNOWN, MessageUnknown),
        ("urgent", Handover.ACCEPTED, Status.RECEIVED, MessageReceived),
        ("urgent", Handover.LATER, Status.PENDING, None),
        ("urgent", Handover.REFUSED, Status.FAILED, MessageFailed),
        ("urgent", Handover.UNCLEAR, Status.PENDING, None),
    ],
)
def test_what_an_answer_means(
    lane: Lane, answer: Handover, status: Status, event: type | None
) -> None:
    step = conclude(sending(lane), answer, "250", NOW)

    assert step.value.status is status
    unreached = [MessageUnreached] if event in {MessageFailed, MessageUnknown} else []
    assert [type(e) for e in step.events] == [*([event] if event else []), *unreached]
    assert step.value.attempts[-1].outcome == answer.value


@pytest.mark.parametrize(("purpose", "says"), [("visit", NOW), ("extended", NOW), ("survey", None)])
def test_what_has_arrived_says_which_promise_it_told(
    purpose: Purpose, says: datetime | None
) -> None:
    told = replace(sending(), purpose=purpose, facts={"due": NOW})

    (event,) = conclude(told, Handover.ACCEPTED, "250", NOW).events

    assert isinstance(event, MessageReceived)
    assert event.promised == says


BOTH = ("webhook", "mail")


def answered(*answers: Handover | None, lane: Lane = "routine") -> Message:
    """A message that goes by two channels, after these answers; None: whoever sent it died."""
    message = replace(pending(lane), channels=BOTH)
    for answer in answers:
        channel = message.next_channel
        assert channel is not None
        message = begin(message, channel=channel, policy="v1", claim="c", now=NOW, limit=LIMIT)
        step = conclude(message, answer, "250", NOW) if answer else lose_sight(message, NOW)
        message = step.value
        assert bool(step.events) is (message.status is not Status.PENDING)
    return message


A, L, R, U, N = (Handover.ACCEPTED, Handover.LATER, Handover.REFUSED, Handover.UNCLEAR,
                 Handover.NO_ADDRESS)  # fmt: skip


@pytest.mark.parametrize(
    ("lane", "answers", "status", "channels"),
    [
        ("routine", (A,), Status.PENDING, "w"),
        ("routine", (A, A), Status.RECEIVED, "wm"),
        ("routine", (R, A), Status.RECEIVED, "wm"),
        ("routine", (A, R), Status.RECEIVED, "wm"),
        ("routine", (N, R), Status.FAILED, "wm"),
        ("routine", (U, R), Status.UNKNOWN, "wm"),
        ("routine", (None, A), Status.RECEIVED, "wm"),
        ("routine", (L, A), Status.PENDING, "wm"),
        ("routine", (L, A, A), Status.RECEIVED, "wmw"),
        ("routine", (L, L, A), Status.PENDING, "wmw"),
        ("urgent", (None, A), Status.PENDING, "wm"),
        ("urgent", (None, A, A), Status.RECEIVED, "wmw"),
        ("urgent", (U, A), Status.PENDING, "wm"),
    ],
)
def test_what_goes_by_two_channels_goes_by_each_once(
    lane: Lane, answers: tuple[Handover | None, ...], status: Status, channels: str
) -> None:
    message = answered(*answers, lane=lane)

    assert message.status is status
    assert "".join(attempt.channel[0] for attempt in message.attempts) == channels


@pytest.mark.parametrize("held", [False, True])
def test_what_a_channel_took_before_the_stop_has_been_told(*, held: bool) -> None:
    message = hold(answered(A), "b").value if held else answered(A)

    step = stop(message, "s", NOW)

    assert (step.value.status, step.value.brake) == (Status.RECEIVED, "s")
    assert [type(event) for event in step.events] == [MessageReceived]
    assert (step.value.next_at, step.value.ended_at) == (None, NOW)


def test_what_was_taken_and_never_confirmed_is_unconfirmed_after_the_stop() -> None:
    taken = conclude(sending(), A, "250", NOW, receipt_within=timedelta(minutes=10)).value
    goes_on = lack_receipt(taken, NOW, others=True)
    assert goes_on is not None

    step = stop(goes_on.value, "s", NOW)

    assert step.value.status is Status.UNCONFIRMED
    assert [type(event) for event in step.events] == [MessageUnconfirmed, MessageUnreached]


def test_what_no_channel_took_before_the_stop_has_failed() -> None:
    step = stop(answered(L), "s", NOW)

    assert step.value.status is Status.STOPPED
    assert [type(event) for event in step.events] == [MessageFailed]


def test_the_second_channel_is_tried_at_once_and_the_first_again_later() -> None:
    assert answered(L).next_at == NOW
    again = answered(L, L)
    assert again.next_at == NOW + BACK_OFF["routine"][0]
    assert again.next_channel == "webhook"


def test_what_no_channel_takes_within_a_day_has_failed_and_one_that_did_has_told_it() -> None:
    told, none = answered(L, A), answered(L, L)
    for message, status in ((told, Status.RECEIVED), (none, Status.FAILED)):
        late = begin(message, channel="webhook", policy="v1", claim="c", now=NOW, limit=LIMIT)
        step = conclude(late, Handover.LATER, "503", NOW + timedelta(hours=24))
        assert step.value.status is status


@pytest.mark.parametrize("lane", ["routine", "urgent"])
def test_each_further_try_waits_longer_and_the_last_one_is_the_end(lane: Lane) -> None:
    message, now, pauses = pending(lane), NOW, []
    while message.status is Status.PENDING:
        message = begin(message, channel="mail", policy="v1", claim="c1", now=now, limit=LIMIT)
        step = conclude(message, Handover.LATER, "451", now)
        message = step.value
        if message.next_at is not None:
            pauses.append(message.next_at - now)
            now = message.next_at

    assert pauses == list(BACK_OFF[lane])
    assert pauses == sorted(pauses)
    assert len(message.attempts) == MAX_TRIES
    assert (message.status, message.reason) == (Status.FAILED, "refused")
    assert [type(event) for event in step.events] == [MessageFailed, MessageUnreached]


def test_a_message_older_than_a_day_is_not_tried_again() -> None:
    step = conclude(sending(), Handover.LATER, "451", NOW + timedelta(hours=24))

    assert (step.value.status, step.value.reason) == (Status.FAILED, "refused")


def test_after_a_crash_a_routine_message_is_unknown_and_an_urgent_one_goes_out_again() -> None:
    routine, urgent = lose_sight(sending(), NOW), lose_sight(sending("urgent"), NOW)

    assert routine.value.status is Status.UNKNOWN
    assert [type(event) for event in routine.events] == [MessageUnknown, MessageUnreached]
    assert (urgent.value.status, urgent.value.next_at) == (Status.PENDING, NOW)
    assert urgent.events == ()


def test_good_news_that_comes_late_is_still_told() -> None:
    begun = sending()

    late = learn_late(lose_sight(begun, NOW).value, begun, Handover.ACCEPTED, NOW)

    assert late is not None
    assert late.value.status is Status.RECEIVED
    assert late.value.attempts[-1].outcome == "accepted"


def test_late_news_of_an_attempt_that_another_one_followed_changes_nothing() -> None:
    begun = sending("urgent")
    swept = lose_sight(begun, NOW).value
    second = begin(swept, channel="mail", policy="v1", claim="c2", now=NOW, limit=LIMIT)
    done = replace(swept, status=Status.RECEIVED)

    assert learn_late(second, begun, Handover.ACCEPTED, NOW) is None
    assert learn_late(done, begun, Handover.ACCEPTED, NOW) is None


def test_a_claim_that_was_never_used_is_as_if_it_had_not_been_made() -> None:
    begun = sending()

    step = put_back(begun, begun, NOW)

    assert step is not None
    assert (step.value.status, step.value.attempts) == (Status.PENDING, ())
    assert (step.value.next_at, step.events) == (NOW, ())


def test_a_claim_that_has_not_come_yet_will_not_win() -> None:
    begun = sending()

    step = put_back(pending(), begun, NOW)

    assert step is not None
    assert (step.value.status, step.value.attempts) == (Status.PENDING, ())
    assert step.events == ()


def test_what_is_not_that_claim_is_left_alone() -> None:
    begun = sending()
    anothers = begin(pending(), channel="mail", policy="v1", claim="c2", now=NOW, limit=LIMIT)

    for found in (anothers, lose_sight(begun, NOW).value):
        assert put_back(written(found), begun, NOW) is None
