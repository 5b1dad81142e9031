"""Numbers that survive the telephone, keys that recognise a repeat, answers without a person."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.inbound.replies import may_answer
from services.intake.registration.domain import (
    Alerting,
    answer_for,
    idempotency_key,
)
from services.intake.settings import IntakeSettings
from shared.tickets.numbers import ALPHABET, check_character, is_number, new_number, read_number
from tests.support.tickets import LIFT, policy, registered

bodies = st.text(alphabet=ALPHABET, min_size=7, max_size=7)


@given(bodies.map(lambda body: body + check_character(body)))
def test_a_number_is_known_however_it_is_written(number: str) -> None:
    written = (
        number.lower(),
        f"{number[:4]}-{number[4:]}",
        f" {number[:4]} {number[4:]} ",
        f"{number[:4]}–{number[4:].lower()}",
    )

    assert {read_number(said) for said in written} == {number}


def test_what_is_no_number_is_left_as_it_is() -> None:
    ids = ("0f1e2d3c", "jinyuan/water/2026-11-30", "25kd-hbf", "a" * 200, "")

    assert tuple(map(read_number, ids)) == ids


def test_a_new_number_is_short_and_checks_itself() -> None:
    numbers = {new_number() for _ in range(2_000)}

    assert len(numbers) == 2_000
    assert all(len(number) == 8 and is_number(number) for number in numbers)


@given(bodies, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_a_single_slip_in_a_number_is_noticed(body: str, place: int, slip: str) -> None:
    number = body + check_character(body)
    wrong = number[:place] + slip + number[place + 1 :]

    assert is_number(wrong) is (wrong == number)


@given(bodies, st.integers(0, 5))
def test_two_swapped_neighbours_are_noticed(body: str, place: int) -> None:
    number = body + check_character(body)
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    assert is_number(wrong) is (wrong == number)


@pytest.mark.parametrize("text", ["", "A", "23456789O", "2345678", "ABCDEFGHI", "二三四五六七八九"])
def test_what_cannot_be_a_number_is_none(text: str) -> None:
    assert not is_number(text)


def test_a_key_is_the_same_for_the_same_sender_name_and_body_whatever_the_order() -> None:
    first = idempotency_key(b"s", "system:iot", "k", {"a": 1, "b": 2})
    again = idempotency_key(b"s", "system:iot", "k", {"b": 2, "a": 1})

    assert first == again
    assert first is not None
    for other in (
        idempotency_key(b"s", "system:app", "k", {"a": 1, "b": 2}),
        idempotency_key(b"s", "system:iot", "l", {"a": 1, "b": 2}),
    ):
        assert other is not None
        assert other.id != first.id
    changed = idempotency_key(b"s", "system:iot", "k", {"a": 1, "b": 3})
    assert changed is not None
    assert (changed.id, changed.body) != (first.id, first.body)
    assert changed.id == first.id


def test_without_a_name_there_is_no_key() -> None:
    assert idempotency_key(b"s", "agent", None, {}) is None


def test_an_emergency_answers_with_advice_and_that_people_are_alerted() -> None:
    answer = answer_for(registered(LIFT), policy(), language="en", alerting="started").to_json()

    assert answer["alerting"] == "started"
    assert "call" not in answer
    assert answer["advice"] == answer["advice_en"]
    assert answer["advice_en"].isascii()
    assert "不扒门" in answer["advice_zh"]


def test_what_is_no_emergency_is_answered_without_advice() -> None:
    answer = answer_for(registered(), policy(), language="zh").to_json()

    assert not [field for field in answer if field.startswith("advice")]


def test_promised_times_are_written_as_all_other_times() -> None:
    answer = answer_for(registered(), policy(), language="zh").to_json()

    assert answer["promised"]
    assert all(at.endswith("Z") for at in answer["promised"].values())


@pytest.mark.parametrize("alerting", ["delayed", "ended"])
def test_with_nobody_alerted_now_it_answers_whom_to_ring(alerting: Alerting) -> None:
    answer = answer_for(registered(LIFT), policy(), language="zh", alerting=alerting).to_json()

    assert answer["alerting"] == alerting
    assert set(answer["call"]) >= set(policy().rules.desk_numbers)


def test_the_answer_carries_the_promised_times() -> None:
    answer = answer_for(registered(), policy(), language="zh").to_json()

    assert set(answer["promised"]) == {"accept_by", "arrive_by", "resolve_by"}
    assert json.dumps(answer)


DIRECT = "amq.rabbitmq.reply-to.g1h2AA5yZXBseUBob3RsaW5lAAACzQAAAABlF0mt.nLnDw4nSq1JmqtkyvzZBuA=="


@pytest.mark.parametrize(
    ("reply_to", "principal", "allowed"),
    [
        (DIRECT, "system:app", True),
        (DIRECT.replace(".g1", ".h1"), "system:app", False),
        (DIRECT.removesuffix("=="), "system:app", False),
        (f"{DIRECT}x", "system:app", False),
        ("amq.rabbitmq.reply-to", "system:app", False),
        ("amq.rabbitmq.reply-to.made.up", "system:app", False),
        ("amq.rabbitmq.reply-to.g1h2", "system:app", False),
        ("reply.app." + "1" * 300, "system:app", False),
        ("reply.app.1", "system:app", True),
        ("reply.iot.1", "system:app", False),
        ("intake.reports.urgent", "system:app", False),
        ("router.tickets.urgent", "unnamed", False),
        ("reply.unnamed.x", "unnamed", True),
        ("reply.", "system:app", False),
    ],
)
def test_answers_go_only_to_the_sender(reply_to: str, principal: str, *, allowed: bool) -> None:
    assert may_answer(reply_to, principal) is allowed


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_AMQP_URL", "amqp://x")
    monkeypatch.setenv("HOTLINE_MONGO_URL", "mongodb://x")
    monkeypatch.setenv("HOTLINE_INTAKE_PORT", "18001")
    monkeypatch.setenv("HOTLINE_REQUIRE_USER_ID", "1")

    settings = IntakeSettings()

    assert (settings.port, settings.require_user_id) == (18001, True)
    assert "amqp://x" not in repr(settings)
