"""The forms of a ticket's page as they stand in it for one reader. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.console.clients.shapes.whole import OrderSeen, TicketSeen
from services.console.tickets.acts import ACTS, ActForm, Kind, Option, acts_now
from services.console.tickets.saying import Saying
from shared.codes import names

_ANSWERS: Final = frozenset({"extend", "refuse_extension"})
_OUTCOMES: Final = ("told", "satisfied", "not_satisfied", "no_answer", "unreachable", "no_contact")
_OPENED_BY: Final = {"no_answer": "feedback_attempt", "not_satisfied": "not_satisfied"}
_CODES: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "unsatisfied": ("reasons", ("not_done", "not_solved", "came_back", "not_satisfied")),
    "reclassified": (
        "reasons",
        ("no_danger", "misheard", "misreported", "wrong_place", "wrong_category", "other"),
    ),
    "parted": ("reasons", ("unrelated", "own_work", "other")),
    "merged": ("reasons", ("caller", "other")),
    "transferred": ("decline_reasons", ("not_ours", "no_skill", "busy", "far", "no_tools")),
    "more_time": ("more_time_reasons", ()),
    "ways": ("consent_ways", ()),
}  # fmt: skip
"""Tables of codes, and which of them are offered; all of them where none is named."""


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field as it stands in the page."""

    name: str
    kind: Kind
    options: Sequence[Option]
    needed: bool
    value: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it stands in the page; without `is_now` it is there and hidden, until the ticket
    has come so far. `orders` are those it may be done to, `absent` the fields that do not count.
    """

    name: str
    key: str
    shortcut: str | None
    opens: str
    is_now: bool
    asks: bool
    orders: Sequence[Option]
    fields: Sequence[FieldShown]
    absent: Sequence[str] = ()
    hint: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


def forms_of(
    ticket: TicketSeen,
    may: Collection[str],
    desk: Sequence[Option],
    key: str,
    saying: Saying,
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Form]:
    """The forms of a reader who `may` these, with what they had typed in `values`."""
    return [
        _form(act, ticket, desk, f"{key}-{act.name}", saying, (values or {}).get(act.name, {}))
        for act in ACTS
        if act.actions & set(may)
    ]


def _form(
    act: ActForm,
    ticket: TicketSeen,
    desk: Sequence[Option],
    key: str,
    saying: Saying,
    values: Mapping[str, str],
) -> Form:
    now = acts_now(ticket)
    orders = [order for order in ticket.work_orders if act.opens & set(order.can)]
    shown = [each for each in act.fields if not each.only_with or each.only_with & now]
    if act.name == "extend" and now & _ANSWERS:
        shown = [each for each in shown if each.name != "reason"]
    options = {each.name: _options(each.of, ticket, desk, saying) for each in shown}
    return Form(
        name=act.name,
        key=key,
        shortcut=act.key,
        opens=" ".join(sorted(act.opens)),
        is_now=bool(act.opens & now),
        asks=act.name == "cancel" and "cancel" not in now,
        orders=[(_id_of(act, order), _named(order, saying)) for order in orders],
        fields=[
            FieldShown(
                each.name, each.kind, options[each.name], each.needed, values.get(each.name, "")
            )
            for each in shown
        ],
        absent=[each.name for each in act.fields if each not in shown],
        hint=_hint(act, ticket, saying),
        values=values,
    )


def _id_of(act: ActForm, order: OrderSeen) -> str:
    """Consent is to the estimate that was read to the owner, not to one that came after it."""
    if act.name == "consent" and order.quotes:
        return f"{order.id}#{order.quotes[-1].version}"
    return order.id


def _named(order: OrderSeen, saying: Saying) -> str:
    department = saying.names.department(order.department, saying.language)
    status = saying.code("order_statuses", order.status)
    who = f" · {saying.who(order.assignee)}" if order.assignee else ""
    return f"{department}{who} · {status}"


def _hint(act: ActForm, ticket: TicketSeen, saying: Saying) -> str | None:
    told = ticket.feedback
    if act.name != "feedback" or told is None:
        return None
    parts = [
        f"{saying.t['attempts_made']} {told.attempts}",
        f"{saying.t['attempts_left']} {told.left}",
    ]
    if told.next_attempt_at:
        parts.append(f"{saying.t['next_attempt']} {saying.at(told.next_attempt_at)}")
    return " · ".join(parts)


def _options(
    of: str, ticket: TicketSeen, desk: Sequence[Option], saying: Saying
) -> Sequence[Option]:
    lists: Mapping[str, Mapping[str, Mapping[str, str]]] = {
        "estates": saying.names.estates,
        "types": saying.names.types,
        "areas": saying.names.areas,
        "kinds": saying.names.kinds,
        "departments": saying.names.departments,
        "urgencies": {k: v for k, v in saying.names.urgencies.items() if k != "emergency"},
    }
    if of in lists:
        return [(id, both[saying.language]) for id, both in lists[of].items()]
    if of in _CODES:
        table, chosen = _CODES[of]
        return [(code, saying.code(table, code)) for code in chosen or names(table)]
    if of == "desk":
        return desk
    if of == "yes_no":
        return [("yes", saying.t["yes"]), ("no", saying.t["no"])]
    if of == "feedback":
        return _outcomes(ticket, saying)
    return ()


def _outcomes(ticket: TicketSeen, saying: Saying) -> Sequence[Option]:
    """What feeding back may have come to; nobody is unreachable before all tries were made."""
    now = acts_now(ticket)
    tried = ticket.feedback is None or ticket.feedback.left == 0
    hidden = set() if tried else {"unreachable"}
    if ticket.has_contact is not False:
        hidden.add("no_contact")
    return [
        (code, saying.word("outcome", code))
        for code in _OUTCOMES
        if code not in hidden and _OPENED_BY.get(code, "feedback") in now
    ]
