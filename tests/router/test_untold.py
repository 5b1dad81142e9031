"""Which results a person tells, when, and who has told them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.router.follow_ups.tasks import new_task
from services.router.follow_ups.untold import fed_back_by, reason_to_tell, tell_task
from services.router.follow_ups.wanted import Seen, look
from shared.contracts.notifier import (
    CALLER,
    MessageAccepted,
    MessageEvent,
    MessageFailed,
    MessageReceived,
    MessageUnconfirmed,
    MessageUnknown,
)
from shared.policy.policy import QuietHours
from shared.tickets import Ticket
from shared.tickets.acts import Accept, Dispatch, Feedback, NotSatisfied, Reopen, Resolve
from tests.support.tickets import LAMP, MONDAY, moved, policy, registered

ORDER = "23456789-1"
FACTS = {"message": "m", "number": "23456789", "recipient": CALLER, "purpose": "feedback"}


def done() -> Ticket:
    given = Dispatch(by="router", department="engineering", assignee="li")
    acts = (given, Accept(by="li", order=ORDER), Resolve(by="li", order=ORDER, outcome="done"))
    return moved(registered(LAMP), *acts)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (MessageFailed.model_validate(FACTS | {"reason": "no_channel"}), "tell"),
        (MessageFailed.model_validate(FACTS | {"reason": "refused"}), "tell"),
        (MessageFailed.model_validate(FACTS | {"reason": "no_address"}), None),
        (MessageUnknown.model_validate(FACTS), "tell_unsure"),
        (MessageUnconfirmed.model_validate(FACTS), "tell_unsure"),
        (MessageUnconfirmed.model_validate(FACTS | {"purpose": "visit"}), "visit"),
        (
            MessageFailed.model_validate(FACTS | {"reason": "refused", "purpose": "outage"}),
            "outage",
        ),
        (
            MessageFailed.model_validate(FACTS | {"reason": "no_address", "purpose": "extended"}),
            None,
        ),
        (MessageReceived.model_validate(FACTS), None),
        (MessageAccepted.model_validate(FACTS), None),
        (MessageUnknown.model_validate(FACTS | {"purpose": "survey"}), None),
        (MessageUnknown.model_validate(FACTS | {"recipient": "li"}), None),
    ],
)
def test_a_person_tells_what_may_have_reached_nobody(
    event: MessageEvent, reason: str | None
) -> None:
    assert reason_to_tell(event) == reason


@pytest.mark.parametrize(
    ("acts", "first", "second"),
    [
        ((), None, None),
        ((Feedback(by="he", outcome="told"),), "he", None),
        ((Feedback(by="service:intake", outcome="delivered"),), None, None),
        ((NotSatisfied(by="he"),), "he", None),
        (
            (
                Feedback(by="service:intake", outcome="delivered"),
                Reopen(by="service:intake", reason="survey"),
            ),
            None,
            None,
        ),
    ],
    ids=["untold", "told", "by_message", "not_satisfied", "reopened"],
)
def test_who_told_a_round_is_whoever_put_its_feedback_on_record(
    acts: tuple[Feedback | NotSatisfied | Reopen, ...], first: str | None, second: str | None
) -> None:
    ticket = moved(done(), *acts)

    assert (fed_back_by(ticket, 1), fed_back_by(ticket, 2)) == (first, second)


def test_nobody_is_rung_in_the_hours_of_sleep() -> None:
    night = QuietHours.model_validate({"start": "08:00", "end": "23:00"})
    rules = policy().rules.model_copy(update={"quiet_hours": night})
    sleeping = policy().model_copy(update={"rules": rules})

    now_, later = (
        tell_task(done(), None, here, MONDAY, reason="tell", by="service:router")
        for here in (policy(), sleeping)
    )

    assert now_.opens_at == MONDAY
    assert later.opens_at > MONDAY
    assert later.due_at == later.opens_at + timedelta(hours=1)
    assert now_.id == later.id


def test_work_that_goes_on_again_has_nothing_to_tell() -> None:
    ticket = moved(
        done(), Feedback(by="service:intake", outcome="delivered"), Reopen(by="x", reason="survey")
    )
    task = new_task(done(), "tell", "tell", mark="1", by="router", at=MONDAY,
                    within=timedelta(hours=1))  # fmt: skip

    step = look(task, Seen(ticket, None, policy().calendar), MONDAY)

    assert step is not None
    assert (step.value.state, step.value.dropped_for) == ("dropped", "work_goes_on")
