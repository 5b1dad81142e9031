"""What is named as possible is what the table would do: judged on random lives of a ticket."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis.stateful import invariant

from shared.identity import Principal, can
from shared.tickets import ROWS, TABLE, NotAllowed, Transition, acts, apply, overdue
from shared.tickets.costs import Item
from shared.tickets.possible import EASIEST, SUPPORT
from tests.tickets.samples import MONDAY, registered, sample_rules
from tests.tickets.test_lifecycle_machine import TicketMachine, wishes

EVERYBODY = [
    Principal("agent-7", "agent"),
    Principal("chief", "supervisor"),
    Principal("li", "department"),
    Principal("fitter", "department", departments=frozenset({"security"})),
    Principal("head", "manager"),
    Principal("clerk", "auditor"),
]


class Possibilities(TicketMachine):
    """After every step whatever `can` names the table does, and nothing else."""

    @invariant()
    def what_can_be_done_is_what_is_not_refused(self) -> None:
        ticket = self.ticket
        for act in overdue(ticket, self.now):
            ticket = apply(ticket, act, self.now, sample_rules()).ticket
        for who in EVERYBODY:
            named = can(who, self.ticket, self.now, lambda _: sample_rules())
            assert set(named.ticket) - {"dispatch"} == set(self._done(who, ticket, None))
            for order in ticket.work_orders:
                found = set(named.orders.get(order.id, ())) - {SUPPORT}
                assert found == set(self._done(who, ticket, order.id))

    def _done(self, who: Principal, ticket: object, order: str | None) -> Iterator[str]:
        """What somebody gets done, of all they might send, where they see the ticket."""
        sees = who.role != "department" or any(
            who.answers_for(each.department) for each in self.ticket.work_orders
        )
        for act in self._sent(who) if sees else ():
            row = ROWS[act.transition]
            if row.at is None or row.creates or who.role not in row.roles:
                continue
            if order != (act.order if isinstance(act, acts.OrderAct) else None):
                continue
            found = self.ticket.order(order) if order else None
            is_foreign = found is not None and not who.answers_for(found.department)
            if is_foreign and who.role == "department":
                continue
            try:
                apply(ticket, act, self.now, sample_rules())  # type: ignore[arg-type]
            except NotAllowed:
                continue
            yield act.transition.value

    def _sent(self, who: Principal) -> Iterator[acts.Act]:
        for act in wishes(self.ticket, self.now):
            # Who stands at the desk, the API says.
            is_asked = isinstance(act, acts.RecordConsent)
            told: dict[str, Any] = {"at_desk": who.role != "department"} if is_asked else {}
            yield replace(act, by=who.id, **told)
        for order in self.ticket.work_orders:
            yield acts.Extend(by=who.id, order=order.id, until=self.now + timedelta(days=900))
            yield acts.AskExtension(
                by=who.id, order=order.id, until=self.now + timedelta(days=900), reason="parts"
            )
            yield acts.Resolve(by=who.id, order=order.id, outcome="x", proof=("p",), used=())
            yield acts.Suspend(by=who.id, order=order.id, reason="other")
            yield acts.Transfer(
                by=who.id,
                order=order.id,
                to_department=order.department,
                assignee=None,
                reason="busy",
            )
            for n in range(1, len(order.quotes) + 1):
                yield acts.RecordConsent(
                    by=who.id,
                    order=order.id,
                    quote=n,
                    given=True,
                    how="on_site",
                    at_desk=who.role != "department",
                )


TestPossibilities = Possibilities.TestCase
TestPossibilities.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)


def test_each_row_with_a_path_and_a_condition_says_what_meets_it_most_easily() -> None:
    with_condition = {
        row.transition for row in TABLE if row.at and row.condition and not row.creates
    }
    assert set(EASIEST) == with_condition


def test_a_ticket_that_no_rule_could_give_to_anybody_may_be_given_out_by_hand() -> None:
    ticket, rules = registered("repair"), sample_rules()
    dispatcher, agent = Principal("d", "dispatcher"), Principal("a", "agent")
    assert "dispatch" not in can(dispatcher, ticket, MONDAY, lambda _: rules).ticket

    held = apply(ticket, acts.Hold(by="router", reason="nobody_on_duty"), MONDAY, rules).ticket

    assert "dispatch" in can(dispatcher, held, MONDAY, lambda _: rules).ticket
    assert "dispatch" not in can(agent, held, MONDAY, lambda _: rules).ticket


def test_another_department_may_support_what_is_under_way_and_nothing_that_is_over() -> None:
    rules, desk = sample_rules(), Principal("d", "dispatcher")
    sent = acts.Dispatch(by="router", department="engineering", assignee="li")
    ticket = apply(registered("repair"), sent, MONDAY, rules).ticket
    order = ticket.orders[0].id
    assert SUPPORT in can(desk, ticket, MONDAY, lambda _: rules).orders[order]
    assert (
        SUPPORT
        not in can(Principal("li", "department"), ticket, MONDAY, lambda _: rules).orders[order]
    )

    declined = acts.Decline(by="li", order=order, reason="busy")
    over = apply(ticket, declined, MONDAY, rules).ticket

    assert can(desk, over, MONDAY, lambda _: rules).orders[order] == ()


def test_of_what_is_beyond_somebodys_reach_nothing_is_named() -> None:
    elsewhere = Principal("a", "agent", places=frozenset({"binjiang"}))
    named = can(elsewhere, registered("repair"), MONDAY, lambda _: sample_rules())
    assert (named.ticket, dict(named.orders)) == ((), {})


def test_a_quote_of_nothing_names_no_consent() -> None:
    rules, desk = sample_rules(), Principal("a", "agent")
    sent = acts.Dispatch(by="router", department="engineering", assignee="li")
    ticket = apply(registered("repair"), sent, MONDAY, rules).ticket
    order = ticket.orders[0].id
    ticket = apply(ticket, acts.Accept(by="li", order=order), MONDAY, rules).ticket
    assert Transition.CONSENT not in can(desk, ticket, MONDAY, lambda _: rules).orders[order]

    asked = acts.PutQuote(
        by="li", order=order, items=(Item("part", "阀门", 1, 9_000),), payer="owner"
    )
    ticket = apply(ticket, asked, MONDAY, rules).ticket

    assert Transition.CONSENT in can(desk, ticket, MONDAY, lambda _: rules).orders[order]
