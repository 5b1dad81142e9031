"""Who gets the work, and who is alerted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.router.people import (
    choose_person,
    next_in_chain,
    people_to_alert,
    rounds_called,
    superiors_of,
)
from services.router.work_orders.domain import (
    NOT_ACCEPTED,
    next_person,
    who_goes_on,
    work_to_give,
)
from shared.policy.duty import Duty
from shared.policy.plan import Reported, plan
from shared.policy.policy import Policy
from shared.tickets import About, NotAllowed, Ticket
from shared.tickets.acts import (
    Accept,
    Act,
    Arrive,
    Cancel,
    Decline,
    Dispatch,
    Hold,
    Reclassify,
    Transfer,
)
from shared.tickets.lifecycle import Clock
from tests.support.tickets import LAMP, LIFT, MONDAY, duty, moved, plan_of, policy, registered

NOBODY = Duty(places={})


def to_give(ticket: Ticket, people: Duty | None = None) -> list[Act]:
    return work_to_give(ticket, people or duty(), policy(), by="router")


def given(ticket: Ticket) -> Ticket:
    return moved(ticket, *to_give(ticket))


def test_a_new_ticket_goes_to_the_first_on_duty_of_its_department() -> None:
    acts = to_give(registered())

    assert acts == [Dispatch(by="router", department="engineering", assignee="jy-engineering-1")]


def test_what_has_been_given_is_not_given_again() -> None:
    assert to_give(given(registered())) == []


def test_an_emergency_gives_every_department_of_its_plan_an_order() -> None:
    departments = [act.department for act in to_give(registered(LIFT)) if isinstance(act, Dispatch)]

    assert departments == ["engineering", "security", "customer_service", "lift_firm"]


def crew(**skills: list[str]) -> Duty:
    people = [{"id": id, "name": id, "mail": f"{id}@duty.example", "skills": areas}
              for id, areas in skills.items()]  # fmt: skip
    return Duty.model_validate({"places": {"jinyuan": {"engineering": people}}})


@pytest.mark.parametrize(
    ("people", "busy", "chosen"),
    [
        (crew(xu=[], guo=[]), {}, "xu"),
        (crew(xu=["plumbing"], guo=["electrical"]), {}, "guo"),
        (crew(xu=["plumbing"], guo=[]), {}, "guo"),
        (crew(xu=["plumbing"], guo=["elevator"]), {}, "xu"),
        (crew(xu=[], guo=[]), {"xu": 1}, "guo"),
        (crew(xu=[], guo=[]), {"xu": 1, "guo": 1}, "xu"),
        (crew(xu=[], guo=[]), {"xu": 3, "guo": 1}, "guo"),
        (crew(xu=["electrical"], guo=["plumbing"]), {"xu": 1}, "xu"),
    ],
)
def test_work_goes_to_who_can_do_it_and_is_not_busy(
    people: Duty, busy: dict[str, int], chosen: str
) -> None:
    """Skill before leisure: who is busy but can is better than who is free and cannot; where all
    are, the one with least in hand.
    """
    assert registered().plan.area == "electrical"

    person = choose_person(
        people, registered(), "engineering", how_busy=lambda person: busy.get(person, 0)
    )

    assert person is not None
    assert person.id == chosen


def pooled() -> Policy:
    departments = [d.model_copy(update={"pool": True}) for d in policy().taxonomy.departments]
    taxonomy = policy().taxonomy.model_copy(update={"departments": tuple(departments)})
    return policy().model_copy(update={"taxonomy": taxonomy})


def test_work_of_a_pool_is_offered_to_everybody_on_duty_and_is_theirs_who_accepts_first() -> None:
    (act,) = work_to_give(registered(), duty(), pooled(), by="router")
    engineers = ("jy-engineering-1", "jy-engineering-2", "jy-engineering-3")
    assert act == Dispatch(by="router", department="engineering", assignee=None,
                           offered_to=engineers)  # fmt: skip

    offered = moved(registered(), act)
    taken = moved(offered, Accept(by="jy-engineering-2", order=offered.orders[0].id))

    assert taken.orders[0].assignee == "jy-engineering-2"
    with pytest.raises(NotAllowed):
        moved(taken, Accept(by="jy-engineering-3", order=taken.orders[0].id))
    assert work_to_give(taken, duty(), pooled(), by="router") == []


def test_what_nobody_of_a_pool_accepts_in_time_is_given_to_the_first_of_them() -> None:
    offered = moved(registered(), *work_to_give(registered(), duty(), pooled(), by="router"))

    transfer = next_person(offered, offered.orders[0], duty(), by="router")

    assert transfer is not None
    assert transfer.assignee == "jy-engineering-1"


def test_an_emergency_is_nobodys_to_pick() -> None:
    acts = work_to_give(registered(LIFT), duty(), pooled(), by="router")

    assert all(isinstance(act, Dispatch) and act.assignee for act in acts)


def test_declined_once_the_next_on_duty_gets_it() -> None:
    ticket = given(registered())
    ticket = moved(ticket, Decline(by="a", order=f"{ticket.number}-1", reason="busy"))

    (act,) = to_give(ticket)

    assert isinstance(act, Dispatch)
    assert act.assignee == "jy-engineering-2"


def passed_on(ticket: Ticket, n: int, department: str, to: str, reason: str) -> Ticket:
    return moved(ticket, Transfer(by="a", order=f"{ticket.number}-{n}", to_department=department,
                                  assignee=to, reason=reason))  # fmt: skip


def declined(ticket: Ticket, n: int) -> Ticket:
    return moved(ticket, Decline(by="a", order=f"{ticket.number}-{n}", reason="busy"))


def test_declined_by_whom_it_was_handed_to_it_goes_to_one_who_has_not_had_it() -> None:
    ticket = passed_on(given(registered()), 1, "engineering", "jy-engineering-2", NOT_ACCEPTED)
    ticket = declined(ticket, 2)

    assert ticket.without_work == ("engineering",)
    assert to_give(ticket) == [
        Dispatch(by="router", department="engineering", assignee="jy-engineering-3")
    ]


def test_where_nobody_is_left_it_goes_back_to_who_did_not_accept_it() -> None:
    ticket = passed_on(given(registered()), 1, "engineering", "jy-engineering-2", NOT_ACCEPTED)
    ticket = passed_on(ticket, 2, "engineering", "jy-engineering-3", NOT_ACCEPTED)

    (act,) = to_give(declined(ticket, 3))

    assert isinstance(act, Dispatch)
    assert act.assignee == "jy-engineering-1"


def test_declined_by_a_department_that_it_was_passed_on_to_the_next_there_gets_it() -> None:
    ticket = passed_on(given(registered()), 1, "security", "jy-security-1", "not_ours")
    ticket = declined(ticket, 2)

    assert ticket.without_work == ("security",)
    assert to_give(ticket) == [
        Dispatch(by="router", department="security", assignee="jy-security-2")
    ]


def test_declined_there_as_often_as_the_policy_allows_a_person_decides_and_is_asked_once() -> None:
    ticket = passed_on(given(registered()), 1, "security", "jy-security-1", "not_ours")
    again = Dispatch(by="router", department="security", assignee="jy-security-2")
    ticket = declined(moved(declined(ticket, 2), again), 3)
    held = Hold(by="router", reason="declined_twice")
    decided = Dispatch(by="he", department="environment", assignee="jy-environment-1", decided=True)

    assert to_give(ticket) == [held]
    assert to_give(moved(ticket, held)) == []
    assert to_give(moved(ticket, held, decided)) == []


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

    assert assignees == ["group-duty-1", "group-duty-2", "group-desk-1", "lift-firm-1"]


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


def elsewhere(
    ticket: Ticket, text: str = LIFT, estate: str = "binjiang", *, hours: int = 1
) -> Ticket:
    later = MONDAY + timedelta(hours=hours)
    return moved(
        ticket,
        Reclassify(by="agent", plan=plan_of(text, later, estate=estate), estate=estate),
        at=later,
    )


@pytest.mark.parametrize("text", [LAMP, LIFT])
def test_work_that_was_given_at_another_place_is_theirs_who_have_it_here(text: str) -> None:
    old = given(registered(text))
    taken = moved(old, Accept(by="jy-engineering-1", order=old.orders[0].id))

    for before in (old, taken):
        now = elsewhere(before, text)
        after = moved(now, *to_give(now), at=MONDAY + timedelta(hours=1))

        held = {order.department: order.assignee for order in after.orders if order.is_unfinished}
        fresh = given(registered(text, estate="binjiang"))
        assert held == {order.department: order.assignee for order in fresh.orders}
        for order in after.orders:
            if order.is_unfinished:
                due = order.clocks[Clock.ACCEPT].due
                assert due is not None
                assert due >= after.promised[-1].times["accept"] > MONDAY + timedelta(hours=1)
        assert to_give(after) == []


def test_who_is_at_work_or_was_chosen_by_the_desk_goes_on_wherever_it_is() -> None:
    old = given(registered())
    order = old.orders[0].id
    there = moved(
        old, Accept(by="jy-engineering-1", order=order), Arrive(by="jy-engineering-1", order=order)
    )
    chosen = Dispatch(by="d", department="engineering", assignee="jy-engineering-2", decided=True)

    assert to_give(elsewhere(there, LAMP)) == []
    assert to_give(elsewhere(moved(registered(), chosen), LAMP)) == []


def test_an_order_of_before_that_names_no_place_stays_where_it_is() -> None:
    old = given(registered())
    old = old.with_order(replace(old.orders[0], place=None))

    assert to_give(elsewhere(old, LAMP)) == []


def test_where_nobody_is_there_to_have_it_a_person_decides() -> None:
    now = elsewhere(given(registered()), LAMP)

    assert to_give(now, NOBODY) == [Hold(by="router", reason="nobody_on_duty")]


def test_who_goes_on_and_who_had_work_of_it() -> None:
    old = given(registered(LIFT))
    had = {order.assignee for order in old.orders}
    same = plan_of("着火了，快来人", MONDAY)
    fire = moved(old, Reclassify(by="agent", plan=same, estate="jinyuan"))

    there, before = who_goes_on(elsewhere(old), duty(), policy())
    assert before == had
    assert not [person for person in there if person.startswith("jy-")]
    assert {order.assignee for order in given(fire).orders if order.is_unfinished} == who_goes_on(
        fire, duty(), policy()
    )[0]


def test_the_first_of_each_department_is_alerted_at_once() -> None:
    assert people_to_alert(registered(LIFT), duty()) == (
        "jy-engineering-1", "jy-security-1", "jy-customer-service-1", "lift-firm-1",
    )  # fmt: skip


def test_in_a_gap_the_groups_own_people_are_alerted_else_whoever_answers_for_it() -> None:
    nobody = {"jinyuan": {"security": frozenset[str]()}}
    gap = duty().model_copy(update={"on_shift": nobody})
    alone = Duty(places={"jinyuan": duty().places["jinyuan"]}, on_shift=nobody)

    assert "group-duty-2" in people_to_alert(registered(LIFT), gap)
    assert "jy-security-3" in people_to_alert(registered(LIFT), alone)


def test_somebody_is_alerted_even_where_nobody_is_on_duty() -> None:
    assert people_to_alert(registered(LIFT), NOBODY) == ()
    only_chain = Duty(places={"*": {"emergency_chain": duty().emergency_chain}})
    assert people_to_alert(registered(LIFT), only_chain) == ("chain-1",)


def test_the_chain_goes_round_until_somebody_answers() -> None:
    called = [people_to_alert(registered(LIFT), duty())]
    for _ in range(5):
        called.append(next_in_chain(registered(LIFT), duty(), called))

    assert called[1:] == [("chain-1",), ("chain-2",), ("chain-3",), ("chain-1",), ("chain-2",)]


def replanned(ticket: Ticket, text: str) -> Ticket:
    made = plan(Reported(text=text, estate="jinyuan", decided=True), policy(), MONDAY)
    return moved(ticket, Reclassify(by="agent", plan=made, estate="jinyuan"))


def test_whom_a_later_plan_needs_no_more_is_not_asked_unless_they_have_taken_it() -> None:
    trapped = given(registered(LIFT))
    taken = moved(trapped, Accept(by="jy-security-1", order=f"{trapped.number}-2"))

    calm = given(replanned(taken, "楼道灯不亮了，请来修"))

    status = {order.department: order.status.value for order in calm.orders}
    assert status == {
        "engineering": "dispatched", "security": "accepted",
        "customer_service": "cancelled", "lift_firm": "cancelled",
    }  # fmt: skip
    assert to_give(calm) == []
    assert calm.without_work == ()


def test_who_was_not_needed_for_a_while_is_asked_again_when_a_plan_names_them() -> None:
    calm = given(replanned(given(registered(LIFT)), "楼道灯不亮了，请来修"))

    trapped = replanned(calm, LIFT)

    again = {act.department for act in to_give(trapped) if isinstance(act, Dispatch)}
    assert again == {"security", "customer_service", "lift_firm"}
    assert {*trapped.without_work} == again


CHAIN = (("chain-1",), ("chain-2",), ("chain-3",))
FIRSTS = ("jy-engineering-1", "jy-security-1")


@pytest.mark.parametrize(
    ("called", "rounds"),
    [
        ((FIRSTS,), 0),
        ((FIRSTS, *CHAIN[:2]), 0),
        ((FIRSTS, *CHAIN), 1),
        ((FIRSTS, *CHAIN, *CHAIN, CHAIN[0]), 2),
        ((FIRSTS, *CHAIN, ("ch-engineering-1", "chain-1"), *CHAIN), 1),
    ],
)
def test_rounds_of_the_chain_are_counted_since_anybody_else_was_called(
    called: tuple[tuple[str, ...], ...], rounds: int
) -> None:
    assert rounds_called(registered(LIFT), duty(), called) == rounds


def test_where_there_is_nobody_in_the_chain_each_call_in_vain_is_a_round() -> None:
    assert rounds_called(registered(LIFT), NOBODY, ((), ())) == 2


@pytest.mark.parametrize(
    ("estate", "called", "superior"),
    [
        ("jinyuan", (FIRSTS, *CHAIN), ("jy-manager",)),
        ("jinyuan", (FIRSTS, ("jy-manager",)), ("group-manager",)),
        ("jinyuan", (FIRSTS, ("jy-manager",), ("group-manager",)), ("jy-manager",)),
        (None, CHAIN, ("group-manager",)),
    ],
)
def test_the_superior_of_a_chain_in_vain_is_who_manages_the_place_and_was_not_called_yet(
    estate: str | None, called: tuple[tuple[str, ...], ...], superior: tuple[str, ...]
) -> None:
    ticket = replace(registered(LIFT), estate=estate)

    assert superiors_of(ticket, duty(), policy(), called) == superior


def test_whom_an_emergency_is_about_is_not_its_superior() -> None:
    ticket = replace(registered(LIFT), about=About(people=("jy-manager",)))

    assert superiors_of(ticket, duty(), policy(), (FIRSTS, *CHAIN)) == ("group-manager",)
