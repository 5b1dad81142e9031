"""A public note is told to the caller, and ten of them are not ten messages (A4.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.contracts.router import WorkOrderNoted
from shared.policy.policy import QuietHours
from shared.tickets import (
    TICKET,
    LifecycleRules,
    OrderStatus,
    Ticket,
    Transition,
    acts,
    apply,
)
from shared.tickets.model import TimelineEntry
from shared.tickets.progress import fate_of_progress
from tests.tickets.samples import MONDAY, registered, sample_policy, sample_rules

ORDER = "JY0001-1"
EVERY = timedelta(hours=2)
AT_NIGHT = QuietHours.model_validate({"start": "21:00", "end": "08:00"})


def given(name: str = "repair") -> Ticket:
    act = acts.Dispatch(by="router", department="engineering", assignee="li")
    return apply(registered(name), act, MONDAY, sample_rules()).ticket


def noted(
    ticket: Ticket, at: datetime, rules: LifecycleRules | None = None, *, public: bool = True
) -> tuple[Ticket, WorkOrderNoted]:
    act = acts.Note(by="li", order=ORDER, note="明早9点上门", public=public)
    applied = apply(ticket, act, at, rules or sample_rules())
    (event,) = applied.events
    assert isinstance(event, WorkOrderNoted)
    return applied.ticket, event


def told(
    *minutes: int, rules: LifecycleRules | None = None, kind: str = "repair"
) -> list[int | None]:
    """In minutes from Monday on, what the notes made after so many minutes are told with."""
    ticket, found = given(kind), list[int | None]()
    for after in minutes:
        ticket, event = noted(ticket, MONDAY + timedelta(minutes=after), rules)
        at = event.tell_at
        found.append(None if at is None else round((at - MONDAY) / timedelta(minutes=1)))
    return found


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((5,), [5]),
        ((5, 6, 7, 100, 124), [5, 125, 125, 125, 125]),
        ((0, 1, 121), [0, 120, 240]),
        ((0, 1, 300), [0, 120, 300]),
        ((0, 120), [0, 120]),
    ],
)
def test_notes_that_follow_each_other_go_with_one_message(
    minutes: tuple[int, ...], expected: list[int]
) -> None:
    assert told(*minutes) == expected


def test_a_policy_that_tells_nobody_of_progress_tells_nobody() -> None:
    assert told(5, rules=replace(sample_rules(), tell_progress=None)) == [None]


def test_at_night_all_notes_wait_for_one_message_in_the_morning() -> None:
    zone = sample_policy().calendar.zone
    rules = replace(sample_rules(), quiet_until=lambda at: AT_NIGHT.until(at, zone))
    ten_in_the_evening, eight_in_the_morning = 13 * 60, 23 * 60

    assert told(ten_in_the_evening, ten_in_the_evening + 200, rules=rules) == [
        eight_in_the_morning, eight_in_the_morning,
    ]  # fmt: skip
    assert told(ten_in_the_evening, rules=rules, kind="emergency") == [ten_in_the_evening]


def test_an_internal_note_is_told_to_nobody_and_its_words_are_in_no_event() -> None:
    ticket, event = noted(given(), MONDAY, public=False)

    assert (event.public, event.tell_at) == (False, None)
    assert "明早" not in event.model_dump_json()
    assert ticket.public_notes == ()


def test_an_internal_note_takes_no_public_one_s_turn() -> None:
    ticket, _ = noted(given(), MONDAY, public=False)
    _, event = noted(ticket, MONDAY + timedelta(minutes=1))

    assert event.tell_at == MONDAY + timedelta(minutes=1)


def test_only_public_notes_are_marked_on_the_document_and_old_entries_are_read() -> None:
    ticket, _ = noted(given(), MONDAY, public=False)
    ticket, _ = noted(ticket, MONDAY + EVERY)
    doc = TICKET.to_doc(ticket)

    assert [entry.get("public") for entry in doc["timeline"]] == [None, None, None, True]
    assert TICKET.from_doc(doc) == ticket
    assert [entry.note for entry in ticket.public_notes] == ["明早9点上门"]


def fates(ticket: Ticket, after: timedelta) -> list[str]:
    found = fate_of_progress(ticket, sample_rules(), MONDAY + after)
    return [fate for fate, _ in found.values()]


def test_of_notes_that_wait_the_last_goes_out_and_after_the_end_none() -> None:
    ticket = given()
    for minutes in (5, 10, 15):
        ticket, _ = noted(ticket, MONDAY + timedelta(minutes=minutes))
    ended = replace(
        ticket,
        work_orders=tuple(replace(o, status=OrderStatus.RESOLVED) for o in ticket.work_orders),
        timeline=(
            *ticket.timeline,
            TimelineEntry(MONDAY + timedelta(minutes=20), Transition.RESOLVE, "li", ORDER),
        ),
    )

    assert fates(ticket, timedelta(minutes=16)) == ["told", "replaced", "waits"]
    assert fates(ticket, timedelta(hours=3)) == ["told", "replaced", "told"]
    assert fates(ended, timedelta(hours=3)) == ["told", "dropped", "dropped"]
