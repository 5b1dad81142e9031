"""When a ticket's first limit runs out: what people are told as its deadline."""

from __future__ import annotations

from shared.tickets import Clock, acts, apply
from tests.tickets.samples import after, registered, sample_rules
from tests.tickets.test_lifecycle import ACCEPTED, RESOLVED, dispatch, of, run


def test_a_warning_is_no_deadline() -> None:
    ticket = run(registered(), dispatch())
    accept = ticket.orders[0].clocks[Clock.ACCEPT]

    assert ticket.next_due is not None
    assert accept.due is not None
    assert ticket.due == accept.due
    assert ticket.next_due < accept.due


def test_what_has_run_out_is_still_due_then_whatever_is_called_next() -> None:
    ticket = run(registered(), dispatch())
    due = ticket.due
    assert due is not None
    breach = acts.Breach(by="service:router", order="JY0001-1", clock=Clock.ACCEPT, level=2)

    late = apply(ticket, breach, after(days=1), sample_rules()).ticket

    assert late.due == due


def test_what_waits_or_is_done_has_no_deadline_of_its_own() -> None:
    accepted = run(registered(), *ACCEPTED)
    waits = run(registered(), *ACCEPTED, of(acts.Suspend, reason="parts"))
    done = run(registered(), *RESOLVED)
    over = run(registered(), acts.Cancel(by="agent-7"))

    assert accepted.due is not None
    assert accepted.due != accepted.orders[0].clocks[Clock.ACCEPT].due
    assert waits.due is None
    assert waits.next_due is not None
    assert done.due == done.clocks[Clock.FEED_BACK].due
    assert over.due is None
