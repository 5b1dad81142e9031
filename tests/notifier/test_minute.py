"""More than three messages to one person within a minute become one: the rule alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.digests import bundle, new_bundle
from services.notifier.domain import recipients
from services.notifier.messages import (
    Attempt,
    Message,
    Status,
    keep_from,
    new_message,
    share_fate,
)
from services.notifier.minute import SPAN, Minute, asks_for_turn, take_turn
from shared.contracts import Event, Lane
from shared.contracts.notifier import (
    MessageFailed,
    MessageReceived,
    MessageUnconfirmed,
    MessageUnreached,
)
from tests.notifier import samples

NOW = samples.DUE
SECOND = timedelta(seconds=1)


def after(minute: Minute, message: str, seconds: float, *, most: int = 3) -> Minute:
    step = take_turn(minute, message, NOW + seconds * SECOND, most=most)
    return step.value if step else minute


def sent(*names: str) -> Minute:
    minute = Minute(id="li")
    for n, name in enumerate(names):
        minute = after(minute, name, n)
    return minute


def test_three_go_by_themselves_and_the_fourth_waits_for_a_minute() -> None:
    minute = sent("a", "b", "c", "d")

    assert [minute.wait_of(name) for name in "abc"] == [None] * 3
    assert minute.wait_of("d") == NOW + 3 * SECOND + SPAN


def test_whoever_asks_again_gets_the_same_answer() -> None:
    minute = sent("a", "b", "c", "d")

    again = after(after(minute, "d", 5), "a", 6)

    assert again == minute


def test_all_that_come_while_others_wait_leave_with_them() -> None:
    minute = sent("a", "b", "c", "d")

    late = after(minute, "e", 62)

    assert late.wait_of("e") == minute.leaves_at


def test_what_leaves_together_is_one_of_the_next_minute() -> None:
    minute = sent("a", "b", "c", "d")

    for n, name in enumerate("efg"):
        minute = after(minute, name, 64 + n)

    assert [minute.wait_of(name) for name in "ef"] == [None, None]
    assert minute.wait_of("g") == NOW + 66 * SECOND + SPAN


def test_a_slow_day_keeps_nobody_waiting() -> None:
    minute = Minute(id="li")
    for n in range(20):
        minute = after(minute, str(n), 21 * n)
        assert minute.wait_of(str(n)) is None


def made(event: Event, lane: Lane = "routine", **more: Any) -> Message:
    first = new_message(recipients(event)[0], lane=lane, language="zh", now=NOW)
    return replace(first, **more)


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        (made(samples.dispatched()), True),
        (made(samples.warned()), True),
        (made(samples.policy_published()), True),
        (made(samples.dispatched(), "urgent"), False),
        (made(samples.alerted(), "urgent"), False),
        (made(samples.alerted()), False),
        (made(samples.registered()), False),
        (made(samples.dispatched(), recipient="chat:jinyuan"), False),
        (made(samples.breached(), channels=("webhook", "mail")), False),
        (made(samples.dispatched(), attempts=(Attempt("mail", NOW, "v1"),)), False),
    ],
)
def test_alarms_callers_and_group_chats_never_wait(message: Message, *, asks: bool) -> None:
    assert asks_for_turn(message) is asks


def told(status: Status, **more: Any) -> tuple[Message, Message]:
    """One that was told together with others, and the message that told it."""
    entry = replace(made(samples.dispatched()), status=Status.QUEUED)
    telling = new_bundle([entry], None, language="zh", now=NOW)
    folded = bundle(entry, telling, NOW).value
    ended = None if status is Status.ACCEPTED else NOW
    return folded, replace(telling, status=status, ended_at=ended, **more)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.RECEIVED, [MessageReceived]),
        (Status.FAILED, [MessageFailed, MessageUnreached]),
        (Status.UNCONFIRMED, [MessageUnconfirmed, MessageUnreached]),
    ],
)
def test_each_counts_as_told_when_the_one_is_received(status: Status, said: list[type]) -> None:
    step = share_fate(*told(status, reason="refused" if status is Status.FAILED else None), NOW)

    assert step is not None
    assert (step.value.status, step.value.ended_at) == (status, NOW)
    assert [type(event) for event in step.events] == said


def test_nothing_is_settled_while_nobody_knows_and_a_late_receipt_still_counts() -> None:
    entry, telling = told(Status.ACCEPTED)
    lost, received = told(Status.RECEIVED)

    assert share_fate(entry, telling, NOW) is None
    late = share_fate(replace(lost, status=Status.UNCONFIRMED), received, NOW)
    assert late is not None
    assert late.value.status is Status.RECEIVED
    assert share_fate(replace(lost, status=Status.RECEIVED), received, NOW) is None


def test_what_was_stopped_as_one_is_stopped_for_each() -> None:
    step = share_fate(*told(Status.STOPPED, brake="b-1"), NOW)

    assert step is not None
    assert (step.value.status, step.value.brake) == (Status.STOPPED, "b-1")


def test_what_turns_out_to_be_about_its_reader_reaches_neither_them_nor_others() -> None:
    step = keep_from(replace(made(samples.dispatched()), status=Status.QUEUED),
                     channel="mail", now=NOW)  # fmt: skip

    assert step.value.status is Status.FAILED
    assert [type(event) for event in step.events] == [MessageFailed]
