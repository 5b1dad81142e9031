"""What somebody wants to do to a ticket: one small value per transition, with its own facts.

What becomes of a wish stands in its row of `TABLE` (`table`), which names the class.

`by` is the id of the principal who acts; reasons are codes or scrubbed words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from shared.contracts.intake import FeedbackOutcome
from shared.contracts.router import ConsentHow, Payer, RaiseReason
from shared.policy.plan import Plan
from shared.tickets.costs import Item
from shared.tickets.lifecycle import Clock, Transition
from shared.tickets.model import NOBODY, About, AskedVisit, HeldReason

DANGER: Final = "danger"
"""Why what was finished begins again when somebody tells of a danger."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known of a new request besides its plan; `note` is a code in the timeline of what it
    comes from, where no report made it. `call` is the exchange's call that it was told in.
    """

    transition: ClassVar[Transition] = Transition.REGISTER
    number: str
    channel: str
    estate: str | None
    by: str
    told: bool
    answered: bool = False
    owner: str | None = None
    test: bool = False
    about: About = NOBODY
    repeat_of: str | None = None
    risk: bool = False
    note: str | None = None
    joins: str | None = None
    asked_appointment: AskedVisit | None = None
    call: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody's wish; `note` goes to the timeline. `form_key` is the same when that wish is sent
    again, because its answer was lost.
    """

    transition: ClassVar[Transition]
    by: str
    note: str | None = None
    form_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclassify(Act):
    """Plan anew; `estate` is the place as it is understood now, `about` whom it is about (None
    leaves that as it was), `reason` why a person decided so, as a code.
    """

    transition = Transition.RECLASSIFY
    plan: Plan
    estate: str | None
    about: About | None = None
    how: str = "desk"
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuestion(Act):
    """The question is answered."""

    transition = Transition.ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(Act):
    """The caller was told what is promised or how it stands: all of it, `of` only what came about
    that way, such as a visit, or what was `promised` at these times.
    """

    transition = Transition.TELL
    of: str | None = None
    promised: tuple[datetime, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement(Act):
    """The caller added something."""

    transition = Transition.SUPPLEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Urge(Act):
    """The caller asks for haste."""

    transition = Transition.URGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Act):
    """The caller's words say that it may go to an authority, a court or the press."""

    transition = Transition.FLAG


