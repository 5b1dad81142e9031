"""Whatever lies between two looks, a look does what a reference says, and nothing is due after it.

The reference is `tests/support/deadline_reference.py`; `python -m faults.week` compares a whole
running hotline with the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.deadlines.escalation import fire_due
from shared.policy.policy import Policy
from shared.readers.tickets import rules_of
from shared.tickets import (
    Clock,
    NotAllowed,
    OrderStatus,
    Steps,
    Ticket,
    TicketStatus,
    acts,
    register,
)
from shared.tickets.acts import Breach, Transfer, Warn
from shared.triage.taxonomy import Limit
from tests.support.deadline_reference import MINUTE, PEOPLE, VISIT, Ladder, Reference, Told
from tests.support.tickets import MONDAY, duty, policy
from tests.tickets.samples import plan_of, registration


@dataclass(frozen=True)
class Done:
    """So many minutes after the last thing somebody did this, or the router looked."""

    minutes: int
    what: str
    number: int = 60


@dataclass
class Life:
    """A ticket with its reference; each act and each look goes as the store has it go."""

    policy: Policy
    ticket: Ticket
    reference: Reference
    now: datetime = MONDAY

    @property
    def order(self) -> str:
        return self.ticket.work_orders[-1].id

    def begin(self) -> Steps:
        return Steps.begin(self.ticket, self.now, lambda _: rules_of(self.policy))

    def do(self, done: Done) -> None:
        self.now += done.minutes * MINUTE
        if done.what == "look":
            self.look()
            return
        for act in self._acts(done):
            try:
                self.ticket = self.begin().must(act).ticket
            except NotAllowed:
                return
            self.reference.note(act.transition.value, self.order, self.now)

    def look(self) -> None:
        expected = self.reference.look(self.begin().ticket, self.now)

        steps = fire_due(self.begin(), duty(), self.policy, by="router")

        assert [told for act in steps.done if (told := _told(act))] == expected
        assert steps.dropped == ()
        self.ticket = steps.ticket
        assert_nothing_is_due(self.begin(), self.policy)

    def _acts(self, done: Done) -> list[acts.Act]:
        order, by = self.order, self.ticket.work_orders[-1].assignee or "li"
        later = self.now + done.number * MINUTE
        mine = self.ticket.work_orders[-1].department
        other = next(name for name in ("engineering", "environment") if name != mine)
        resolve = self.ticket.clocks[Clock.RESOLVE].due
        until = (resolve or self.now) + done.number * MINUTE
        possible: dict[str, list[acts.Act]] = {
            "accept": [acts.Accept(by=by, order=order)],
            "arrive": [acts.Arrive(by=by, order=order)],
            "control": [acts.Control(by=by, order=order)],
            "suspend": [acts.Suspend(by=by, order=order, reason="parts", until=later)],
            "resume": [acts.Resume(by=by, order=order)],
            "transfer": [acts.Transfer(by="he", order=order, to_department=other,
                                       assignee=PEOPLE["jinyuan"][other][0],
                                       reason="not_ours")],
            "appoint": [acts.Appoint(by="he", order=order, at=later, until=later + VISIT)],
            "extend": [acts.AskExtension(by=by, order=order, until=until, reason="parts"),
                       acts.Extend(by="wu", order=order, until=until)],
            "resolve": [acts.Resolve(by=by, order=order, outcome="repaired")],
        }  # fmt: skip
        return possible[done.what]


def _told(act: acts.Act) -> Told | None:
    match act:
        case Warn() | Breach():
            assert isinstance(act, Breach) is (act.level >= 1)
            return "call", act.order, act.clock.value, act.level
        case Transfer():
            return "hand over", act.order, act.assignee
        case _:
            return None


def assert_nothing_is_due(steps: Steps, policy: Policy) -> None:
    due = steps.ticket.next_due
    assert due is None or due > steps.now
    assert not fire_due(steps, duty(), policy, by="router").is_change


OTHERS: Final = ("arrive", "control", "first_reply", "feed_back")


def limit_of(on: str, number: int) -> Limit:
    days = on in {"days", "workdays"}
    span = timedelta(days=number % 5 + 1) if days else number * MINUTE
    return Limit.model_validate({"for": span, "on": on})


LIMIT = st.builds(
    limit_of, st.sampled_from(["wall", "wall", "business", "days", "workdays"]),
    st.one_of(st.integers(1, 90), st.integers(1, 3000)),
)  # fmt: skip
LIMITS = st.fixed_dictionaries(
    {"accept": LIMIT, "resolve": LIMIT}, optional=dict.fromkeys(OTHERS, LIMIT)
)
LADDERS = st.builds(
    Ladder,
    st.sets(st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.8, 0.9]), max_size=3).map(
        lambda shares: tuple(sorted(shares))
    ),
    st.sets(st.integers(1, 4000), max_size=3).map(lambda spans: tuple(sorted(spans))),
)
STORY = st.lists(
    st.builds(
        Done,
        minutes=st.one_of(st.integers(0, 9), st.integers(0, 40), st.integers(0, 4000)),
        what=st.sampled_from(
            ["look"] * 8
            + ["accept"] * 5
            + ["arrive", "control", "suspend", "suspend", "resume", "transfer"]
            + ["appoint", "appoint", "appoint", "extend", "resolve"]
        ),
        number=st.integers(1, 900),
    ),
    max_size=14,
)


def lived(limits: Mapping[str, Limit], ladder: Ladder, story: Sequence[Done]) -> Life:
    higher = [{"after": minutes * MINUTE, "to": "estate"} for minutes in ladder.higher]
    rules = policy().rules.model_dump() | {
        "warn_at_shares": ladder.shares, "escalation": higher,
    }  # fmt: skip
    under = policy().model_copy(update={"rules": type(policy().rules).model_validate(rules)})
    made = replace(plan_of("repair"), limits=limits, departments=("engineering",))
    ticket = register(registration(), made, MONDAY, rules_of(under)).ticket
    first = acts.Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    life = Life(under, ticket, Reference(ladder))
    life.ticket = life.begin().must(first).ticket
    for done in story:
        life.do(done)
    return life


@given(LIMITS, LADDERS, STORY)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_look_calls_the_highest_rung_of_each_clock_once_and_hands_over_what_nobody_accepted(
    limits: Mapping[str, Limit], ladder: Ladder, story: list[Done]
) -> None:
    life = lived(limits, ladder, story)

    life.do(Done(0, "look"))
    life.do(Done(60 * 24 * 30, "look"))

    assert life.ticket.next_due is None or life.ticket.next_due > life.now


@given(LIMITS, LADDERS, STORY, st.sampled_from(OrderStatus), st.sampled_from([None, *TicketStatus]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_also_of_a_ticket_that_no_table_would_make_nothing_is_due_after_a_look(
    limits: Mapping[str, Limit],
    ladder: Ladder,
    story: list[Done],
    status: OrderStatus,
    mark: TicketStatus | None,
) -> None:
    life = lived(limits, ladder, [done for done in story if done.what != "look"])
    changed = [
        replace(order, status=status, resume_at=order.resume_at or life.now)
        for order in life.ticket.work_orders
    ]
    wrong = replace(life.ticket, work_orders=tuple(changed), mark=mark)

    steps = fire_due(
        Steps.begin(wrong, life.now + timedelta(days=2), lambda _: rules_of(life.policy)),
        duty(),
        life.policy,
        by="router",
    )

    assert_nothing_is_due(replace(steps, done=(), dropped=(), events=()), life.policy)


@pytest.mark.parametrize("shares", [(0.75,), (0.5, 0.75)])
def test_the_rungs_of_an_urgent_repair_that_nobody_accepts(shares: tuple[float, ...]) -> None:
    """What the reference is by hand for once: 15 minutes to accept it, 20 to be there."""
    limits = {"accept": limit_of("wall", 15), "arrive": limit_of("wall", 20)}
    life = lived(limits | {"resolve": limit_of("wall", 1440)}, Ladder(shares, (120,)), [])

    life.now += 15 * MINUTE
    steps = fire_due(life.begin(), duty(), life.policy, by="router")

    assert [told for act in steps.done if (told := _told(act))] == [
        ("call", "JY0001-1", "accept", 1),
        ("hand over", "JY0001-1", "jy-engineering-2"),
    ]
