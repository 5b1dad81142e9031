"""What an exchange tells of calls, one fact at a time."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LATE_AFTER: Final = timedelta(hours=24)
"""So long after its call's end a fact still changes the call."""


class Kind(StrEnum):
    """The routing key of a fact. What happens at one instant is taken in the order of this list."""

    OFFERED = "call.offered"
    DESCRIBED = "call.described"
    """What our dialplan knows: whether the number may be shown, and who sent the call on."""
    SEEN = "call.seen"
    QUEUED = "call.queued"
    RINGING = "call.ringing"
    RANG_OUT = "call.rang_out"
    ANSWERED = "call.answered"
    CONSULTED = "call.consulted"
    JOINED = "call.joined"
    HELD = "call.held"
    RESUMED = "call.resumed"
    TRANSFERRED = "call.transferred"
    RECORDED = "call.recorded"
    PARTED = "call.parted"
    CONSULT_ENDED = "call.consult_ended"
    LEFT = "call.left"
    ENDED = "call.ended"


RANK: Final = {kind: rank for rank, kind in enumerate(Kind)}


class Presentation(StrEnum):
    """Whether the caller lets the number be shown. Unknown where the exchange does not say."""

    SHOWN = "shown"
    WITHHELD = "withheld"


class Left(StrEnum):
    """How a caller got out of a queue, or past one, without an agent."""

    TIMED_OUT = "timed_out"
    FULL = "full"
    EMPTY = "empty"
    CLOSED = "closed"
    CALLBACK = "callback"
    SCREENED = "screened"
    LET_GO = "let_go"
    """By the exchange, which did not say why."""


class RangOut(StrEnum):
    """Why a telephone that rang was not picked up; where several are told, the first one here."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"


class Party(StrEnum):
    """Whom a caller is put through to."""

    AGENT = "agent"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"
    """A device that the exchange's document does not name."""


class EndedBy(StrEnum):
    """Who hung up."""

    CALLER = "caller"
    AGENT = "agent"
    OUTSIDE = "outside"
    """Whoever the caller was handed on to."""
    SYSTEM = "system"


class TransferKind(StrEnum):
    """With or without a word to the next one before."""

    BLIND = "blind"
    ATTENDED = "attended"


class Recorder(StrEnum):
    """What was done to the recording of one side; the sound never comes here."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened to one call.

    `call` is the id that the exchange gave the caller's channel, `leg` that of the other side's.
    Which fields a kind has says the translator; a field that a kind does not need is None.
    """

    id: str
    kind: Kind
    exchange: str
    call: str
    at: datetime
    line: str | None = None
    trunk: str | None = None
    number: str | None = field(default=None, repr=False)
    diverted_from: str | None = field(default=None, repr=False)
    presentation: Presentation | None = None
    test: bool = False
    queue: str | None = None
    leg: str | None = None
    party: Party | None = None
    agent: str | None = None
    left: Left | None = None
    rang_out: RangOut | None = None
    transfer: TransferKind | None = None
    to: Party | None = None
    to_agent: str | None = None
    recorder: Recorder | None = None
    by: EndedBy | None = None
    cause: str | None = None


def fact_id(exchange: str, event: str, at: datetime, channel: str) -> str:
    """The same for every listener that hears the event, whenever it does."""
    seconds = int(at.replace(microsecond=0).timestamp())
    return f"{exchange}/{event}/{seconds * 1_000_000 + at.microsecond}/{channel}"


def moment(fact: Fact) -> int:
    """The exchange's time, in microseconds, as the id has it.

    A store may keep no more than milliseconds of `at`, and the clock of `at` may have been put
    right; neither may change the order.
    """
    return int(fact.id.split("/")[2])


def in_order(facts: list[Fact]) -> list[Fact]:
    """Each once, by the exchange's time. Two that claim one id: the same one of them, always."""
    once: dict[str, Fact] = {}
    for fact in facts:
        other = once.get(fact.id)
        if other is None or (fact != other and str(astuple(fact)) < str(astuple(other))):
            once[fact.id] = fact
    return sorted(once.values(), key=lambda fact: (moment(fact), RANK[fact.kind], fact.id))


def is_late(ended_at: datetime | None, arrived_at: datetime) -> bool:
    """Whether a fact that arrives now comes too late to change its call: it is counted, no more."""
    return ended_at is not None and arrived_at - ended_at > LATE_AFTER
