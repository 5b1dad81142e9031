"""The table of the lifecycle is the design's, row for row, and everything hangs together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import NamedTuple

import pytest

from shared.contracts import known_events
from shared.contracts.intake import FeedbackOutcome
from shared.identity import ROLES
from shared.policy.plan import Plan
from shared.tickets import (
    ROWS,
    TABLE,
    TICKET,
    Clock,
    NoSuchOrder,
    NotAllowed,
    OrderStatus,
    Ticket,
    TicketStatus,
    Transition,
    acts,
    apply,
    derive_status,
    possible_from,
    register,
)
from tests.tickets.samples import MONDAY, after, plan_of, registered, registration, sample_rules

ALL = "accept first_reply arrive resolve control feed_back appointment"
OPEN = "registered dispatched in_progress suspended resolved handed_over"
AT_WORK = "registered dispatched in_progress suspended"
ANY_BUT_MERGED = f"{OPEN} closed answered cancelled"
UNFINISHED = "dispatched accepted in_progress suspended"
TAKEN = "accepted in_progress"


class Expected(NamedTuple):
    transition: str
    on: str
    from_: str
    to: str | None
    endpoint: str | None
    event: str
    stops: str = ""


# Typed from the design by hand, so that a slip in the table is seen.
DESIGN = [
    Expected("register", "ticket", "", "registered", "/v1/tickets", "ticket.registered"),
    Expected("reclassify", "ticket", OPEN, None, "/reclassify", "ticket.reclassified"),
    Expected(
        "answer", "ticket", "registered dispatched", "answered", "/answer", "ticket.answered", ALL
    ),
    Expected("tell", "ticket", ANY_BUT_MERGED, None, "/tell", "ticket.told", "first_reply"),
    Expected("supplement", "ticket", OPEN, None, "/supplement", "ticket.supplemented"),
    Expected("urge", "ticket", OPEN, None, "/urge", "ticket.urged"),
    Expected("own", "ticket", OPEN, None, "/own", "ticket.owned"),
    Expected("raise", "ticket", ANY_BUT_MERGED, None, None, "ticket.raised"),
    Expected(
        "feedback", "ticket", "resolved handed_over", "closed", "/feedback", "ticket.closed", ALL
    ),
    Expected(
        "feedback_attempt", "ticket", "resolved handed_over", None, "/feedback",
        "ticket.feedback_attempted",
    ),
    Expected(
        "not_satisfied", "ticket", "resolved handed_over", "registered", "/feedback",
        "ticket.reopened", ALL,
    ),
    Expected("reopen", "ticket", "closed answered", "registered", "/reopen", "ticket.reopened"),
    Expected(
        "cancel", "ticket", "registered dispatched", "cancelled", "/cancel", "ticket.cancelled", ALL
    ),
    Expected(
        "request_cancel", "ticket", "dispatched in_progress suspended", None, "/cancel",
        "ticket.cancel_requested",
    ),
    Expected("merge", "ticket", "registered dispatched", "merged", "/merge", "ticket.merged", ALL),
    Expected("hold", "ticket", OPEN, None, None, "ticket.held"),
    Expected("link", "ticket", OPEN, None, None, "ticket.linked"),
    Expected("unlink", "ticket", OPEN, None, None, "ticket.unlinked"),
    Expected(
        "join", "ticket", AT_WORK, None, "/v1/emergencies/{number}/join", "ticket.joined"
    ),
    Expected("part", "ticket", OPEN, None, "/v1/emergencies/{number}/part", "ticket.parted"),
    Expected("flag", "ticket", ANY_BUT_MERGED, None, None, "ticket.flagged"),
    Expected(
        "dispatch", "work_order", "", "dispatched", "/v1/manual-queue/{number}/dispatch",
        "work_order.dispatched",
    ),
    Expected(
        "accept", "work_order", "dispatched", "accepted", "/accept", "work_order.accepted", "accept"
    ),
    Expected(
        "decline", "work_order", "dispatched", "declined", "/decline", "work_order.declined", ALL
    ),
    Expected(
        "transfer", "work_order", UNFINISHED, "transferred", "/transfer", "work_order.transferred",
        ALL,
    ),
    Expected("set_out", "work_order", "accepted", None, "/set-out", "work_order.set_out"),
    Expected(
        "start", "work_order", "accepted", "in_progress", "/start", "work_order.started",
        "appointment",
    ),
    Expected(
        "arrive", "work_order", TAKEN, "in_progress", "/arrive", "work_order.arrived",
        "arrive appointment",
    ),
    Expected(
        "control", "work_order", "in_progress", None, "/control", "work_order.controlled", "control"
    ),
    Expected("note", "work_order", UNFINISHED, None, "/note", "work_order.noted"),
    Expected("appoint", "work_order", UNFINISHED, None, "/appoint", "work_order.appointed"),
    Expected("quote", "work_order", f"{TAKEN} suspended", None, "/quote", "work_order.quoted"),
    Expected(
        "consent", "work_order", f"{TAKEN} suspended", None, "/consent",
        "work_order.consent_recorded",
    ),
    Expected(
        "ask_extension", "work_order", UNFINISHED, None, "/extend", "work_order.extension_asked"
    ),
    Expected("extend", "work_order", UNFINISHED, None, "/extend", "work_order.extended"),
    Expected(
        "refuse_extension", "work_order", UNFINISHED, None, "/extend",
        "work_order.extension_refused",
    ),
    Expected("suspend", "work_order", TAKEN, "suspended", "/suspend", "work_order.suspended"),
    Expected("resume", "work_order", "suspended", None, "/resume", "work_order.resumed"),
    Expected(
        "resolve", "work_order", TAKEN, "resolved", "/resolve", "work_order.resolved", ALL
    ),
    Expected(
        "hand_over", "work_order", TAKEN, "handed_over", "/hand-over", "work_order.handed_over", ALL
    ),
    Expected(
        "confirm_cancel", "work_order", f"{TAKEN} suspended", "cancelled", "/confirm-cancel",
        "work_order.cancelled", ALL,
    ),
    Expected(
        "withdraw", "work_order", "dispatched", "cancelled", None, "work_order.withdrawn", ALL
    ),
    Expected("warn", "ticket", OPEN, None, None, "clock.warned"),
    Expected("breach", "ticket", OPEN, None, None, "clock.breached"),
]  # fmt: skip


@pytest.mark.parametrize("wanted", DESIGN, ids=lambda row: row.transition)
def test_a_row_is_what_the_design_says(wanted: Expected) -> None:
    row = ROWS[Transition(wanted.transition)]

    assert row.on == wanted.on
    assert {str(status) for status in row.from_} == set(wanted.from_.split())
    assert (str(row.to) if row.to else None) == wanted.to
    assert row.at == wanted.endpoint
    assert row.says.name == wanted.event
    assert {str(clock) for clock in row.stops} == set(wanted.stops.split())


def test_the_table_has_each_transition_once_and_no_other() -> None:
    assert [row.transition for row in TABLE] == [Transition(row.transition) for row in DESIGN]
    assert set(ROWS) == set(Transition)


def test_every_row_says_an_event_that_the_contracts_know() -> None:
    names = {event.name for event in known_events().values()}

    assert {row.says.name for row in TABLE} <= names


def test_every_row_names_roles_that_exist_and_at_least_one() -> None:
    assert all(row.roles and row.roles <= set(ROLES) for row in TABLE)


def test_a_row_moves_only_between_statuses_of_its_own_subject() -> None:
    kinds = {"ticket": TicketStatus, "work_order": OrderStatus}

    for row in TABLE:
        assert all(isinstance(status, kinds[row.on]) for status in row.from_), row.transition
        assert row.to is None or isinstance(row.to, kinds[row.on]), row.transition


def test_only_a_registration_and_a_dispatch_make_something_new() -> None:
    assert {row.transition for row in TABLE if row.creates} == {
        Transition.REGISTER, Transition.DISPATCH
    }  # fmt: skip


def test_every_row_is_built_and_refusals_offer_what_has_a_path() -> None:
    assert [row.transition for row in TABLE if not row.is_built] == []
    for status in TicketStatus:
        offered = possible_from(Transition.FEEDBACK, status)
        assert all(ROWS[Transition(name)].is_built for name in offered)
    assert possible_from(Transition.FEEDBACK, "registered") == [
        "reclassify", "answer", "tell", "supplement", "urge", "own", "cancel", "merge",
    ]  # fmt: skip


def test_a_refusal_offers_nothing_that_is_asked_for_at_another_thing() -> None:
    for status in TicketStatus:
        assert not {"join", "part"} & {*possible_from(Transition.FEEDBACK, status)}


def test_only_a_new_round_begins_from_what_is_over() -> None:
    over = {TicketStatus.CLOSED, TicketStatus.ANSWERED, TicketStatus.CANCELLED, TicketStatus.MERGED}
    leaving = {row.transition for row in TABLE if row.on == "ticket" and row.from_ & over}

    assert leaving == {Transition.REOPEN, Transition.TELL, Transition.RAISE, Transition.FLAG}
    assert {row.transition for row in TABLE if row.new_round} == {
        Transition.REOPEN, Transition.NOT_SATISFIED
    }  # fmt: skip


def test_two_rows_share_an_endpoint_only_where_the_design_lets_one_answer_for_both() -> None:
    shared: dict[str, set[str]] = {}
    for row in TABLE:
        if row.at:
            shared.setdefault(row.at, set()).add(row.transition.value)

    assert {endpoint: rows for endpoint, rows in shared.items() if len(rows) > 1} == {
        "/feedback": {"feedback", "feedback_attempt", "not_satisfied"},
        "/cancel": {"cancel", "request_cancel"},
        "/extend": {"ask_extension", "extend", "refuse_extension"},
    }


@pytest.mark.parametrize(
    ("orders", "status"),
    [
        ("", "registered"),
        ("declined", "registered"),
        ("transferred cancelled declined", "registered"),
        ("dispatched", "dispatched"),
        ("accepted", "dispatched"),
        ("declined dispatched", "dispatched"),
        ("accepted suspended", "dispatched"),
        ("resolved dispatched", "dispatched"),
        ("resolved accepted suspended", "dispatched"),
        ("in_progress", "in_progress"),
        ("in_progress suspended", "in_progress"),
        ("resolved in_progress dispatched", "in_progress"),
        ("suspended", "suspended"),
        ("suspended suspended", "suspended"),
        ("resolved suspended", "suspended"),
        ("declined suspended", "suspended"),
        ("resolved", "resolved"),
        ("resolved handed_over", "resolved"),
        ("handed_over resolved cancelled", "resolved"),
        ("handed_over", "handed_over"),
        ("handed_over transferred", "handed_over"),
    ],
)
def test_the_status_follows_from_the_orders(orders: str, status: str) -> None:
    assert derive_status(None, map(OrderStatus, orders.split())) == status


@pytest.mark.parametrize("mark", ["merged", "cancelled", "closed", "answered"])
def test_a_ticket_s_own_mark_outranks_its_orders(mark: str) -> None:
    for orders in product(OrderStatus, repeat=2):
        assert derive_status(TicketStatus(mark), orders) == mark


def test_the_order_of_the_orders_does_not_matter() -> None:
    for one, two in product(OrderStatus, repeat=2):
        assert derive_status(None, (one, two)) == derive_status(None, (two, one))


def run(ticket: Ticket, *wishes: acts.Act) -> Ticket:
    """One after the other, a minute apart."""
    for minutes, wish in enumerate(wishes, 1):
        ticket = apply(ticket, wish, after(minutes=minutes), sample_rules()).ticket
    return ticket


def dispatch(department: str = "engineering") -> acts.Dispatch:
    return acts.Dispatch(by="service:router", department=department, assignee="li")


def of(kind: type[acts.OrderAct], order: str = "JY0001-1", **facts: object) -> acts.Act:
    return kind(by="li", order=order, **facts)  # type: ignore[arg-type]  # each case is typed by eye


ACCEPTED = (dispatch(), of(acts.Accept))
RESOLVED = (*ACCEPTED, of(acts.Resolve, outcome="fixed"))


def told(outcome: FeedbackOutcome) -> acts.Feedback:
    return acts.Feedback(by="agent-7", outcome=outcome)


def events_of(ticket: Ticket, *wishes: acts.Act) -> list[str]:
    """The events of the last wish."""
    *before, last = wishes
    applied = apply(run(ticket, *before), last, after(hours=1), sample_rules())
    return [event.name for event in applied.events]


def test_a_request_from_an_unknown_place_waits_in_the_manual_queue_from_the_start() -> None:
    ticket = registered("no place")

    assert ticket.held is not None
    assert (ticket.held.reason, ticket.held.since) == ("place", MONDAY)
    assert ticket.clocks[Clock.ACCEPT].due == after(minutes=15)


def test_an_inquiry_answered_on_the_call_is_over_in_the_same_write() -> None:
    new = registration(answered=True)
    applied = register(new, plan_of("inquiry"), MONDAY, sample_rules())

    assert [event.name for event in applied.events] == ["ticket.registered", "ticket.answered"]
    assert (applied.ticket.status, applied.ticket.version) == (TicketStatus.ANSWERED, 1)
    assert applied.ticket.next_due is None


def test_the_risk_of_an_inquiry_answered_on_the_call_is_told_all_the_same() -> None:
    new = registration(answered=True, risk=True)
    applied = register(new, plan_of("inquiry"), MONDAY, sample_rules())

    assert [event.name for event in applied.events] == [
        "ticket.registered", "ticket.flagged", "ticket.answered"
    ]  # fmt: skip


def test_an_emergency_without_place_is_dispatched_all_the_same_and_shown_in_the_queue() -> None:
    ticket = registered("emergency without place")

    assert ticket.plan.departments
    assert ticket.held is not None
    assert ticket.held.reason == "place"
    assert run(ticket, dispatch()).held is not None


@pytest.mark.parametrize(
    ("before", "last", "events"),
    [
        (ACCEPTED, of(acts.Resolve, outcome="fixed"), ["work_order.resolved", "ticket.resolved"]),
        (
            ACCEPTED,
            of(acts.HandOver, outcome="municipal"),
            ["work_order.handed_over", "ticket.resolved"],
        ),
        (
            (*ACCEPTED, dispatch("security")),
            of(acts.Resolve, outcome="fixed"),
            ["work_order.resolved"],
        ),
        (
            (*ACCEPTED, dispatch("security"), of(acts.Resolve, outcome="fixed")),
            of(acts.Decline, "JY0001-2", reason="not_ours"),
            ["work_order.declined", "ticket.resolved"],
        ),
        (
            ACCEPTED,
            of(acts.Transfer, to_department="security", assignee=None, reason="wrong"),
            ["work_order.transferred", "work_order.dispatched"],
        ),
        (
            (*ACCEPTED, acts.RequestCancel(by="agent-7")),
            of(acts.ConfirmCancel),
            ["work_order.cancelled", "ticket.cancelled"],
        ),
        (
            (*ACCEPTED, dispatch("security"), acts.RequestCancel(by="agent-7")),
            of(acts.ConfirmCancel),
            ["work_order.cancelled"],
        ),
    ],
)
def test_the_last_order_takes_the_ticket_with_it(
    before: Sequence[acts.Act], last: acts.Act, events: list[str]
) -> None:
    assert events_of(registered(), *before, last) == events


def test_what_nobody_has_accepted_is_cancelled_at_once_with_its_orders() -> None:
    ticket = run(registered(), dispatch(), dispatch("security"), acts.Cancel(by="agent-7"))

    assert ticket.status is TicketStatus.CANCELLED
    assert {order.status for order in ticket.orders} == {OrderStatus.CANCELLED}


def test_once_somebody_accepted_it_only_a_wish_to_cancel_is_possible() -> None:
    ticket = run(registered(), *ACCEPTED)

    with pytest.raises(NotAllowed, match="request the cancellation"):
        run(ticket, acts.Cancel(by="agent-7"))

    assert run(ticket, acts.RequestCancel(by="agent-7")).cancel_requested


def test_nobody_confirms_a_cancellation_that_nobody_asked_for() -> None:
    with pytest.raises(NotAllowed, match="nobody asked"):
        run(registered(), *ACCEPTED, of(acts.ConfirmCancel))


def test_unreachable_closes_only_after_the_policy_s_number_of_attempts() -> None:
    ticket = run(registered(), *RESOLVED)
    attempt = acts.FeedbackAttempt(by="agent-7")
    for n, missing in enumerate((3, 2, 1)):
        with pytest.raises(NotAllowed, match=f"{missing} more attempts"):
            run(ticket, told("unreachable"))
        ticket = apply(ticket, attempt, after(hours=3 + 2 * n), sample_rules()).ticket
        with pytest.raises(NotAllowed, match="counts in 1 minutes"):
            apply(ticket, attempt, after(hours=5 + 2 * n, seconds=-1), sample_rules())

    assert run(ticket, told("unreachable")).status is TicketStatus.CLOSED


def test_what_the_desk_decided_is_not_declined_again() -> None:
    given = acts.Dispatch(by="chief", department="security", assignee="li", decided=True)
    ticket = run(registered(), given)

    with pytest.raises(NotAllowed, match="the desk decided"):
        run(ticket, acts.Decline(by="li", order="JY0001-1", reason="not_ours"))


@pytest.mark.parametrize(("days", "possible"), [(0, True), (29, True), (31, False)])
def test_a_closed_ticket_is_reopened_within_the_policy_s_time(days: int, *, possible: bool) -> None:
    closed = run(registered(), *RESOLVED, told("told"))
    reopen = acts.Reopen(by="survey", reason="survey")

    if possible:
        again = apply(closed, reopen, after(days=days, hours=1), sample_rules()).ticket
        assert (again.status, again.round) == (TicketStatus.REGISTERED, 2)
    else:
        with pytest.raises(NotAllowed, match="register a new request"):
            apply(closed, reopen, after(days=days, hours=1), sample_rules())


def test_reopening_starts_a_round_and_leaves_earlier_orders_as_history() -> None:
    resolved = run(registered(), *RESOLVED)
    again = run(resolved, acts.NotSatisfied(by="agent-7"), dispatch())

    assert again.work_orders[0] == resolved.work_orders[0]
    assert [(order.id, order.round) for order in again.work_orders] == [
        ("JY0001-1", 1), ("JY0001-2", 2)
    ]  # fmt: skip
    with pytest.raises(NotAllowed, match="earlier round"):
        run(again, of(acts.Accept))


@pytest.mark.parametrize(
    "act",
    [acts.AnswerQuestion(by="agent-7"), acts.Cancel(by="agent-7"), of(acts.Resolve, outcome="x")],
)
def test_nobody_ends_an_emergency_to_which_nobody_went(act: acts.Act) -> None:
    """Answered, cancelled or done: only after a reason why it is none, or by who was there."""
    ticket = run(registered("emergency"), dispatch(), of(acts.Accept))
    fresh = registered("emergency") if not isinstance(act, acts.OrderAct) else ticket

    with pytest.raises(NotAllowed) as refused:
        run(fresh, act)

    assert "no_danger" in refused.value.remedy or "arrive first" in refused.value.remedy
    if isinstance(act, acts.OrderAct):
        assert run(ticket, of(acts.Arrive), act).status is TicketStatus.RESOLVED


def test_what_is_to_be_shown_is_done_only_with_a_photo_and_given_away_without() -> None:
    wanting = replace(sample_rules(), wants_proof=lambda *work: work[0] == "repair")
    taken = run(registered(), *ACCEPTED)

    with pytest.raises(NotAllowed, match="only with a photo"):
        apply(taken, of(acts.Resolve, outcome="fixed"), after(hours=1), wanting)

    shown = of(acts.Resolve, outcome="fixed", proof=("JY0001-1-p1",), place_differs=True)
    done = apply(taken, shown, after(hours=1), wanting).ticket
    assert (done.status, done.place_differs) == (TicketStatus.RESOLVED, True)
    away = of(acts.HandOver, outcome="municipal")
    assert apply(taken, away, after(hours=1), wanting).ticket.status is TicketStatus.HANDED_OVER


def test_an_order_from_before_there_were_photos_is_still_read() -> None:
    doc = TICKET.to_doc(run(registered(), *RESOLVED))
    for order in doc["work_orders"]:
        del order["proof"], order["place_differs"]
    del doc["place_differs"]

    ticket = TICKET.from_doc(doc)

    assert (ticket.orders[0].proof, ticket.place_differs) == ((), False)


def test_an_emergency_that_starts_again_waits_for_its_place_again_and_for_somebody_there() -> None:
    done = run(registered("emergency without place"), dispatch(), of(acts.Accept),
               of(acts.Arrive), of(acts.Resolve, outcome="fixed"))  # fmt: skip

    again = run(done, acts.NotSatisfied(by="agent-7"), dispatch(), of(acts.Accept, "JY0001-2"))

    assert again.held is not None
    with pytest.raises(NotAllowed, match="arrive first"):
        run(again, of(acts.Resolve, "JY0001-2", outcome="fixed"))


@pytest.mark.parametrize("name", ["no place", "unclear"])
def test_an_undecided_request_that_starts_again_waits_in_the_manual_queue_again(name: str) -> None:
    """Else nobody would have it: no department, no place in the queue (design promise 1)."""
    answered = run(registered(name), acts.AnswerQuestion(by="agent-7"))
    again = run(answered, acts.Reopen(by="survey", reason="survey"))

    assert again.held is not None
    assert again.held.reason == again.plan.undecided[0]
    assert again.clocks[Clock.ACCEPT].is_running


@pytest.mark.parametrize("then", ["no place", "unclear"])
def test_what_is_still_undecided_when_it_is_sorted_keeps_its_place_in_the_queue(then: str) -> None:
    """A person's decision that leaves the place open is no new beginning."""
    waiting = registered("no place")

    again = run(waiting, acts.Reclassify(by="agent-7", plan=plan_of(then), estate=None))

    assert again.held is not None
    assert again.held.reason == plan_of(then).undecided[0]
    assert again.held.since == MONDAY
    assert again.clocks[Clock.ACCEPT].segments == waiting.clocks[Clock.ACCEPT].segments


