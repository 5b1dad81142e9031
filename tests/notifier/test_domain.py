from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import pytest

from services.notifier.domain import CAUSE_KINDS, NOTIFYING, Cause, is_for_digest, recipients
from shared.contracts import Event, known_events
from shared.contracts.intake import TicketAnswered
from shared.contracts.notifier import CALLER, Purpose
from tests.notifier import samples

EVERY_KIND = [samples.registered(), samples.dispatched(), samples.warned(), samples.breached(),
              samples.alerted(), samples.slowed(), samples.replanned(), samples.downgraded(),
              samples.resolved(), samples.reopened(),
              samples.asked(), samples.appointed(), samples.extended(),
              samples.extension_asked(), samples.gap_found(), samples.shift_offered(),
              samples.shift_taken(), samples.shift_struck(), samples.shift_cut(),
              samples.raised(),
              samples.incident_offered(), samples.incident_spread(), samples.incident_due_soon(),
              samples.incident_overdue(), samples.incident_announced(),
              samples.noted(), samples.follow_up_opened(), samples.follow_up_missed(),
              samples.quoted(), samples.consented(), samples.parked(),
              samples.unreached(), samples.link_locked(), samples.merged(),
              samples.urged(), samples.supplemented(),
              samples.cancel_requested(), samples.extension_refused(),
              samples.extended(assignee=samples.ASSIGNEE), samples.reading_alarm(),
              samples.policy_published(), samples.policy_reminded(),
              samples.policy_unconfirmed(), samples.line_down(), samples.line_degraded(),
              samples.line_up(), samples.line_contract_ending()]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "purpose", "people"),
    [
        (samples.registered(), "receipt", [CALLER]),
        (samples.resolved(), "feedback", [CALLER]),
        (samples.reopened(), "reopened", [CALLER]),
        (samples.asked(), "survey", [CALLER]),
        (samples.merged(), "merged", [CALLER]),
        (samples.appointed(), "visit", [CALLER]),
        (samples.appointed(until=None), None, []),
        (samples.extended(), "extended", [CALLER]),
        (samples.extension_asked(), "decision", ["group-desk-1"]),
        (samples.extension_refused(), "more_time", [samples.ASSIGNEE]),
        (samples.extension_refused(assignee=None), None, []),
        (samples.dispatched(), "assignment", [samples.ASSIGNEE]),
        (samples.dispatched(assignee=None), None, []),
        (samples.dispatched(joins="26-9"), None, []),
        (samples.breached(joins="26-9"), None, []),
        (samples.dispatched(assignee=None, recipients=("a", "b")), "assignment", ["a", "b"]),
        (samples.warned(), "warning", [samples.ASSIGNEE]),
        (samples.warned(recipients=()), None, []),
        (samples.breached(), "breach", [samples.ASSIGNEE, "jy-engineering-3"]),
        (samples.breached(recipients=("a", "b", "a")), "breach", ["a", "b"]),
        (samples.alerted(), "alert", [samples.ASSIGNEE, "jy-security-1", "chain-1"]),
        (samples.slowed(), "slowed", ["jy-manager"]),
        (samples.replanned(), "spared", ["lift-firm-1"]),
        (samples.replanned(recipients=()), None, []),
        (samples.downgraded(), "spared", ["lift-firm-1"]),
        (samples.raised(), "raised", ["group-manager"]),
        (samples.noted(), "progress", [CALLER]),
        (samples.quoted(), "quote", ["jy-customer-service-1"]),
        (samples.quoted(payer="group", recipients=()), None, []),
        (samples.consented(), "consent", [samples.ASSIGNEE]),
        (samples.consented(how="on_site"), None, []),
        (samples.consented(assignee=None), None, []),
        (samples.follow_up_opened(), "follow_up", ["jy-customer-service-1"]),
        (samples.follow_up_opened(recipients=()), None, []),
        (samples.follow_up_missed(), "follow_up_missed", ["group-desk-1"]),
        (samples.urged(), "wish", [samples.ASSIGNEE]),
        (samples.urged(recipients=()), None, []),
        (samples.supplemented(), "wish", [samples.ASSIGNEE]),
        (samples.cancel_requested(), "wish", [samples.ASSIGNEE]),
        (samples.noted(public=False), None, []),
        (samples.noted(tell_at=None), None, []),
        (samples.shift_offered(), "shift_offered", ["jy-security-1"]),
        (samples.shift_taken(), "shift_taken", ["jy-security-1"]),
        (samples.shift_struck(), "shift_struck", ["jy-security-2"]),
        (samples.shift_cut(), "shift_cut", ["jy-security-2"]),
        (samples.incident_offered(), "incident", ["group-desk-1"]),
        (samples.incident_spread(), "incident", ["group-desk-1"]),
        (samples.incident_due_soon(), "restoration", ["group-desk-1"]),
        (samples.incident_overdue(), "restoration", ["group-desk-1"]),
        (samples.incident_announced(numbers=("26-1",)), "outage", [CALLER]),
        (samples.dispatched(incident="26-9"), None, []),
        (samples.breached(incident="26-9"), None, []),
        (TicketAnswered(number="26-1"), None, []),
    ],
)
def test_each_event_tells_whom_it_concerns(
    event: Event, purpose: str | None, people: list[str]
) -> None:
    notices = recipients(event)

    assert [notice.recipient for notice in notices] == people
    assert {notice.purpose for notice in notices} == ({purpose} if purpose else set())
    assert {notice.number for notice in notices} <= {"26-1"}


