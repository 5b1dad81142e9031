"""What may be done to a ticket at its page: a form for each act, and what it sends. Pure.

Which forms a reader has follows from what they may; which of them count now is said by the
services (`can`), and judged by them again when one is sent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from services.console.clients.shapes.whole import TicketSeen
from services.console.frame.times import typed_moment
from services.console.tickets.saying import Saying

Kind = Literal["words", "line", "choice", "radio", "tick", "time", "number", "hidden"]
"""Several lines, one, one of a list, one of a few, yes or no, a time, a ticket's number."""
Of = Literal["ticket", "order", "emergency"]
"""Which thing it is done to."""
_VERSION: Final = re.compile(r"[0-9]{1,9}")
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
class ActForm:
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


def _act(
    name: str,
    *fields: Field,
    opens: Collection[str] = (),
    of: Of = "ticket",
    key: str | None = None,
) -> ActForm:
    return ActForm(name, frozenset(opens or {name}), fields, of, key)


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


def acts_now(ticket: TicketSeen) -> frozenset[str]:
    """All that may be done now, to it or to one of its work orders."""
    return frozenset(ticket.can).union(*(order.can for order in ticket.work_orders))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is sent, to which thing: an order's id, or an emergency's number."""

    act: ActForm
    to: str
    body: Mapping[str, Any]


def wish_of(act: ActForm, form: Mapping[str, str], saying: Saying) -> Wish:
    """What a filled-in form means; what does not fit is sent as it is, for the service to name."""
    said = {each.name: form.get(each.name, "").strip() for each in act.fields}
    body = {each.name: _value(each, said[each.name]) for each in act.fields if said[each.name]}
    order, _, quote = form.get("order", "").partition("#")
    if act.name == "consent":
        body["given"] = said["given"] == "yes"
        body["quote"] = int(quote) if _VERSION.fullmatch(quote) else 0
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
    return typed_moment(said) if of.kind == "time" else said


def is_done(act: ActForm, ticket: TicketSeen, by: str, since: datetime) -> bool:
    """Whether a wish whose answer was lost was carried out: it stands in the timeline since."""
    return any(
        entry.transition in act.opens and entry.by == by and entry.at >= since
        for entry in ticket.timeline
    )