def test_the_queue_s_clock_stops_when_the_last_held_department_is_dispatched_by_hand() -> None:
    held = acts.Hold(by="service:router", reason="nobody_on_duty")
    waiting = run(registered(), dispatch(), held)
    assert waiting.clocks[Clock.ACCEPT].is_running

    sent = run(waiting, dispatch("security"))

    assert sent.held is None
    assert not sent.clocks[Clock.ACCEPT].is_running


def test_a_department_gets_only_one_open_order_a_round() -> None:
    with pytest.raises(NotAllowed, match="already has a work order"):
        run(registered(), dispatch(), dispatch())


def test_telling_the_caller_puts_the_promise_on_record_as_told() -> None:
    ticket = registered()
    assert [promise.told for promise in ticket.promised] == [False]

    assert [promise.told for promise in run(ticket, acts.Tell(by="agent-7")).promised] == [True]


def test_only_the_promises_that_the_caller_heard_of_are_told() -> None:
    ticket = registered()
    (promise,) = ticket.promised
    heard = acts.Tell(by="agent-7", promised=(promise.at,))
    other = acts.Tell(by="agent-7", promised=(promise.at - timedelta(minutes=1),))

    assert [each.told for each in run(ticket, heard).promised] == [True]
    with pytest.raises(NotAllowed, match="another time was promised meanwhile"):
        run(ticket, other)