def test_an_extension_is_told_to_the_caller_and_to_who_asked_for_it() -> None:
    told = recipients(samples.extended(assignee=samples.ASSIGNEE))

    assert [(notice.recipient, notice.purpose) for notice in told] == [
        (CALLER, "extended"), (samples.ASSIGNEE, "more_time"),
    ]  # fmt: skip


def test_an_alarm_is_told_under_its_own_number_and_names_no_ticket() -> None:
    (told,) = recipients(samples.reading_alarm())

    assert (told.purpose, told.recipient, told.number) == (
        "reading_alarm", "jy-customer-service-2", "a-1",
    )  # fmt: skip


def test_a_gap_is_told_once_for_each_time_it_was_found() -> None:
    (found,) = recipients(samples.gap_found())
    (again,) = recipients(samples.gap_found(revision=4))
    (near,) = recipients(samples.gap_found(near=True))

    assert (found.purpose, found.recipient, found.estate) == ("gap", "jy-security-3", "jinyuan")
    assert found.number == "jinyuan/security"
    assert len({found.id, again.id, near.id}) == 3
    assert recipients(samples.gap_found(place="*"))[0].estate is None


def test_an_entry_is_told_to_each_who_answers_for_it_once() -> None:
    first, again = (recipients(samples.parked(recipients=("a", "b", "a"))) for _ in range(2))

    assert [(notice.recipient, notice.purpose) for notice in first] == [
        ("a", "parked"), ("b", "parked"),
    ]  # fmt: skip
    assert [notice.id for notice in first] == [notice.id for notice in again]
    assert not any(notice.can_wait for notice in first)


def test_the_same_cry_an_hour_later_is_told_again_and_a_redelivery_is_not() -> None:
    at = datetime(2026, 11, 30, 3, 1, tzinfo=UTC)
    (first,), (again,), (later,) = (
        recipients(samples.parked(at=at + timedelta(minutes=minutes))) for minutes in (0, 3, 60)
    )

    assert first.id == again.id
    assert first.id != later.id


def test_the_queues_are_bound_to_exactly_the_events_of_the_table() -> None:
    telling = {type(event) for event in EVERY_KIND if recipients(event)}

    assert telling == set(NOTIFYING)
    assert telling < set(known_events().values())


def test_only_the_closed_list_of_causes_makes_a_message() -> None:
    advertising: Any = "promotion"

    with pytest.raises(ValueError, match="advertising is none"):
        Cause(advertising, "spring-sale", "1")
    with pytest.raises(ValueError, match="closed list"):
        Cause("ticket", "", "1")
    assert "marketing" not in CAUSE_KINDS


def test_a_repeat_has_the_same_id_and_every_other_occurrence_its_own() -> None:
    again = {recipients(samples.breached())[0].id for _ in range(3)}
    others = [
        samples.registered(), samples.registered(number="26-2"), samples.resolved(),
        samples.resolved(round=2), samples.reopened(), samples.asked(), samples.asked(survey="s-2"),
        samples.dispatched(), samples.dispatched(work_order="26-1-2"),
        samples.dispatched(assignee="jy-engineering-2"), samples.warned(),
        samples.warned(clock="accept"), samples.warned(work_order=None), samples.breached(),
        samples.breached(level=2), samples.breached(due=samples.DUE + timedelta(hours=1)),
        samples.alerted(), samples.alerted(step=1), samples.appointed(),
        samples.appointed(until=samples.DUE + timedelta(hours=3)), samples.extended(),
        samples.extended(round=2), samples.extension_refused(),
        samples.extension_refused(due=samples.DUE + timedelta(days=1)), samples.extension_asked(),
        samples.incident_offered(),
        samples.incident_spread(), samples.incident_spread(revision=4), samples.incident_due_soon(),
        samples.incident_overdue(), samples.incident_announced(),
        samples.incident_announced(notice=2),
        samples.noted(),
        samples.noted(tell_at=samples.DUE + timedelta(hours=2)), samples.follow_up_opened(),
        samples.follow_up_opened(follow_up="other"), samples.follow_up_missed(), samples.quoted(),
        samples.quoted(quote=2), samples.consented(), samples.consented(given=False),
        samples.consented(quote=2),
    ]  # fmt: skip

    ids = [notice.id for event in others for notice in recipients(event)]

    assert len(again) == 1
    assert len(ids) == len(set(ids))


