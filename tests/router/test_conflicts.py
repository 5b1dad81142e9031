"""Nobody is asked about a matter that is about them, of whatever list they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from services.router.emergencies.emergency import Emergency, acknowledge, arrive, recuse, start
from services.router.people import (
    choose_person,
    desk_lead,
    desk_of,
    heard_by,
    leads_of,
    next_in_chain,
    people_to_alert,
    whom_it_is_about,
    workers_of,
)
from services.router.work_orders.domain import ABOUT_THEM, work_to_give
from shared.policy.duty import Duty
from shared.readers.tickets import rules_of
from shared.tickets import About, NotAllowed, Ticket, apply
from shared.tickets.acts import (
    Accept,
    Act,
    Arrive,
    Decline,
    Dispatch,
    Hold,
    Link,
    Own,
    Reclassify,
    Resolve,
    Transfer,
)
from tests.support.tickets import LAMP, LIFT, MONDAY, duty, moved, plan_of, policy, registered

BEATING: Final = "保安正在打人"
SECURITY: Final = About(departments=("security",))
DESK: Final = About(departments=("customer_service",))
WITHIN: Final = timedelta(minutes=2)


def about(*people: str) -> About:
    return About(people=people)


def given_to(department: str, person: str, *, decided: bool = False) -> Dispatch:
    return Dispatch(by="desk", department=department, assignee=person, decided=decided)


def to_give(ticket: Ticket, people: Duty | None = None) -> list[Act]:
    return work_to_give(ticket, people or duty(), policy(), by="router")


def test_a_department_is_everybody_on_its_lists_at_every_place_and_on_its_shift() -> None:
    lent = duty().model_copy(update={"on_shift": {"jinyuan": {"security": {"ch-greening-1"}}}})

    found = whom_it_is_about(registered(BEATING, about=SECURITY), lent)

    assert {"jy-security-1", "ch-security-3", "group-duty-2", "ch-greening-1"} <= found
    assert not [person for person in found if "engineering" in person or "chain" in person]


@pytest.mark.parametrize(
    ("about", "alerted"),
    [
        (About(), ("jy-security-1", "jy-customer-service-1")),
        (about("jy-security-1"), ("jy-security-2", "jy-customer-service-1")),
        (SECURITY, ("jy-customer-service-1",)),
        (DESK, ("jy-security-1",)),
        (About(departments=("security", "customer_service")), ("chain-1",)),
        (About(("security", "customer_service"), ("chain-1",)), ("chain-2",)),
        (About(("security", "customer_service", "emergency_chain")), ("jy-manager",)),
        (About(("security", "customer_service", "emergency_chain"), ("jy-manager",)),
         ("group-manager",)),
    ],
)  # fmt: skip
def test_who_is_alerted_is_never_whom_it_is_about_and_never_silently_nobody(
    about: About, alerted: tuple[str, ...]
) -> None:
    assert people_to_alert(registered(BEATING, about=about), duty()) == alerted


def test_the_chain_passes_over_whom_it_is_about() -> None:
    ticket = registered(BEATING, about=about("chain-2"))
    called = [people_to_alert(ticket, duty())]
    for _ in range(3):
        called.append(next_in_chain(ticket, duty(), called))

    assert called[1:] == [("chain-1",), ("chain-3",), ("chain-1",)]


def test_an_alert_beside_the_chain_takes_nobodys_turn_in_it() -> None:
    called = [("jy-security-1",), ("chain-1",), ("jy-security-2",)]

    assert next_in_chain(registered(BEATING), duty(), called) == ("chain-2",)


def test_an_emergency_about_a_department_gives_work_to_the_others_and_waits_for_a_person() -> None:
    """The hold comes last: a dispatch would end it."""
    assert to_give(registered(BEATING, about=SECURITY)) == [
        Dispatch(by="router", department="customer_service", assignee="jy-customer-service-1"),
        Hold(by="router", reason="conflict"),
    ]


def test_it_waits_until_somebody_was_given_the_work_in_their_place() -> None:
    ticket = registered(BEATING, about=SECURITY)
    held = moved(ticket, *to_give(ticket))
    declined = moved(held, Decline(by="a", order=f"{ticket.number}-1", reason="busy"))

    again = to_give(declined)
    stood_in = moved(held, given_to("engineering", "jy-engineering-1", decided=True))

    assert again[-1] == Hold(by="router", reason="conflict"), "a new order must not end the hold"
    assert stood_in.held is None
    assert to_give(stood_in) == []


def test_one_stand_in_does_not_do_the_work_of_two_departments_it_is_about() -> None:
    both = About(departments=("security", "engineering"))
    ticket = replace(registered(BEATING, about=both))
    ticket = replace(ticket, plans=(replace(ticket.plan, departments=("security", "engineering")),))
    held = moved(ticket, *to_give(ticket))
    one = moved(held, given_to("environment", "jy-environment-1", decided=True))

    assert to_give(one) == [Hold(by="router", reason="conflict")]
    again = moved(one, *to_give(one))
    two = moved(again, given_to("greening", "jy-greening-1", decided=True))
    assert to_give(two) == []


def test_whoever_has_it_already_is_not_joined_by_others_each_time_something_moves() -> None:
    begun = start("n", "violence", "jinyuan", ("jy-security-1", "chain-1"), MONDAY, WITHIN)
    taken = acknowledge(begun.value, "chain-1", MONDAY)
    assert taken is not None

    recused = recuse(taken.value, frozenset({"jy-security-1"}), ("jy-security-2",), MONDAY, WITHIN)

    assert recused is None


def test_with_nobody_else_of_a_department_a_person_decides_and_learns_why() -> None:
    alone = Duty(places={"jinyuan": {"engineering": duty().places["jinyuan"]["engineering"][:1]}})

    assert to_give(registered(about=about("jy-engineering-1")), alone) == [
        Hold(by="router", reason="conflict")
    ]


def test_an_order_of_whom_it_turns_out_to_be_about_goes_to_the_next_on_duty() -> None:
    given = moved(registered(), *to_give(registered()))
    order = given.orders[0]
    known = replace(given, about=about("jy-engineering-1"))

    (act,) = to_give(known)

    assert act == Transfer(by="router", order=order.id, to_department="engineering",
                           assignee="jy-engineering-2", reason=ABOUT_THEM)  # fmt: skip
    assert to_give(moved(known, act)) == []


def test_an_emergency_s_work_goes_past_whom_it_is_about_to_the_chain() -> None:
    everybody = About(people=tuple(p.id for p in duty().places["jinyuan"]["security"]))

    person = choose_person(duty(), registered(BEATING, about=everybody), "security")

    assert person is not None
    assert person.id == "chain-1"


@pytest.mark.parametrize("about", [DESK, about("jy-customer-service-1", "jy-customer-service-2")])
def test_of_a_complaint_about_the_desk_whoever_manages_the_estate_hears(about: About) -> None:
    ticket = registered(about=about)

    assert desk_of(ticket, duty()) == desk_lead(ticket, duty()) == ("jy-manager",)
    assert leads_of(ticket, None, duty()) == ("jy-manager",)
    assert heard_by("lead", ticket, None, duty(), policy()) == ("jy-manager",)


def test_a_case_owner_it_is_about_is_not_asked_and_another_of_the_desk_is() -> None:
    ticket = moved(registered(), Own(by="desk", owner="jy-customer-service-1"))

    assert desk_of(replace(ticket, about=about("jy-customer-service-1")), duty()) == (
        "jy-customer-service-2",
    )


def test_somebody_of_the_department_it_is_about_hears_nothing_wherever_they_stand() -> None:
    """The guard who leads the engineers too is of security all the same."""
    both = duty().places["jinyuan"]["security"][-1:]
    places = {**duty().places["jinyuan"], "engineering": both}
    people = duty().model_copy(update={"places": {**duty().places, "jinyuan": places}})
    given = moved(registered(), given_to("engineering", "jy-security-3"))
    ticket = replace(given, about=SECURITY)

    assert workers_of(ticket, None, people) == ("jy-customer-service-1",)
    assert leads_of(ticket, None, people) == ("jy-customer-service-2",)


def test_nobody_sees_a_ticket_through_that_is_about_them() -> None:
    with pytest.raises(NotAllowed) as refused:
        moved(registered(about=about("li")), Own(by="desk", owner="li"))

    assert "name somebody else" in str(refused.value)


def test_what_turns_out_to_be_about_its_owner_has_none_and_leaves_its_outage() -> None:
    """Whoever sees the outage sees what is linked to it."""
    given = moved(registered(), *to_give(registered()), Own(by="desk", owner="li"))
    linked = moved(given, Link(by="router", incident="jinyuan-electrical-1"))
    act = Reclassify(by="desk", plan=plan_of(LAMP, MONDAY), estate="jinyuan", about=about("li"))

    after = apply(linked, act, MONDAY, rules_of(policy())).ticket

    assert (after.owner, after.incident) == (None, None)


def test_that_they_were_there_themselves_resolves_no_emergency() -> None:
    ticket = moved(registered(LIFT), given_to("engineering", "xu"))
    order = ticket.orders[0].id
    there = moved(ticket, Accept(by="xu", order=order), Arrive(by="xu", order=order))

    with pytest.raises(NotAllowed):
        moved(replace(there, about=about("xu")), Resolve(by="li", order=order, outcome="done"))
    assert moved(there, Resolve(by="li", order=order, outcome="done")).orders[0].outcome == "done"


def running() -> Emergency:
    return start("23456789", "fight_violence", "jinyuan", ("guard", "desk"), MONDAY, WITHIN).value


@pytest.mark.parametrize("not_for", [{"guard"}, {"somebody-else"}])
def test_what_others_have_stays_theirs(not_for: set[str]) -> None:
    step = acknowledge(running(), "desk", MONDAY)
    assert step is not None

    after = recuse(step.value, frozenset(not_for), ("desk",), MONDAY, WITHIN)

    assert after is None, "nothing of it was theirs, and there is nobody new to call"


def test_who_is_left_on_site_keeps_it_and_nobody_is_called_by_the_chain() -> None:
    emergency = running()
    for who in ("guard", "desk"):
        step = arrive(emergency, who, MONDAY)
        assert step is not None
        emergency = step.value

    after = recuse(emergency, frozenset({"guard"}), ("desk",), MONDAY, WITHIN)

    assert after is not None
    assert (after.value.on_site, after.value.next_due) == (("desk",), None)
    assert after.value.arrived_at == MONDAY
    assert after.events == ()


def test_without_anybody_new_to_alert_the_chain_is_due_at_once() -> None:
    step = acknowledge(running(), "guard", MONDAY)
    assert step is not None

    after = recuse(step.value, frozenset({"guard"}), ("desk",), MONDAY, WITHIN)

    assert after is not None
    assert (after.value.acknowledged_by, after.value.next_due) == (None, MONDAY)
    assert recuse(after.value, frozenset({"guard"}), ("desk",), MONDAY, WITHIN) is None