def test_a_refusal_names_the_present_status_and_who_set_it() -> None:
    ticket = run(registered(), dispatch())

    with pytest.raises(NotAllowed) as caught:
        run(ticket, acts.Merge(by="agent-7", into="JY0002"), of(acts.Accept))

    assert (caught.value.status, caught.value.last_by) == ("merged", "agent-7")


def test_an_order_that_is_not_there_is_named() -> None:
    with pytest.raises(NoSuchOrder, match="JY0001-9"):
        run(registered(), of(acts.Accept, "JY0001-9"))


def test_resuming_returns_to_the_state_before() -> None:
    suspend = of(acts.Suspend, reason="parts")
    for before, back in ((ACCEPTED, "accepted"), ((*ACCEPTED, of(acts.Start)), "in_progress")):
        ticket = run(registered(), *before, suspend)
        assert ticket.status is TicketStatus.SUSPENDED
        assert run(ticket, of(acts.Resume)).orders[0].status == back


def test_what_still_waits_for_a_decision_is_not_promised_anew() -> None:
    ticket = registered("no place")
    asked = acts.Reclassify(by="agent-7", plan=plan_of("no place", after(minutes=20)), estate=None)

    read = apply(ticket, asked, after(minutes=20), sample_rules()).ticket

    assert read.held is not None
    assert read.promised == ticket.promised
    due = read.clocks[Clock.ACCEPT].due
    assert read.promised[-1].times == {"accept": due}


def test_a_time_that_is_over_is_not_promised_once_more() -> None:
    ticket = run(
        registered("emergency"), acts.Dispatch(by="s", department="security", assignee="p")
    )
    late = after(hours=9)
    same = acts.Reclassify(by="agent-7", plan=plan_of("emergency", late), estate="jinyuan")

    changed = apply(ticket, same, late, sample_rules()).ticket

    assert ticket.promised[0].times["accept"] < late
    assert changed.promised[: len(ticket.promised)] == ticket.promised
    assert all(
        at > late for each in changed.promised[len(ticket.promised) :] for at in each.times.values()
    )


def test_a_reclassified_ticket_keeps_every_plan_and_promise_and_counts_the_last() -> None:
    ticket = registered("no place")
    plan: Plan = plan_of("emergency")
    changed = run(ticket, acts.Reclassify(by="agent-7", plan=plan, estate="jinyuan"))

    assert [p.urgency for p in changed.plans] == [ticket.plan.urgency, "emergency"]
    assert changed.promised[: len(ticket.promised)] == ticket.promised
    assert (changed.lane, changed.held, changed.estate) == ("urgent", None, "jinyuan")
