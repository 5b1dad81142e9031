"""What is shown of tickets to staff: whole, in a list, as a card. Of a person nothing but masks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.identity import Principal
from shared.store import Doc
from shared.tickets import TicketStatus

WORDS_OF_A_CARD: Final = 120
_IDENTITY: Final = frozenset(
    {"caller", "contact", "caller_role", "language", "channel", "location", "has_contact"}
)
"""What tells something of who called, though nothing by which to reach them."""
CARD_FIELDS: Final = (
    "status",
    "estate",
    "building",
    "type",
    "area",
    "urgency",
    "emergency_kind",
    "held",
    "registered_at",
    "next_due",
    "due",
    "over_at",
    "version",
    "round",
    "owner",
    "level",
    "incident",
    "risk",
    "place_differs",
    "confidential",
    "about",
    "test",
    "scrubbed",
)


class Shown(BaseModel):
    """A part of an answer; what a document holds beside is not shown."""

    model_config = ConfigDict(extra="ignore")


class HeldView(Shown):
    """Why it waits for a person, and since when."""

    reason: str
    since: datetime


class ListedTicket(Shown):
    """A ticket in a list; a card has `words`, the first of the scrubbed ones, and only what it has
    to say: a field that is not there is not so. `due` is the first limit that runs out or has,
    `next_due` when the next warning, breach or escalation comes.
    """

    number: str
    status: TicketStatus
    registered_at: datetime
    estate: str | None = None
    building: str | None = None
    type: str | None = None
    area: str | None = None
    urgency: str | None = None
    emergency_kind: str | None = None
    held: HeldView | None = None
    next_due: datetime | None = None
    due: datetime | None = None
    over_at: datetime | None = None
    round: int | None = None
    version: int | None = None
    channel: str | None = None
    place_differs: bool | None = None
    incident: str | None = None
    risk: bool | None = None
    level: int | None = None
    owner: str | None = None
    confidential: bool | None = None
    about_staff: bool | None = None
    test: bool | None = None
    words: str | None = None


class SaidPlaceView(Shown):
    """The place that the words of a search were read to name."""

    estate: str | None = None
    building: str | None = None


class TicketPage(Shown):
    """A page, and the cursor of the next one, if there is one; `place` is there where the words
    that were looked for name one, by which the list is kept then.
    """

    items: list[ListedTicket]
    next: str | None
    place: SaidPlaceView | None = None


class ExtensionView(Shown):
    """A department asks for a later time."""

    order: str
    until: datetime
    reason: str
    by: str
    at: datetime


class CaseView(ListedTicket):
    """A ticket that somebody sees through, with what is asked of them."""

    scrubbed: str | None = None
    extension: ExtensionView | None = None
    cancel_requested: bool | None = None
    feedback_attempts: int | None = None


class CasePage(Shown):
    """A page, and the cursor of the next one, if there is one."""

    items: list[CaseView]
    next: str | None


class LimitView(Shown):
    """So long, by which clock."""

    seconds: float
    on: str


class PlanView(Shown):
    """One plan as it was made; the last one counts."""

    at: datetime
    by: str
    policy: str
    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    departments: list[str]
    undecided: list[str]
    confidence: float
    limits: dict[str, LimitView | None]
    reason: str | None = None


class PromiseView(Shown):
    """What the caller was promised, and whether they were told."""

    at: datetime
    by: str
    how: str
    policy: str
    times: dict[str, datetime]
    told: bool


class SegmentView(Shown):
    """A stretch in which a clock ran or was paused."""

    kind: str
    start: datetime
    end: datetime | None = None


class RungView(Shown):
    """A warning, a breach or an escalation, and when."""

    level: int
    at: datetime


class ClockView(Shown):
    """One clock."""

    limit: LimitView | None = None
    segments: list[SegmentView]
    due: datetime | None = None
    next: RungView | None = None
    fired: list[RungView] = []
    stopped_at: datetime | None = None
    extended_at: datetime | None = None
    extended_to: datetime | None = None


class ItemView(Shown):
    """A part, some labour or a fee; money in fen."""

    kind: str
    text: str
    quantity: int
    unit_price: int


class ConsentView(Shown):
    """What the owner said to a quote."""

    given: bool
    how: str
    by: str
    at: datetime


class QuoteView(Shown):
    """An estimate."""

    version: int
    items: list[ItemView]
    payer: str
    by: str
    at: datetime
    consent: ConsentView | None = None


class WorkOrderView(Shown):
    """One department's share in one round."""

    id: str
    round: int
    department: str
    status: str
    assignee: str | None = None
    before: str | None = None
    clocks: dict[str, ClockView] = {}
    can: list[str] = []
    outcome: str | None = None
    reason: str | None = None
    resume_at: datetime | None = None
    decided: bool = False
    offered_to: list[str] = []
    proof: list[str] = []
    place_differs: bool = False
    quotes: list[QuoteView] = []
    used: list[ItemView] = []


