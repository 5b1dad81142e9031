"""What boards, the manual queue and lists of work show, with what may be done now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from services.router.cards import Counted, TicketCard, card_of, is_about_staff
from shared.contracts.router import ConsentHow, Payer
from shared.store import Doc
from shared.tickets import OrderStatus, Possible, Ticket, Transition, WorkOrder
from shared.tickets.costs import ItemKind, Quote
from shared.tickets.lifecycle import Clock

READINGS: Final = 2
"""So many readings of a request are worth comparing."""


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class RungView(_View):
    """A rung of a clock's ladder, and when."""

    level: int
    at: datetime


class ClockView(BaseModel):
    """One clock as it is kept: when it is due, what falls due next, and what was called."""

    model_config = ConfigDict(extra="allow")

    due: datetime | None = None
    next: RungView | None = None
    fired: tuple[RungView, ...] = ()
    stopped_at: datetime | None = None
    extended_to: datetime | None = None


class ItemView(_View):
    """A part, some labour or a fee, in fen."""

    kind: ItemKind
    text: str
    quantity: int
    unit_price: int


class ConsentView(_View):
    """What the owner said."""

    given: bool
    how: ConsentHow
    by: str
    at: datetime


class QuoteView(_View):
    """An estimate, and what the owner said to it."""

    version: int
    items: tuple[ItemView, ...]
    payer: Payer
    by: str
    at: datetime
    consent: ConsentView | None


class TotalledQuoteView(QuoteView):
    """An estimate with its sum, in fen."""

    total: int


class TicketStateView(BaseModel):
    """Where the ticket of a work order stands."""

    number: str
    status: str


class OrderView(BaseModel):
    """A work order and the ticket's status after an action, and what may be done to the order now
    (`can`).
    """

    id: str
    status: str
    assignee: str | None
    due: dict[str, datetime]
    quote: TotalledQuoteView | None
    ticket: TicketStateView
    can: tuple[str, ...]


class OrderCard(BaseModel):
    """A work order on a board, and what may be done to it now (`can`)."""

    id: str
    round: int
    department: str
    status: str
    assignee: str | None = None
    before: str | None = None
    clocks: dict[str, ClockView] = Field(default_factory=dict)
    outcome: str | None = None
    reason: str | None = None
    resume_at: datetime | None = None
    decided: bool = False
    offered_to: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    place_differs: bool = False
    quotes: tuple[QuoteView, ...] = ()
    used: tuple[ItemView, ...] = ()
    can: tuple[str, ...] = ()


class HeldView(BaseModel):
    """Why it waits for a person, and since when."""

    reason: str
    since: datetime


class ExtensionView(BaseModel):
    """A later time that a department asks for."""

    order: str
    until: datetime
    reason: str
    by: str
    at: datetime


class AskedVisitView(BaseModel):
    """When the caller asked for somebody to come."""

    model_config = ConfigDict(populate_by_name=True)

    from_: datetime = Field(alias="from")
    to: datetime


class BoardCard(BaseModel):
    """A ticket on the board: its place and words, scrubbed, its orders, the first limit that runs
    out or has (`due`), when the next warning, breach or escalation comes (`next_due`), and what may
    be done to it now (`can`).
    """

    number: str
    status: str
    estate: str | None
    building: str | None = None
    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    held: HeldView | None = None
    incident: str | None = None
    joins: str | None = None
    risk: bool = False
    about_staff: bool = False
    registered_at: datetime
    next_due: datetime | None = None
    due: datetime | None = None
    round: int = 1
    scrubbed: str = ""
    extension: ExtensionView | None = None
    asked_appointment: AskedVisitView | None = None
    work_orders: tuple[OrderCard, ...] = ()
    can: tuple[str, ...] = ()


class BoardPage(BaseModel):
    """Some tickets with open work; `next` is the cursor of the next page."""

    items: tuple[BoardCard, ...]
    next: str | None


class ReadingView(BaseModel):
    """What the request was taken for, by words or by a person."""

    type: str
    area: str
    urgency: str
    emergency_kind: str | None
    departments: tuple[str, ...]
    confidence: float
    at: datetime
    by: str


class DeclineView(BaseModel):
    """Somebody sent the work back."""

    order: str
    department: str
    assignee: str | None
    reason: str | None
    at: datetime | None
    by: str | None


class QueueCard(BoardCard):
    """A ticket that waits for a person: by when it is to be decided (`due`), what it was taken for,
    the last reading first, what is `undecided`, who declined it and why, and whether its emergency
    runs.
    """

    due: datetime | None
    undecided: tuple[str, ...]
    readings: tuple[ReadingView, ...]
    declines: tuple[DeclineView, ...]
    emergency_runs: bool