def test_every_purpose_but_the_answer_on_the_phone_is_used() -> None:
    used = {notice.purpose for event in EVERY_KIND for notice in recipients(event)}

    # An alert of a machine is no event of ours: its own tests tell it.
    other = {"answered", "digest", "receipts", "together", "watch"}
    assert used == set(get_args(Purpose)) - other


LATE = samples.DUE + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("event", "now", "folds"),
    [
        (samples.breached(fell_due=samples.DUE), LATE, True),
        (samples.warned(fell_due=samples.DUE), LATE, True),
        (samples.breached(fell_due=samples.DUE), LATE - timedelta(seconds=1), False),
        (samples.breached(), LATE, False),  # of a release that did not say it
        (samples.breached(fell_due=samples.DUE, urgency="urgent"), LATE, True),
        (samples.breached(fell_due=samples.DUE, urgency="emergency"), LATE, False),
        (samples.dispatched(), LATE, False),
        (samples.alerted(), LATE, False),
    ],
)
def test_only_a_deadline_told_long_after_it_fell_due_goes_into_a_digest(
    event: Event, now: datetime, *, folds: bool
) -> None:
    assert is_for_digest(event, now, after=timedelta(minutes=5)) is folds


@pytest.mark.parametrize(
    ("event", "waits"),
    [
        (samples.registered(), False),
        (samples.resolved(), True),
        (samples.resolved(urgency="urgent"), False),
        (samples.asked(), True),
        (samples.dispatched(), False),
        (samples.breached(), False),
        (samples.breached(level=2), True),
        (samples.breached(level=2, urgency="urgent"), False),
        (samples.alerted(), False),
        (samples.raised(), True),
        (samples.noted(), True),
        (samples.noted(urgency="urgent"), False),
        (samples.follow_up_opened(), False),
        (samples.follow_up_missed(), True),
        (samples.gap_found(), True),
        (samples.shift_struck(), False),
        (samples.incident_announced(), False),
        (samples.incident_announced(restore_by=None), False),
    ],
)
def test_only_what_nobody_needs_at_once_can_wait(event: Event, *, waits: bool) -> None:
    assert {notice.can_wait for notice in recipients(event)} == {waits}


NIGHT: Final = samples.DUE.replace(hour=14, minute=10)
MORNING: Final = NIGHT + timedelta(hours=10)


@pytest.mark.parametrize(
    ("event", "waits"),
    [
        (samples.appointed(at=NIGHT + timedelta(hours=1), until=NIGHT + timedelta(hours=2)), False),
        (samples.appointed(at=MORNING, until=MORNING + timedelta(hours=2)), True),
        (samples.extended(until=NIGHT + timedelta(hours=3)), False),
        (samples.extended(until=MORNING + timedelta(days=1)), True),
        (samples.gap_found(begins=NIGHT + timedelta(hours=2), ends=MORNING), False),
        (samples.gap_found(begins=MORNING, ends=MORNING + timedelta(hours=8)), True),
        (samples.shift_taken(begins=NIGHT + timedelta(hours=2), ends=MORNING), False),
        (samples.follow_up_missed(due=NIGHT - timedelta(hours=1)), True),
        (samples.incident_announced(), False),
    ],
)
def test_nothing_waits_until_after_what_it_tells_of(event: Event, *, waits: bool) -> None:
    assert {n.can_wait_until(MORNING, NIGHT) for n in recipients(event)} == {waits}


def test_a_visit_put_off_and_back_is_told_again() -> None:
    first, back = (samples.appointed(agreed_at=samples.DUE + timedelta(minutes=n)) for n in (0, 5))

    ids = [{n.id for n in recipients(event)} for event in (first, first, back)]

    assert ids[0] == ids[1] != ids[2]


def test_more_time_asked_for_and_decided_the_same_way_twice_is_told_twice() -> None:
    first, second = samples.DUE, samples.DUE + timedelta(minutes=5)
    for event in (
        samples.extension_asked(recipients=(samples.ASSIGNEE,)),
        samples.extension_refused(due=samples.DUE),
        samples.extended(assignee=samples.ASSIGNEE),
    ):
        ids = [
            {n.id for n in recipients(each) if n.recipient == samples.ASSIGNEE}
            for each in (
                event,
                event.model_copy(update={"at": first}),
                event.model_copy(update={"at": first}),
                event.model_copy(update={"at": second}),
            )
        ]

        assert ids[1] == ids[2], "a repeat is the same"
        assert len({*map(frozenset, ids)}) == 3, type(event).__name__


def test_that_an_alarm_reached_nobody_is_as_urgent_as_the_alarm() -> None:
    for purpose, urgency in (("alert", "emergency"), ("slowed", "emergency"), ("warning", None)):
        (notice,) = recipients(samples.unreached(purpose=purpose))
        assert notice.facts.get("urgency") == urgency, purpose