class EntryView(Shown):
    """One line of the timeline; only a `public` note may be told to the caller."""

    at: datetime
    transition: str
    by: str
    order: str | None = None
    note: str | None = None
    public: bool = False
    form_key: str | None = None


class AboutView(Shown):
    """Whom it is about, by id."""

    departments: list[str]
    people: list[str]


class FaultView(Shown):
    """What was wrong with a field of the report."""

    field: str
    fault: str


class PersonView(Shown):
    """Somebody behind their mask; the role as they named it."""

    name: str | None = None
    phone: str | None = None
    room: str | None = None
    role: str | None = None


class FeedbackView(Shown):
    """How far telling the result is: `left` tries until they may be called unreachable, of which
    the next one counts from `next_attempt_at` on, where it does not at once. `by_call`: a person
    tells it, whatever a message brings.
    """

    attempts: int
    left: int
    next_attempt_at: datetime | None
    by_call: bool


class AskedVisitView(Shown):
    """The visit that was asked for in the report, until it is agreed."""

    from_: datetime = Field(alias="from")
    to: datetime


class TicketView(Shown):
    """A ticket for staff. Persons are masked, and not there for whom they are not; `feedback` is
    there while the work is done and the caller is to be told. `due` is the first limit that runs
    out or has, `next_due` when the next warning, breach or escalation comes.
    """

    number: str
    version: int
    status: TicketStatus
    registered_at: datetime
    changed_at: datetime | None = None
    round: int
    mark: TicketStatus | None = None
    channel: str | None = None
    estate: str | None = None
    building: str | None = None
    location: str | None = None
    scrubbed: str | None = None
    type: str | None = None
    area: str | None = None
    urgency: str | None = None
    emergency_kind: str | None = None
    held: HeldView | None = None
    plans: list[PlanView]
    promised: list[PromiseView] = []
    work_orders: list[WorkOrderView] = []
    clocks: dict[str, ClockView] = {}
    can: list[str] = []
    timeline: list[EntryView] = []
    next_due: datetime | None = None
    due: datetime | None = None
    over_at: datetime | None = None
    feedback_attempts: int = 0
    feedback: FeedbackView | None = None
    cancel_requested: bool = False
    extension: ExtensionView | None = None
    extensions: int = 0
    owner: str | None = None
    former_owners: list[str] = []
    level: int = 0
    incident: str | None = None
    risk: bool = False
    place_differs: bool = False
    test: bool = False
    about: AboutView | None = None
    confidential: bool | None = None
    caller: PersonView | None = None
    contact: PersonView | None = None
    caller_role: str | None = None
    has_contact: bool | None = None
    language: str | None = None
    reported_at: datetime | None = None
    due_by: datetime | None = None
    faults: list[FaultView] = []
    duplicate_of: str | None = None
    joins: str | None = None
    merged_into: str | None = None
    asked_appointment: AskedVisitView | None = None


_OF_A_TICKET: Final = frozenset(TicketView.model_fields)


def ticket_view(doc: Doc, principal: Principal, **beside: Any) -> Doc:
    """A ticket for staff, as far as they may know who called; `beside` is what is not kept so."""
    shown = {key: value for key, value in doc.items() if key in _OF_A_TICKET}
    shown |= {"number": doc["_id"], "has_contact": "phone" in doc.get("index", {}), **beside}
    return without_identity(shown, principal)


def listed_view(doc: Doc, principal: Principal) -> Doc:
    """A ticket in a list."""
    return without_identity({"number": doc["_id"], **doc}, principal)


def card_of(doc: Doc) -> Doc:
    """A ticket as a card: nothing in it tells of who called."""
    told = {field: value for field in CARD_FIELDS if (value := doc.get(field))}
    words = str(told.pop("scrubbed", "")).strip()
    if about := told.pop("about", None):
        told["about_staff"] = bool(about["people"] or about["departments"])
    short = words if len(words) <= WORDS_OF_A_CARD else f"{words[:WORDS_OF_A_CARD]}…"
    return {"number": doc["_id"], **told} | ({"words": short} if short else {})


def without_identity(shown: Doc, principal: Principal) -> Doc:
    """Of who asked for confidence the departments hear nothing at all."""
    if principal.role != "department" or not shown.get("confidential"):
        return shown
    return {k: v for k, v in shown.items() if k not in _IDENTITY}