class QueuePage(BaseModel):
    """Some of the manual queue: on the first page all emergencies, and then the longest waiting
    first; `all` counts the whole of it.
    """

    items: tuple[QueueCard, ...]
    next: str | None
    all: Counted


class WorkCard(BaseModel):
    """One work order in a list, its ticket in a few words, and what may be done now (`can`)."""

    id: str
    round: int
    status: str
    department: str
    assignee: str | None
    offered_to: tuple[str, ...]
    decided: bool
    reason: str | None
    resume_at: datetime | None
    due: dict[str, datetime]
    can: tuple[str, ...]
    ticket: TicketCard


class WorkPage(BaseModel):
    """Some work orders, those of the newest tickets first; `next` is the cursor of the next
    page.
    """

    items: tuple[WorkCard, ...]
    next: str | None


class GivenView(BaseModel):
    """What was given out by hand."""

    number: str
    status: str
    work_orders: tuple[str, ...]


def order_view(ticket: Ticket, id: str, possible: Possible) -> OrderView:
    """A work order and the ticket's status after an action."""
    order = ticket.order(id)
    assert order is not None, "the action found it a moment ago"
    return OrderView(
        id=id,
        status=order.status.value,
        assignee=order.assignee,
        due=_due(order),
        quote=_quote_view(order.quote) if order.quote else None,
        ticket=TicketStateView(number=ticket.number, status=ticket.status.value),
        can=possible.orders.get(id, ()),
    )


def _quote_view(quote: Quote) -> TotalledQuoteView:
    known = QuoteView.model_validate(quote)
    return TotalledQuoteView(**known.model_dump(), total=quote.total)


def _due(order: WorkOrder) -> dict[str, datetime]:
    return {clock.value: state.due for clock, state in order.clocks.items() if state.due}


def board_card(doc: Doc, possible: Possible) -> BoardCard:
    """A ticket's document on a board."""
    return BoardCard.model_validate(_shown(doc, possible))


def _shown(doc: Mapping[str, Any], possible: Possible) -> Doc:
    beside = {"about_staff": is_about_staff(doc), **possible.beside(doc)}
    return {**doc, "number": doc["_id"], **beside}


def queue_card(doc: Doc, ticket: Ticket, possible: Possible, *, runs: bool) -> QueueCard:
    """A ticket's document in the manual queue."""
    waits = ticket.clocks.get(Clock.ACCEPT)
    more = {
        "due": waits.due if waits and waits.is_running else None,
        "undecided": ticket.plan.undecided,
        "readings": tuple(_readings(ticket)),
        "declines": tuple(_declines(ticket)),
        "emergency_runs": runs,
    }
    return QueueCard.model_validate(_shown(doc, possible) | more)


def _readings(ticket: Ticket) -> Iterator[ReadingView]:
    """The last reading, and the last that was another."""
    seen: list[tuple[object, ...]] = []
    for plan in reversed(ticket.plans):
        what = (plan.type, plan.area, plan.urgency, plan.emergency_kind)
        if what in seen or len(seen) == READINGS:
            continue
        seen.append(what)
        yield ReadingView(
            type=plan.type,
            area=plan.area,
            urgency=plan.urgency,
            emergency_kind=plan.emergency_kind,
            departments=plan.departments,
            confidence=plan.confidence,
            at=plan.at,
            by=plan.by,
        )


def _declines(ticket: Ticket) -> Iterator[DeclineView]:
    said = {e.order: e for e in ticket.timeline if e.transition == Transition.DECLINE}
    for order in ticket.orders:
        if order.status is OrderStatus.DECLINED:
            entry = said.get(order.id)
            yield DeclineView(
                order=order.id,
                department=order.department,
                assignee=order.assignee,
                reason=order.reason,
                at=entry.at if entry else None,
                by=entry.by if entry else None,
            )


def work_card(doc: Doc, order: WorkOrder, possible: Possible) -> WorkCard:
    """One order of a ticket's document in a list of work."""
    return WorkCard(
        id=order.id,
        round=order.round,
        status=order.status.value,
        department=order.department,
        assignee=order.assignee,
        offered_to=order.offered_to,
        decided=order.decided,
        reason=order.reason,
        resume_at=order.resume_at,
        due=_due(order),
        can=possible.orders.get(order.id, ()),
        ticket=card_of(doc),
    )
