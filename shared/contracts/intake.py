"""What intake says: facts about tickets."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import Event

Urgency = Literal["emergency", "urgent", "normal"]
FeedbackOutcome = Literal[
    "told", "delivered", "unreachable", "no_contact", "by_publisher", "by_incident_notice"
]


class TicketEvent(Event):
    """What every fact about a ticket carries; `test` marks a drill, which is in no figures."""

    number: str
    round: int = 1
    estate: str | None = None
    type: str | None = None
    area: str | None = None
    urgency: Urgency = "normal"
    emergency_kind: str | None = None
    test: bool = False


class TicketRegistered(TicketEvent):
    """A request is on record; `promised` holds what the caller was told, by clock (UTC). An
    emergency that `joins` a running one has no alert of its own. `owner`, of the desk, sees it
    through, where somebody does from the beginning. `call` is the exchange's call that it was told
    in, where the desk named one.
    """

    name: ClassVar[str] = "ticket.registered"
    departments: tuple[str, ...] = ()
    held: str | None = None
    channel: str = "phone"
    promised: dict[str, AwareDatetime] = Field(default_factory=dict)
    joins: str | None = None
    owner: str | None = None
    call: str | None = None


class TicketAnswered(TicketEvent):
    """The question was answered on the call; nobody has to go anywhere."""

    name: ClassVar[str] = "ticket.answered"


class TicketReclassified(TicketEvent):
    """The plan was made anew; `departments` is the new one, lead first."""

    name: ClassVar[str] = "ticket.reclassified"
    departments: tuple[str, ...] = ()
    held: str | None = None
    promised: dict[str, AwareDatetime] = Field(default_factory=dict)


class TicketTold(TicketEvent):
    """The caller was told the promised times or the progress."""

    name: ClassVar[str] = "ticket.told"


class CallerWished(TicketEvent):
    """What a caller wants of work that is in hand: `recipients` are those who have it then, and
    `at` says when, so that the next wish is another.
    """

    recipients: tuple[str, ...] = ()
    at: AwareDatetime | None = None


class TicketSupplemented(CallerWished):
    """The caller added something."""

    name: ClassVar[str] = "ticket.supplemented"


class TicketUrged(CallerWished):
    """The caller asked for haste."""

    name: ClassVar[str] = "ticket.urged"


class TicketFlagged(TicketEvent):
    """The caller's words say that it may go to an authority, a court or the press."""

    name: ClassVar[str] = "ticket.flagged"


class TicketOwned(TicketEvent):
    """`owner`, of the desk, sees it through from now on."""

    name: ClassVar[str] = "ticket.owned"
    owner: str


class TicketFeedbackAttempted(TicketEvent):
    """The result could not be told: nobody answered."""

    name: ClassVar[str] = "ticket.feedback_attempted"
    attempts: int


class TicketClosed(TicketEvent):
    """The result was fed back (A4.4) and is on record."""

    name: ClassVar[str] = "ticket.closed"
    outcome: FeedbackOutcome


class TicketReopened(TicketEvent):
    """The work starts again in a new round."""

    name: ClassVar[str] = "ticket.reopened"
    reason: str


class TicketCancelled(TicketEvent):
    """The caller no longer needs it."""

    name: ClassVar[str] = "ticket.cancelled"


class TicketCancelRequested(CallerWished):
    """The caller no longer needs it, but somebody is on the way: the department confirms."""

    name: ClassVar[str] = "ticket.cancel_requested"


class TicketMerged(TicketEvent):
    """The same caller's same matter; it goes on under `into`."""

    name: ClassVar[str] = "ticket.merged"
    into: str


class ReadingAlarmEvent(Event):
    """What every fact about an alarm carries: `reader` is one of our own staff, by id, and
    `number` the ticket whose person was opened when it was noticed.
    """

    can_be_urgent: ClassVar[bool] = False

    alarm: str
    reader: str
    sign: str
    number: str
    estate: str | None = None


class ReadingAlarmRaised(ReadingAlarmEvent):
    """Somebody opens persons in a way that has to be explained. `recipients` are who stands above
    them, where whoever reads it has found that out.
    """

    name: ClassVar[str] = "reading_alarm.raised"
    recipients: tuple[str, ...] = ()


class ReadingAlarmAnswered(ReadingAlarmEvent):
    """Somebody else has looked at it; `reason` is the code of what they found."""

    name: ClassVar[str] = "reading_alarm.answered"
    reason: str
    by: str


class LinkLocked(Event):
    """Somebody at the link of one of our own (`person`) did not know their telephone: the link is
    dead, and whoever answers for them hears of it. `link` says what it was made for.
    """

    name: ClassVar[str] = "link.locked"
    can_be_urgent: ClassVar[bool] = False

    number: str
    estate: str | None = None
    link: str
    person: str
    test: bool = False
    recipients: tuple[str, ...] = ()


class TicketPersonErased(TicketEvent):
    """What was sealed of one person is gone; the ticket's facts stay. `why` is a code."""

    name: ClassVar[str] = "ticket.person_erased"
    must_be_founded: ClassVar[bool] = True
    can_be_urgent: ClassVar[bool] = False
    person: str
    why: str


class PrivacyRequestCarriedOut(Event):
    """What became of a granted request: `done`, or `held` where a legal hold forbids it; in so
    many of the person's tickets.
    """

    name: ClassVar[str] = "privacy_request.carried_out"
    can_be_urgent: ClassVar[bool] = False

    request: str
    turn: int
    outcome: Literal["done", "held"]
    tickets: int
