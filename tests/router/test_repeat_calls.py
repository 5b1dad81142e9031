"""Who has to come back is heard further up, each time once (A4.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.router.people import desk_of
from services.router.work_orders.repeat_calls import (
    at_risk,
    contacts_of,
    false_completion,
    repeated,
)
from shared.contracts.intake import TicketFlagged, TicketRegistered, TicketReopened, TicketUrged
from shared.contracts.router import TicketRaised
from shared.policy.duty import Duty
from shared.tickets import Ticket
from shared.tickets.acts import (
    Accept,
    Act,
    AnswerQuestion,
    Dispatch,
    Flag,
    NotSatisfied,
    Own,
    Raise,
    Resolve,
    Supplement,
    Urge,
)
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import MONDAY, duty, moved, policy, registered

ORDER = "23456789-1"
GIVEN = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
URGED = Urge(by="he")
DAY = timedelta(days=1)


def after(*acts: Act) -> Ticket:
    return moved(registered(), GIVEN, *acts)


def raised(ticket: Ticket, *, days: int = 1) -> tuple[int, tuple[str, ...]] | None:
    found = repeated(ticket, duty(), policy(), MONDAY + days * DAY)
    return (found.level, found.recipients) if found else None


@pytest.mark.parametrize(
    ("acts", "days", "expected"),
    [
        ((), 1, None),
        ((URGED,), 1, None),
        ((URGED, URGED), 1, (1, ("jy-engineering-3",))),
        ((Supplement(by="he", note="两层"), URGED), 1, (1, ("jy-engineering-3",))),
        ((Supplement(by="he"), URGED), 1, None),
        ((URGED, URGED, URGED), 1, (2, ("group-manager",))),
        ((URGED,) * 3, 31, None),
        ((URGED, URGED, Raise(by="r", level=1, reason="repeated", contacts=3)), 1, None),
        ((URGED, Supplement(by="service:intake"), Supplement(by="service:intake")), 1, None),
    ],
)
def test_the_third_contact_is_told_to_the_lead_and_the_fourth_to_the_company(
    acts: tuple[Act, ...], days: int, expected: tuple[int, tuple[str, ...]] | None
) -> None:
    assert raised(after(*acts), days=days) == expected


def test_what_we_call_for_is_no_contact_of_theirs() -> None:
    done = after(Accept(by="li", order=ORDER), Resolve(by="li", order=ORDER, outcome="done"))
    again = moved(done, NotSatisfied(by="he", reason="not_done"))

    assert contacts_of([again], policy().rules, MONDAY) == 1


def test_a_false_completion_is_told_to_the_estate_once_a_round() -> None:
    done = after(Accept(by="li", order=ORDER), Resolve(by="li", order=ORDER, outcome="done"))
    again = moved(done, NotSatisfied(by="he", reason="not_done"))

    found = false_completion(again, duty(), policy(), MONDAY)

    assert found is not None
    assert (found.level, found.recipients) == (1, ("jy-manager",))
    assert false_completion(moved(again, found), duty(), policy(), MONDAY) is None


def under_another_number(days: int, *acts: Act) -> Ticket:
    """What the same caller came for about the same matter, so long ago."""
    return moved(registered(number="34567892", at=MONDAY - days * DAY), *acts,
                 at=MONDAY - days * DAY)  # fmt: skip


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([under_another_number(3)], None),
        ([under_another_number(3), under_another_number(9)], (1, ("jy-engineering-3",))),
        ([under_another_number(3, URGED, URGED)], (2, ("group-manager",))),
        ([under_another_number(31, URGED, URGED)], None),
    ],
)
def test_contacts_under_other_numbers_about_the_same_matter_count(
    others: list[Ticket], expected: tuple[int, tuple[str, ...]] | None
) -> None:
    found = repeated(after(), duty(), policy(), MONDAY, others)

    assert ((found.level, found.recipients) if found else None) == expected


async def test_a_second_number_for_the_same_matter_is_raised_when_it_comes(
    bench: RouterBench,
) -> None:
    """The caller urged twice under the first one."""
    now = bench.now()
    await bench.put(moved(registered(at=now), GIVEN, URGED, URGED, at=now))
    again = registered(number="34567892", at=now, repeat_of="23456789")
    await bench.put(again)

    await bench.publish(TicketRegistered(number="34567892"), id="ticket/34567892/1/0")
    (event,) = await bench.said(TicketRaised)
    assert (event.number, event.level, event.contacts) == ("34567892", 2, 4)


async def test_the_first_number_counts_what_came_under_the_second(bench: RouterBench) -> None:
    now = bench.now()
    await bench.put(moved(registered(at=now), GIVEN, URGED, at=now))
    await bench.put(registered(number="34567892", at=now, repeat_of="23456789"))

    await bench.publish(TicketUrged(number="23456789"), id="ticket/23456789/3/0")
    (event,) = await bench.said(TicketRaised)
    assert (event.number, event.level, event.contacts) == ("23456789", 1, 3)


DESK = Duty.model_validate(
    {"places": {"jinyuan": {"customer_service": [
        {"id": id, "name": id, "mail": f"{id}@duty.example"} for id in ("cai", "he", "lead")
    ]}}}
)  # fmt: skip


@pytest.mark.parametrize(
    ("owner", "present", "expected"),
    [
        ("he", {"cai", "he"}, "he"),
        ("he", {"cai"}, "cai"),
        ("he", set(), "lead"),
        (None, {"he", "cai"}, "cai"),
        ("gone", {"cai"}, "cai"),
    ],
)
def test_the_desk_is_the_owner_while_on_shift_and_then_whoever_is(
    owner: str | None, present: set[str], expected: str
) -> None:
    shift = {"jinyuan": {"customer_service": frozenset(present)}}
    there = DESK.model_copy(update={"on_shift": shift})
    ticket = after(*([Own(by="he", owner=owner)] if owner else []))

    assert desk_of(ticket, there) == (expected,)


async def put_urged(bench: RouterBench, times: int) -> datetime:
    now = bench.now()
    await bench.put(moved(registered(at=now), GIVEN, *[URGED] * times, at=now))
    return now


async def test_an_urge_that_is_one_too_many_is_raised_once(bench: RouterBench) -> None:
    await bench.add_replica()
    await put_urged(bench, 3)

    for n in range(3):
        await bench.publish(TicketUrged(number="23456789"), id=f"t/{n}/1/0")
    await bench.said(TicketRaised)
    await bench.publish(TicketUrged(number="23456789"), id="t/9/1/0")
    await until(lambda: _all_taken(bench))

    (event,) = await bench.said(TicketRaised)
    assert (event.level, event.reason, event.contacts) == (2, "repeated", 4)
    assert (await bench.read()).level == 2


async def _all_taken(bench: RouterBench) -> bool:
    queue = await bench.channel.declare_queue("router.tickets.routine", passive=True)
    return bool(queue.declaration_result.message_count == 0)


async def test_what_was_not_done_is_told_to_the_estate(bench: RouterBench) -> None:
    now = bench.now()
    acts = (GIVEN, Accept(by="li", order=ORDER), Resolve(by="li", order=ORDER, outcome="done"),
            NotSatisfied(by="he", reason="not_done"))  # fmt: skip
    await bench.put(moved(registered(at=now), *acts, at=now))

    event = TicketReopened(number="23456789", round=2, reason="not_done")
    await bench.publish(event, id="t/1/9/0")
    (raised_,) = await bench.said(TicketRaised)
    assert (raised_.reason, raised_.recipients) == ("false_completion", ("jy-manager",))


def test_who_speaks_of_an_authority_is_told_to_the_estate_once() -> None:
    flagged = after(Flag(by="service:intake"))

    found = at_risk(flagged, duty(), policy(), MONDAY)

    assert flagged.risk
    assert found is not None
    assert (found.level, found.reason, found.recipients) == (1, "risk", ("jy-manager",))
    assert at_risk(moved(flagged, found), duty(), policy(), MONDAY) is None


async def test_a_flag_is_heard_although_the_question_was_answered(bench: RouterBench) -> None:
    answered = moved(registered(at=bench.now()), Flag(by="service:intake"), AnswerQuestion(by="he"))
    await bench.put(answered)

    await bench.publish(TicketFlagged(number="23456789"), id="ticket/23456789/1/1")

    (raised_,) = await bench.said(TicketRaised)
    assert (raised_.reason, raised_.recipients) == ("risk", ("jy-manager",))
    assert (await bench.read()).status == "answered"


async def test_a_flag_is_heard_by_whoever_manages_the_estate(bench: RouterBench) -> None:
    await bench.put(moved(registered(at=bench.now()), GIVEN, Flag(by="service:intake")))

    await bench.publish(TicketFlagged(number="23456789"), id="ticket/23456789/3/0")

    (raised_,) = await bench.said(TicketRaised)
    assert (raised_.reason, raised_.recipients) == ("risk", ("jy-manager",))
