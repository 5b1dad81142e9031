"""The reports of one call have one receipt: the rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.calls import await_others, go_alone, leave_out, leaves_at, waits_for_call
from services.notifier.digests import bundle, new_bundle
from services.notifier.domain import recipients
from services.notifier.messages import Message, Status, new_message, share_fate
from services.notifier.rendering import fields_of, line_of_receipt, render
from shared.contracts import Event, Lane
from shared.contracts.notifier import MessageFailed, MessageReceived
from shared.policy.policy import Policy, build_policy, load_documents
from shared.policy.templates import LANGUAGES, Language
from tests.notifier import samples

NOW = samples.DUE - timedelta(hours=5)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CALL = {"call": "call-7"}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return build_policy("v1", load_documents())


def message(
    event: Event | None = None, *, lane: Lane = "routine", language: Language = "zh", **more: Any
) -> Message:
    notice = recipients(event or samples.registered(**more))[0]
    return new_message(notice, lane=lane, language=language, now=NOW)


def receipt(n: int, seconds: float = 0, **more: Any) -> Message:
    made = replace(message(number=f"26-{n}", **more), at=NOW + seconds * SECOND)
    return await_others(made, "call-7", MINUTE)


def joint(*entries: Message) -> Message:
    return new_bundle(entries, None, language="zh", now=NOW, call="call-7")


def test_a_receipt_waits_for_its_call_and_nothing_else_does() -> None:
    assert waits_for_call(message(), CALL) == "call-7"
    assert waits_for_call(message(), {"call": None}) is None
    assert waits_for_call(message(), {}) is None
    assert waits_for_call(message(), None) is None
    for event in (samples.resolved(), samples.merged(), samples.appointed(), samples.dispatched()):
        assert waits_for_call(message(event), CALL) is None, event


def test_an_emergencys_receipt_never_waits() -> None:
    assert waits_for_call(message(urgency="emergency", lane="urgent"), CALL) is None
    assert waits_for_call(message(urgency="emergency"), CALL) is None


@pytest.mark.parametrize(
    ("came", "leaves"),
    [
        ((0,), 60),
        ((0, 40), 100),
        ((40, 0), 100),
        ((0, 50, 100, 150, 200), 260),
        ((0, 50, 100, 150, 200, 250), 300),
    ],
    ids=["one", "two", "in any order", "as long as more comes", "five minutes at most"],
)
def test_they_leave_a_minute_after_the_last(came: tuple[float, ...], leaves: float) -> None:
    waiting = [receipt(n, seconds) for n, seconds in enumerate(came)]

    assert leaves_at(waiting, MINUTE) == NOW + leaves * SECOND


def test_none_waits_beyond_what_it_promises() -> None:
    soon = receipt(1, promised={"resolve": samples.DUE, "arrive": NOW + 20 * SECOND})

    assert soon.next_at == NOW + 20 * SECOND
    assert leaves_at([receipt(2, 5), soon], MINUTE) == NOW + 20 * SECOND


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_one_receipt_names_every_number_with_its_promise(
    language: Language, policy: Policy
) -> None:
    lift = message(number="26-1", language=language, promised={"resolve": samples.DUE})
    lamp = message(
        number="26-2", language=language, area="electrical", estate="binjiang",
        promised={"first_reply": NOW},
    )  # fmt: skip
    told = new_bundle([lift, lamp], None, language=language, now=NOW, call="call-7")
    lines = [line_of_receipt(each, policy) for each in (lift, lamp)]

    subject, body = render(told, policy, name="王桂兰", link="", quoted={"lines": "\n".join(lines)})

    assert "2" in subject
    assert "2" in body.splitlines()[0]
    assert "王桂兰" in body.splitlines()[0]
    assert lines[0] in body
    assert "26-1" in lines[0]
    assert ("11月23日 16:30 前处理完毕" if language == "zh" else "done by 23 Nov 16:30") in lines[0]
    assert ("锦园电梯" if language == "zh" else "Lift") in lines[0]
    assert ("前与您联系" if language == "zh" else "we get back to you by") in lines[1]
    assert "400-000-0000" in body
    assert "call-7" not in subject + body


def test_a_group_that_writes_the_number_names_all_and_no_call(policy: Policy) -> None:
    fields = fields_of(joint(receipt(1), receipt(2)), policy, name="", link="")

    assert (fields["number"], fields["count"]) == ("26-1, 26-2", "2")
    assert fields_of(receipt(1), policy, name="", link="")["number"] == "26-1"


def test_a_line_without_a_promise_promises_nothing(policy: Policy) -> None:
    bare = message(number="26-1", promised={}, estate=None, area=None, type=None)

    assert line_of_receipt(bare, policy).strip() == "26-1"


def test_drills_alone_are_told_as_a_drill(policy: Policy) -> None:
    drill, real = receipt(1, test=True), receipt(2)

    for told, is_drill in (([drill], True), ([drill, real], False)):
        subject, _ = render(joint(*told), policy, name="", link="", quoted={"lines": "x"})
        assert subject.startswith("【演练】") == is_drill
    assert line_of_receipt(drill, policy).startswith("【演练】")


def test_each_shares_the_fate_of_the_one_receipt() -> None:
    first, second = receipt(1), receipt(2)
    telling = joint(first, second)
    folded = bundle(first, telling, NOW).value

    assert share_fate(folded, telling, NOW) is None
    arrived = share_fate(folded, replace(telling, status=Status.RECEIVED, ended_at=NOW), NOW)
    failed = share_fate(
        folded, replace(telling, status=Status.FAILED, reason="withheld", ended_at=NOW), NOW
    )

    assert arrived is not None
    assert failed is not None
    [event] = arrived.events
    assert isinstance(event, MessageReceived)
    assert (event.number, event.purpose, event.recipient) == ("26-1", "receipt", "caller")
    [event] = failed.events
    assert isinstance(event, MessageFailed)
    assert (event.number, event.reason) == ("26-1", "withheld")


def test_what_is_left_out_is_in_neither_list_and_the_next_gives_the_telephone() -> None:
    first, second, third = (receipt(n) for n in (1, 2, 3))
    telling = joint(first, second, third)
    assert telling.ticket == "26-1"

    fewer = leave_out(telling, {second.id, third.id}, NOW).value

    assert fewer.entries == (second.id, third.id)
    assert fewer.facts["count"] == 2
    assert fewer.numbers == ("call-7", "26-2", "26-3")
    assert fewer.ticket == "26-2"


def test_who_goes_alone_after_all_is_told_by_no_other_message() -> None:
    alone = go_alone(bundle(receipt(1), joint(receipt(1)), NOW).value, NOW).value

    assert (alone.status, alone.digest, alone.next_at) == (Status.PENDING, None, NOW)
