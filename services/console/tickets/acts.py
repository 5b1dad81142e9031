"""What may be done to a ticket at its page: a form for each act, and what it sends. Pure.

Which forms a reader has follows from what they may; which of them count now is said by the
services (`can`), and judged by them again when one is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from services.console.clients.tickets import OrderSeen, TicketSeen
from services.console.frame.times import ZONE
from services.console.tickets.saying import Saying
from shared.codes import names

Kind = Literal["words", "line", "choice", "radio", "tick", "time", "number", "hidden"]
"""Several lines, one, one of a list, one of a few, yes or no, a time, a ticket's number."""
Of = Literal["ticket", "order", "emergency"]
"""Which thing it is done to."""
Option = tuple[str, str]
"""What is sent, and what it is called."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `of` names where its choices come from. `only_with` are the acts one of
    which must be possible for it.
    """

    name: str
    kind: Kind
    of: str = ""
    needed: bool = False
    only_with: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Act:
    """One form: `opens` are the acts of the table that it can carry out, `path` is where."""

    name: str
    opens: frozenset[str]
    fields: tuple[Field, ...]
    of: Of = "ticket"
    key: str | None = None

    @property
    def actions(self) -> frozenset[str]:
        """The rights of which one is needed."""
        return frozenset(f"ticket.{each}" for each in self.opens)


NOTE: Final = Field("note", "words")
WORDS: Final = Field("note", "words", needed=True)
_ANSWERS: Final = frozenset({"extend", "refuse_extension"})


def _act(
    name: str,
    *fields: Field,
    opens: Collection[str] = (),
    of: Of = "ticket",
    key: str | None = None,
) -> Act:
    return Act(name, frozenset(opens or {name}), fields, of, key)


ACTS: Final = (
    _act("tell", NOTE, key="t"),
    _act("supplement", WORDS, key="s"),
    _act("urge", NOTE, key="u"),
    _act(
        "feedback",
        Field("outcome", "radio", "feedback", needed=True),
        Field("reason", "choice", "unsatisfied", only_with=frozenset({"not_satisfied"})),
        NOTE,
        opens={"feedback", "feedback_attempt", "not_satisfied"},
        key="f",
    ),
    _act("answer", Field("answer", "words", needed=True), NOTE),
    _act(
        "reclassify",
        Field("estate", "choice", "estates"),
        Field("type", "choice", "types"),
        Field("area", "choice", "areas"),
        Field("urgency", "choice", "urgencies"),
        Field("emergency_kind", "choice", "kinds"),
        Field("no_danger", "tick"),
        Field("reason", "choice", "reclassified"),
        NOTE,
        key="r",
    ),
    _act("own", Field("owner", "choice", "desk"), NOTE, key="h"),
    _act("join", Field("emergency", "number", needed=True), of="emergency"),
    _act("part", Field("reason", "choice", "parted", needed=True), of="emergency"),
    _act("merge", Field("into", "number", needed=True), Field("reason", "choice", "merged"), NOTE),
    _act("note", WORDS, Field("public", "tick"), of="order", key="n"),
    _act(
        "appoint",
        Field("at", "time", needed=True),
        Field("until", "time"),
        NOTE,
        of="order",
        key="p",
    ),
    _act(
        "transfer",
        Field("department", "choice", "departments", needed=True),
        Field("reason", "choice", "transferred", needed=True),
        NOTE,
        of="order",
        key="d",
    ),
    _act(
        "extend",
        Field("until", "time"),
        Field("reason", "choice", "more_time", only_with=frozenset({"ask_extension"})),
        Field("refused", "tick", only_with=frozenset({"refuse_extension"})),
        NOTE,
        opens={"extend", "refuse_extension", "ask_extension"},
        of="order",
    ),
    _act(
        "consent",
        Field("given", "radio", "yes_no", needed=True),
        Field("how", "choice", "ways", needed=True),
        NOTE,
        of="order",
    ),
    _act("reopen", WORDS),
    _act("cancel", NOTE, opens={"cancel", "request_cancel"}),
)
BY_NAME: Final = {act.name: act for act in ACTS}

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
    has come so far. `orders` are those it may be done to.
    """

    name: str
    key: str
    shortcut: str | None
    opens: str
    is_now: bool
    asks: bool
    orders: Sequence[Option]
    fields: Sequence[FieldShown]
    hint: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


def acts_now(ticket: TicketSeen) -> frozenset[str]:
    """All that may be done now, to it or to one of its work orders."""
    return frozenset(ticket.can).union(*(order.can for order in ticket.work_orders))


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
    act: Act,
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
        hint=_hint(act, ticket, saying),
        values=values,
    )


def _id_of(act: Act, order: OrderSeen) -> str:
    """Consent is to the estimate that was read to the owner, not to one that came after it."""
    if act.name == "consent" and order.quotes:
        return f"{order.id}#{order.quotes[-1].version}"
    return order.id


def _named(order: OrderSeen, saying: Saying) -> str:
    department = saying.names.department(order.department, saying.language)
    status = saying.code("order_statuses", order.status)
    who = f" · {saying.who(order.assignee)}" if order.assignee else ""
    return f"{department}{who} · {status}"


def _hint(act: Act, ticket: TicketSeen, saying: Saying) -> str | None:
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


@dataclass(frozen=True, slots=True)
class Wish:
    """What is sent, to which thing: an order's id, or an emergency's number."""

    act: Act
    to: str
    body: Mapping[str, Any]


def wish_of(act: Act, form: Mapping[str, str], saying: Saying) -> Wish:
    """What a filled-in form means; what does not fit is sent as it is, for the service to name."""
    said = {each.name: form.get(each.name, "").strip() for each in act.fields}
    body = {each.name: _value(each, said[each.name]) for each in act.fields if said[each.name]}
    order, _, quote = form.get("order", "").partition("#")
    if act.name == "consent":
        body["given"] = said["given"] == "yes"
        body["quote"] = int(quote) if quote.isdecimal() else 0
    if body.get("outcome") == "satisfied":
        body |= {"outcome": "told", "note": _joined(saying.t["satisfied_note"], said["note"])}
    if body.get("outcome") != "not_satisfied" and act.name == "feedback":
        body.pop("reason", None)
    to = body.pop("emergency", form.get("emergency", "")) if act.of == "emergency" else order
    return Wish(act, str(to), body)


def _joined(*words: str) -> str:
    return "\n".join(filter(None, words))


def _value(of: Field, said: str) -> Any:
    if of.kind == "tick":
        return True
    if of.kind != "time":
        return said
    try:
        typed = datetime.fromisoformat(said)
    except ValueError:
        return said
    return (typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(ZONE))).isoformat()


def is_done(act: Act, ticket: TicketSeen, by: str, since: datetime) -> bool:
    """Whether a wish whose answer was lost was carried out: it stands in the timeline since."""
    return any(
        entry.transition in act.opens and entry.by == by and entry.at >= since
        for entry in ticket.timeline
    )