@dataclass(frozen=True, slots=True, kw_only=True)
class Own(Act):
    """Somebody of the desk sees it through from now on."""

    transition = Transition.OWN
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise(Act):
    """The caller had to come back: somebody further up is told, once for each `note`."""

    transition = Transition.RAISE
    level: int
    reason: RaiseReason
    contacts: int
    recipients: tuple[str, ...] = ()
    place_differs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback(Act):
    """The result was fed back, or need not be."""

    transition = Transition.FEEDBACK
    outcome: FeedbackOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackAttempt(Act):
    """Nobody answered."""

    transition = Transition.FEEDBACK_ATTEMPT


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSatisfied(Act):
    """The caller says it is not solved; `reason` is a code such as `not_done`."""

    transition = Transition.NOT_SATISFIED
    reason: str = "not_satisfied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Act):
    """It is not solved after all; `reason` is a code such as `survey` or `caller`."""

    transition = Transition.REOPEN
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Act):
    """Nobody needs it any more, and nobody has taken it yet."""

    transition = Transition.CANCEL


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCancel(Act):
    """Nobody needs it any more, but the department has to confirm."""

    transition = Transition.REQUEST_CANCEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Act):
    """The same caller's same matter goes on under `into`."""

    transition = Transition.MERGE
    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Act):
    """Nobody can be chosen by rule; a person decides."""

    transition = Transition.HOLD
    reason: HeldReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Act):
    """It is one of many that one outage brought about; it stays a request of its own. An emergency
    is one only where others were alerted to the same outage: `shares_alert`.
    """

    transition = Transition.LINK
    incident: str
    shares_alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlink(Act):
    """It has nothing to do with the outage, or is more than it; `reason` is a code."""

    transition = Transition.UNLINK
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Act):
    """It tells of the same emergency as another ticket, whose alert it shares from now on; it stays
    a request of its own, whose caller is told by its own number.
    """

    transition = Transition.JOIN
    joins: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Act):
    """It is another matter than the emergency that it joined, or outlasts it; `reason` is a
    code.
    """

    transition = Transition.PART
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch(Act):
    """Give this round's work to a department and a person of its duty list; `decided` by the desk,
    after which they cannot decline it. Without an assignee whoever of `offered_to` accepts first
    has it.
    """

    transition = Transition.DISPATCH
    department: str
    assignee: str | None
    decided: bool = False
    offered_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAct(Act):
    """Something done to one work order."""

    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(OrderAct):
    """Somebody takes it: for `assignee`, where they are nobody of the duty list themselves."""

    transition = Transition.ACCEPT
    assignee: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(OrderAct):
    """The assignee sends it back, with a reason."""

    transition = Transition.DECLINE
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(OrderAct):
    """Another department takes over, in the same write; `decided` by the desk, after which they
    cannot decline it.
    """

    transition = Transition.TRANSFER
    to_department: str
    assignee: str | None
    reason: str
    decided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOut(OrderAct):
    """Somebody is on the way."""

    transition = Transition.SET_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(OrderAct):
    """Work begins."""

    transition = Transition.START


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrive(OrderAct):
    """Somebody is on site."""

    transition = Transition.ARRIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Control(OrderAct):
    """The danger is over."""

    transition = Transition.CONTROL


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(OrderAct):
    """Progress; what is not `public` is for our staff alone."""

    transition = Transition.NOTE
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Appoint(OrderAct):
    """A visit is agreed for between `at` and `until`; it is missed when nobody came by then."""

    transition = Transition.APPOINT
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PutQuote(OrderAct):
    """The department says what it will cost and who pays; `recipients` ask the owner where they
    have to agree.
    """

    transition = Transition.QUOTE
    items: tuple[Item, ...]
    payer: Payer
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent(OrderAct):
    """The owner agreed to the quote of that number, or refused it. The desk (`at_desk`) asks them
    in any way, the assignee only face to face.
    """

    transition = Transition.CONSENT
    quote: int
    given: bool
    how: ConsentHow
    at_desk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExtension(OrderAct):
    """The department cannot keep the time of the whole and asks for a later one, in time;
    `recipients` hear of it.
    """

    transition = Transition.ASK_EXTENSION
    until: datetime
    reason: str
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseExtension(OrderAct):
    """The time stays as it was promised."""

    transition = Transition.REFUSE_EXTENSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(OrderAct):
    """A later time is approved for the whole; the first promise stays on record."""

    transition = Transition.EXTEND
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend(OrderAct):
    """Work waits for a reason, at longest until `until`; None: as long as the policy allows."""

    transition = Transition.SUSPEND
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(OrderAct):
    """Work goes on."""

    transition = Transition.RESUME


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(OrderAct):
    """The work is done, with an outcome code, as the photos of `proof` show; `place_differs` where
    the tag of one says that it was taken elsewhere. `used` is what it took, None: what was quoted.
    """

    transition = Transition.RESOLVE
    outcome: str
    proof: tuple[str, ...] = ()
    place_differs: bool = False
    used: tuple[Item, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(OrderAct):
    """Not ours: somebody else is responsible."""

    transition = Transition.HAND_OVER
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCancel(OrderAct):
    """The department agrees that nobody needs it."""

    transition = Transition.CONFIRM_CANCEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(OrderAct):
    """The last plan names the department no more, and nobody of it has taken the work."""

    transition = Transition.WITHDRAW


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire(Act):
    """A rung of a clock is called; `order` None means the ticket's own clock."""

    clock: Clock
    order: str | None
    level: int
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn(Fire):
    """A set share of the time is used up."""

    transition = Transition.WARN
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach(Fire):
    """The time is over, or has been for so long that somebody higher hears of it."""

    transition = Transition.BREACH
    level: int = 1
