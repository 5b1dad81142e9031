"""What somebody may do to a ticket and its work orders now, said before they try. Pure.

The rows, states and conditions are those that `apply` asks: of a condition that depends on what is
sent, the easiest is sent. So what is not named is refused whatever is sent, and what is named may
still lack something, such as a photo, which the refusal then names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from shared.tickets import acts
from shared.tickets.apply import out_of_turn
from shared.tickets.conditions import is_given_by_hand
from shared.tickets.lifecycle import UNFINISHED, Transition
from shared.tickets.model import LifecycleRules, Ticket, WorkOrder
from shared.tickets.steps import RulesOf, Steps
from shared.tickets.table import TABLE, Row

SUPPORT: Final = "support"
"""A dispatch to another department beside an order that is under way."""
_MINUTE: Final = timedelta(minutes=1)
_FAR: Final = timedelta(days=3_650)


@dataclass(frozen=True, slots=True)
class By:
    """Who asks: their id, and whether they stand at the desk, which asks owners in any way."""

    id: str
    at_desk: bool


@dataclass(frozen=True, slots=True)
class Possible:
    """What may be done to the ticket itself, and to each of its work orders, in the table's order.
    Of an order that no more can be done to there is an empty line.
    """

    ticket: tuple[str, ...]
    orders: Mapping[str, tuple[str, ...]]

    def beside(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """What a view of a ticket has of it: `can` of the whole, and of each of its orders."""
        orders = [
            {**order, "can": list(self.orders.get(order["id"], ()))}
            for order in shown.get("work_orders", ())
        ]
        return {"can": list(self.ticket), "work_orders": orders}


NOTHING: Final = Possible((), MappingProxyType({}))
May = Callable[[Transition, WorkOrder | None], bool]
"""Whether the role and the reach of who asks let them do it, whatever state it is in."""
_Easiest = Callable[[WorkOrder | None, By, datetime], acts.Act]


def possible(ticket: Ticket, now: datetime, rules_of: RulesOf, by: By, may: May) -> Possible:
    """What `by` may do at `now`; a pause that is over comes before, as it does when they try."""
    steps = Steps.begin(ticket, now, rules_of)
    ticket, rules = steps.ticket, steps.rules

    def is_possible(row: Row[Any], order: WorkOrder | None) -> bool:
        if row.at is None or not may(row.transition, order):
            return False
        return out_of_turn(ticket, order, row) is None and _fits(ticket, order, row, by, now, rules)

    rows = [row for row in TABLE if not row.creates]
    own = [row.transition.value for row in rows if row.on == "ticket" and is_possible(row, None)]
    if _is_for_hand(ticket, may):
        own.append(Transition.DISPATCH.value)
    orders = {
        order.id: (
            *(r.transition.value for r in rows if r.on == "work_order" and is_possible(r, order)),
            *((SUPPORT,) if _may_be_supported(ticket, order, may) else ()),
        )
        for order in ticket.work_orders
    }
    return Possible(tuple(own), orders)


def _is_for_hand(ticket: Ticket, may: May) -> bool:
    is_open = ticket.mark is None and is_given_by_hand(ticket) is None
    return is_open and may(Transition.DISPATCH, None)


def _may_be_supported(ticket: Ticket, order: WorkOrder, may: May) -> bool:
    is_under_way = order.round == ticket.round and order.status in UNFINISHED
    return is_under_way and ticket.mark is None and may(Transition.DISPATCH, None)


def _fits(
    ticket: Ticket,
    order: WorkOrder | None,
    row: Row[Any],
    by: By,
    now: datetime,
    rules: LifecycleRules,
) -> bool:
    """Whether the row's own condition holds for the easiest that could be sent."""
    if row.condition is None:
        return True
    act = EASIEST[row.transition](order, by, now)
    return row.condition(ticket, act, now, rules) is None


def _order(order: WorkOrder | None) -> str:
    return order.id if order else ""


def _consent(order: WorkOrder | None, by: By, _now: datetime) -> acts.Act:
    quote = order.quote if order else None
    return acts.RecordConsent(
        by=by.id,
        order=_order(order),
        quote=quote.version if quote else 0,
        given=True,
        how="on_site",
        at_desk=by.at_desk,
    )


def _transfer(order: WorkOrder | None, by: By, _now: datetime) -> acts.Act:
    """Within the department it only changes hands, which is never refused."""
    to = order.department if order else ""
    return acts.Transfer(
        by=by.id, order=_order(order), to_department=to, assignee=None, reason="other"
    )


EASIEST: Final[Mapping[Transition, _Easiest]] = {
    Transition.ANSWER: lambda _o, by, _n: acts.AnswerQuestion(by=by.id),
    Transition.TELL: lambda _o, by, _n: acts.Tell(by=by.id),
    Transition.OWN: lambda _o, by, _n: acts.Own(by=by.id, owner=by.id),
    Transition.FEEDBACK: lambda _o, by, _n: acts.Feedback(by=by.id, outcome="told"),
    Transition.FEEDBACK_ATTEMPT: lambda _o, by, _n: acts.FeedbackAttempt(by=by.id),
    Transition.REOPEN: lambda _o, by, _n: acts.Reopen(by=by.id, reason="caller"),
    Transition.CANCEL: lambda _o, by, _n: acts.Cancel(by=by.id),
    Transition.REQUEST_CANCEL: lambda _o, by, _n: acts.RequestCancel(by=by.id),
    Transition.MERGE: lambda _o, by, _n: acts.Merge(by=by.id, into=""),
    Transition.JOIN: lambda _o, by, _n: acts.Join(by=by.id, joins=""),
    Transition.PART: lambda _o, by, _n: acts.Part(by=by.id, reason="other"),
    Transition.DECLINE: lambda o, by, _n: acts.Decline(by=by.id, order=_order(o), reason="other"),
    Transition.TRANSFER: _transfer,
    Transition.APPOINT: lambda o, by, now: acts.Appoint(
        by=by.id, order=_order(o), at=now, until=now + _MINUTE
    ),
    Transition.QUOTE: lambda o, by, _n: acts.PutQuote(
        by=by.id, order=_order(o), items=(), payer="group"
    ),
    Transition.CONSENT: _consent,
    Transition.ASK_EXTENSION: lambda o, by, now: acts.AskExtension(
        by=by.id, order=_order(o), until=now + _FAR, reason="other"
    ),
    Transition.EXTEND: lambda o, by, now: acts.Extend(by=by.id, order=_order(o), until=now + _FAR),
    Transition.REFUSE_EXTENSION: lambda o, by, _n: acts.RefuseExtension(by=by.id, order=_order(o)),
    Transition.SUSPEND: lambda o, by, _n: acts.Suspend(by=by.id, order=_order(o), reason="other"),
    # A photo is sent and nothing was used: what is missing of these is no matter of its turn.
    Transition.RESOLVE: lambda o, by, _n: acts.Resolve(
        by=by.id, order=_order(o), outcome="done", proof=("any",), used=()
    ),
    Transition.CONFIRM_CANCEL: lambda o, by, _n: acts.ConfirmCancel(by=by.id, order=_order(o)),
}
"""What meets the condition of a row most easily, for each row with a path that has one."""
