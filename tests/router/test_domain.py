"""Who gets the work, and who is alerted."""

from __future__ import annotations

from services.router.domain import (
    choose_person,
    next_in_chain,
    people_to_alert,
    work_to_give,
)
from shared.policy.duty import Duty
from shared.policy.plan import Reported, plan
from shared.tickets import Ticket
from shared.tickets.acts import (
    Act,
    Cancel,
    Decline,
    Dispatch,
    Hold,
    Reclassify,
    Transfer,
)
from tests.support.tickets import LIFT, MONDAY, duty, moved, policy, registered

NOBODY = Duty(places={})


def to_give(ticket: Ticket, people: Duty | None = None) -> list[Act]:
    return work_to_give(ticket, people or duty(), policy().rules, by="router")


def given(ticket: Ticket) -> Ticket:
    return moved(ticket, *to_give(ticket))


def test_a_new_ticket_goes_to_the_first_on_duty_of_its_department() -> None:
    acts = to_give(registered())

    assert acts == [Dispatch(by="router", department="engineering", assignee="jy-engineering-1")]


def test_what_has_been_given_is_not_given_again() -> None:
    assert to_give(given(registered())) == []


def test_an_emergency_gives_every_department_of_its_plan_an_order() -> None:
    departments = [act.department for act in to_give(registered(LIFT)) if isinstance(act, Dispatch)]

    assert departments == ["engineering", "security", "customer_service"]


def test_declined_once_the_next_on_duty_gets_it() -> None:
    ticket = given(registered())
    ticket = moved(ticket, Decline(by="a", order=f"{ticket.number}-1", reason="busy"))

    (act,) = to_give(ticket)

    assert isinstance(act, Dispatch)
    assert act.assignee == "jy-engineering-2"


def test_declined_as_often_as_the_policy_allows_a_person_decides() -> None:
    ticket = registered()
    for n in (1, 2):
        ticket = given(ticket)
        ticket = moved(ticket, Decline(by="a", order=f"{ticket.number}-{n}", reason="busy"))

    assert to_give(ticket) == [Hold(by="router", reason="declined_twice")]
    assert to_give(moved(ticket, Hold(by="router", reason="declined_twice"))) == []


def test_with_nobody_on_duty_a_person_decides() -> None:
    assert to_give(registered(), NOBODY) == [Hold(by="router", reason="nobody_on_duty")]


def test_an_emergency_from_nowhere_goes_to_the_groups_own_duty() -> None:
    assignees = [
        a.assignee for a in to_give(registered(LIFT, estate=None)) if isinstance(a, Dispatch)
    ]

    assert assignees == ["group-duty-1", "group-duty-2", "group-desk-1"]


def test_an_emergency_of_a_department_without_people_goes_to_the_chain() -> None:
    chain = Duty.model_validate(
        {"places": {"*": {"emergency_chain": [{"id": "c1", "name": "x", "mail": "c@x.example"}]}}}
    )

    person = choose_person(chain, registered(LIFT), "security")

    assert person is not None
    assert person.id == "c1"


def test_a_routine_request_that_is_not_decided_is_given_to_nobody() -> None:
    assert to_give(registered(estate=None)) == []


def test_what_is_over_is_given_to_nobody() -> None:
    assert to_give(moved(registered(), Cancel(by="agent"))) == []


def test_reclassified_work_is_transferred_to_the_planned_department() -> None:
    ticket = given(registered())
    anew = plan(
        Reported(text="x", estate="jinyuan", type="complaint", area="fees", decided=True),
        policy(), MONDAY,
    )  # fmt: skip
    ticket = moved(ticket, Reclassify(by="agent", plan=anew, estate="jinyuan"))

    (act,) = to_give(ticket)

    assert isinstance(act, Transfer)
    assert (act.order, act.to_department) == (f"{ticket.number}-1", "finance")


def test_the_first_of_each_department_is_alerted_at_once() -> None:
    assert people_to_alert(registered(LIFT), duty()) == (
        "jy-engineering-1", "jy-security-1", "jy-customer-service-1",
    )  # fmt: skip


def test_somebody_is_alerted_even_where_nobody_is_on_duty() -> None:
    assert people_to_alert(registered(LIFT), NOBODY) == ()
    only_chain = Duty(places={"*": {"emergency_chain": duty().emergency_chain}})
    assert people_to_alert(registered(LIFT), only_chain) == ("chain-1",)


def test_the_chain_goes_round_until_somebody_answers() -> None:
    called = [next_in_chain(duty(), step) for step in range(1, 6)]

    assert called == [("chain-1",), ("chain-2",), ("chain-3",), ("chain-1",), ("chain-2",)]
