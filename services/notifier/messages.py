"""One message and what may become of it. Pure: every step gives the next message and its events.

pending → sending → accepted → received | unconfirmed, or failed | unknown; a channel that cannot
take it now puts it back to pending. `next_at` is when somebody must look again: the next attempt of
a pending message, the moment from which whoever was handing a `sending` one over counts as dead, or
that from which nobody waits any more for the receipt of an `accepted` one.

That a provider took a message tells nobody anything. It is received when a receipt says so, or
where taking is enough (`receipt_within` of an attempt is None): never for a caller.

A brake holds a pending message (held → pending again when it is released), or ends it (stopped; as
received or unconfirmed where a channel had taken it).

An alarm is a message for each channel of its reader (`alarms`). One of these that ends without
having arrived keeps a `next_at`: somebody must look whether any other has.

What is told in a digest is never sent by itself: waiting → folded. The digest is gathering until
all that it tells is folded, then pending like any other (`digests`). So is what is told together
with others because too many would go within a minute (pending → queued → folded), or because its
report is one of several of the same call (queued → folded; `calls`): it shares the fate of the
message that tells it, and counts as told when that was received (`share_fate`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, get_args

from services.notifier.domain import ALARMS, Cause, Notice
from shared.contracts import Lane, Step
from shared.contracts.notifier import (
    CALLER,
    FailureReason,
    MessageAccepted,
    MessageFailed,
    MessageReceived,
    MessageUnconfirmed,
    MessageUnknown,
    MessageUnreached,
    Purpose,
)
from shared.policy.templates import Language


class Status(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    UNCONFIRMED = "unconfirmed"
    DELIVERED = "delivered"
    """As kept before receipts were asked for: a provider took it. Nothing becomes so any more."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    QUEUED = "queued"
    """Waits to leave together with others."""
    FOLDED = "folded"
    HELD = "held"
    STOPPED = "stopped"
    GATHERING = "gathering"


class Handover(StrEnum):
    """What became of an attempt."""

    ACCEPTED = "accepted"
    RECEIVED = "received"
    """The provider took it and says in the same breath that it has arrived."""
    LATER = "later"
    REFUSED = "refused"
    NO_ADDRESS = "no_address"
    NO_CHANNEL = "no_channel"
    """No channel leads to this person: nothing left the house."""
    WITHHELD = "withheld"
    """No machine writes to the caller of such an emergency: nothing left the house."""
    UNCLEAR = "unclear"
    """The provider had the whole message and did not say: it may have been taken."""


TOGETHER: Final = "together"
"""The purpose of the message that tells several which would have gone within one minute."""
RECEIPTS: Final = "receipts"
"""The purpose of the one receipt that a caller gets for all reports of a call."""
TELLS_SEVERAL: Final[tuple[Purpose, ...]] = (TOGETHER, RECEIPTS)
"""The purposes of messages that tell others, each of which shares their fate."""
ARRIVED: Final = frozenset({Status.RECEIVED, Status.DELIVERED})
FIRST_LOOK: Final = timedelta(seconds=1)
"""Whoever inserts a message sends it at once; others take it up when that has not happened."""
MAX_TRIES: Final = 10
MAX_AGE: Final = timedelta(hours=24)
BACK_OFF: Final[Mapping[Lane, tuple[timedelta, ...]]] = {
    "routine": tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 1800, 3600, 7200, 14400)),
    # Help that is called an hour late is no help; the chain goes on to the next person meanwhile.
    "urgent": tuple(timedelta(seconds=s) for s in (1, 2, 5, 10, 15, 30, 30, 60, 60)),
}
NOT_TRIED: Final = "none"
_REASONS: Final[Mapping[Handover, FailureReason]] = {
    Handover.REFUSED: "refused",
    Handover.NO_ADDRESS: "no_address",
    Handover.NO_CHANNEL: "no_channel",
    Handover.WITHHELD: "withheld",
}
"""Answers that end a message, and what is said of it then."""
TAKEN: Final = frozenset({Handover.ACCEPTED, Handover.RECEIVED})
_SURE: Final = frozenset({*TAKEN, *_REASONS})
ABOUT_THEM: Final = "about_them"
"""The code of a message that was not sent because its ticket is about whoever was to get it."""
NO_ANSWER_AFTER: Final = 3
"""So often in vain at somebody's own address: then others hear that it does not answer."""
OWN_ADDRESS: Final = "webhook"
"""The channel whose receiver is the person's own; a mail server that is away is everybody's."""
LOST: Final = "lost"
"""The outcome of an attempt whose process died."""
ENDS_A_CHANNEL: Final[Mapping[Lane, frozenset[str]]] = {
    "routine": frozenset({*_SURE, Handover.UNCLEAR, LOST}),
    "urgent": frozenset(_SURE),
}
"""Outcomes after which a message that goes by several is not tried by that channel again."""

TELLS_PROMISES: Final = frozenset({"visit", "extended"})
"""The purposes of messages that tell a caller until when something is promised (`due`)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try on one channel; `code` is the provider's, never its words. `claim` tells whose try it
    is, where the write that began it was cut off and nobody knows whether it was made. `generation`
    is that of the recipient's links when it was begun, and `reach` stands for the addresses that
    they had then, where they ever lost a telephone.
    """

    channel: str
    at: datetime
    policy: str
    claim: str | None = None
    outcome: str | None = None
    code: str | None = None
    ended_at: datetime | None = None
    generation: int = 0
    reach: str | None = None
    cannot_bring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person as it is kept: what the words are made of, never the words.

    `digest` is the message that tells it where it is folded, `entries` are what a digest tells, and
    `call` the call with whose other receipts it is told.
    `channels` are those by each of which it goes, where that is more than one, or the one by which
    an alarm goes alone; `brake` is what holds it, or stopped it. Of an alarm the `first` message
    names the channels `beside`, each of which has a message of its own, and says since when others
    know that none reached its reader (`unreached_at`).
    """

    id: str
    version: int
    cause: Cause
    purpose: Purpose
    recipient: str
    round: int
    estate: str | None
    lane: Lane
    language: Language
    facts: Mapping[str, Any]
    at: datetime
    status: Status = Status.PENDING
    next_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    reason: str | None = None
    ended_at: datetime | None = None
    digest: str | None = None
    entries: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    brake: str | None = None
    beside: tuple[str, ...] = ()
    first: str | None = None
    unreached_at: datetime | None = None
    call: str | None = None

    @property
    def number(self) -> str:
        """The ticket that this is about, or whatever else caused it."""
        return self.cause.id

    @property
    def numbers(self) -> tuple[str, ...]:
        """Everything that it names: a digest names many tickets, and what tells of a message the
        ticket that this was about.
        """
        lines = (line["number"] for line in self.facts.get("lines", ()))
        told = self.facts.get("ticket")
        return (self.number, *lines, *((told,) if told else ()))

    @property
    def named(self) -> str:
        """The number by which its reader may ask; all of them where it is the one of a call."""
        return ", ".join(self.numbers[1:]) if self.purpose == RECEIPTS else self.number

    @property
    def ticket(self) -> str:
        """By whose caller's telephone it goes, where it is for a caller: all tickets of one receipt
        have the same.
        """
        return str(self.facts["lines"][0]["number"]) if self.purpose == RECEIPTS else self.number

    @property
    def is_alarm(self) -> bool:
        """Whether it calls somebody to an emergency, or says that nobody comes."""
        return self.purpose in ALARMS

    @property
    def is_one_of_several(self) -> bool:
        """Whether its reader has others of the same alarm, by other channels."""
        return bool(self.beside) or self.first is not None

    @property
    def next_channel(self) -> str | None:
        """Of several channels the one that was tried least and is not done with; None when all
        are. A single one it is whatever became of it.
        """
        if len(self.channels) == 1:
            return self.channels[0]
        left = [channel for channel in self.channels if not self._is_done(channel)]
        return min(left, key=self.tries, default=None)

    def tries(self, channel: str) -> int:
        """How often it was tried by a channel."""
        return sum(attempt.channel == channel for attempt in self.attempts)

    def _is_done(self, channel: str) -> bool:
        ends = ENDS_A_CHANNEL[self.lane]
        return any(a.channel == channel and a.outcome in ends for a in self.attempts)

    @property
    def taken_by(self) -> frozenset[str]:
        """The channels whose provider took it."""
        return frozenset(a.channel for a in self.attempts if a.outcome in TAKEN)

    @property
    def telling(self) -> Attempt | None:
        """The attempt that told it, else the last; None where there was none."""
        took = [attempt for attempt in self.attempts if attempt.outcome in TAKEN]
        tried = took or self.attempts
        return tried[-1] if tried else None

    @property
    def channel(self) -> str:
        """The channel that took it, else the one that was tried last."""
        return self.telling.channel if self.telling else NOT_TRIED


def new_message(
    notice: Notice,
    *,
    lane: Lane,
    language: Language,
    now: datetime,
    not_before: datetime | None = None,
) -> Message:
    """A message to be sent for `notice`, at once or not before a time."""
    return Message(
        id=notice.id,
        version=1,
        cause=notice.cause,
        purpose=notice.purpose,
        recipient=notice.recipient,
        round=notice.round,
        estate=notice.estate,
        lane=lane,
        language=language,
        facts=dict(notice.facts),
        at=now,
        next_at=not_before or now + FIRST_LOOK,
    )


def begin(
    message: Message,
    *,
    channel: str,
    policy: str,
    claim: str,
    now: datetime,
    limit: timedelta,
    generation: int = 0,
    reach: str | None = None,
) -> Message:
    """Claim the message for one attempt, which counts as dead after `limit`."""
    begun = Attempt(channel, now, policy, claim, generation=generation, reach=reach)
    attempts = (*message.attempts, begun)
    return replace(message, status=Status.SENDING, attempts=attempts, next_at=now + limit)


def conclude(
    message: Message,
    answer: Handover,
    code: str | None,
    now: datetime,
    *,
    receipt_within: timedelta | None = None,
) -> Step[Message]:
    """What the answer means for a message that is being sent; its receipt is waited for so long, or
    taking is enough.
    """
    told = replace(message.attempts[-1], outcome=answer.value, code=code, ended_at=now)
    message = replace(message, attempts=(*message.attempts[:-1], told))
    if len(message.channels) > 1:
        return _go_on(message, now)
    match answer:
        case Handover.ACCEPTED if receipt_within is not None:
            return _await_receipt(message, now if told.cannot_bring else now + receipt_within)
        case Handover.ACCEPTED | Handover.RECEIVED:
            return _ended(message, Status.RECEIVED, now)
        case Handover.REFUSED | Handover.NO_ADDRESS | Handover.NO_CHANNEL | Handover.WITHHELD:
            return _ended(message, Status.FAILED, now, reason=_REASONS[answer])
        case Handover.UNCLEAR if message.lane == "routine":
            return _ended(message, Status.UNKNOWN, now)
        case Handover.LATER | Handover.UNCLEAR:
            return _again(message, now)


def is_still_under_way(found: Message, begun: Message) -> bool:
    """Whether it is the attempt `begun` that a message waits for, also where something was said of
    it meanwhile.
    """
    mine, theirs = begun.attempts[-1], found.attempts[-1] if found.attempts else None
    return found.status is Status.SENDING and theirs == replace(mine, cannot_bring=True)


def put_back(found: Message, begun: Message, now: datetime) -> Step[Message] | None:
    """Nobody knows whether the claim `begun` was written over the message that it was made of, and
    nothing was handed over under it: as if it had not been made. A message without it is written
    as well, since the claim
    could still come, and then wins no more. None where another hand has moved the message on.
    """
    if found.status is Status.SENDING and found.attempts == begun.attempts:
        earlier = found.attempts[:-1]
    elif found.version == begun.version:
        earlier = found.attempts
    else:
        return None
    return Step(replace(found, status=Status.PENDING, attempts=earlier, next_at=now))


def not_before(step: Step[Message], at: datetime) -> Step[Message]:
    """The same step, where the message goes out again not before a time: its provider takes nothing
    until then. One that goes on by another of its channels does not wait for this one.
    """
    message = step.value
    if message.status is not Status.PENDING or message.next_at is None:
        return step
    if message.channels and message.next_channel != message.attempts[-1].channel:
        return step
    return replace(step, value=replace(message, next_at=max(message.next_at, at)))


def lose_sight(message: Message, now: datetime) -> Step[Message]:
    """Whoever was handing it over has died: an urgent message goes out again, a routine one may
    have arrived and is not repeated.
    """
    lost = replace(message.attempts[-1], outcome=LOST, ended_at=now)
    message = replace(message, attempts=(*message.attempts[:-1], lost))
    if len(message.channels) > 1:
        return _go_on(message, now)
    if message.lane == "routine":
        return _ended(message, Status.UNKNOWN, now)
    return _again(message, now, at_once=True)


def learn_late(
    found: Message,
    begun: Message,
    answer: Handover,
    now: datetime,
    *,
    receipt_within: timedelta | None = None,
) -> Step[Message] | None:
    """Somebody gave our attempt up (`found`), yet the provider has just taken it: say so, unless
    the message was decided otherwise or another attempt has begun.
    """
    undecided = found.status in {Status.UNKNOWN, Status.PENDING}
    if not undecided or len(found.attempts) != len(begun.attempts):
        return None
    return conclude(found, answer, None, now, receipt_within=receipt_within)


def receive(message: Message, now: datetime) -> Step[Message] | None:
    """A receipt says that it has arrived, also before the provider has answered, or after nobody
    waited for it any more. None where that is known, and for what nobody has tried to send.
    """
    if message.status in ARRIVED or not message.attempts:
        return None
    return _ended(message, Status.RECEIVED, now)


def hold(message: Message, brake: str) -> Step[Message]:
    """It waits until the brake is released."""
    return Step(replace(message, status=Status.HELD, brake=brake, next_at=None))


def let_go(message: Message, now: datetime) -> Step[Message] | None:
    """It goes out after all; None where it is not held."""
    if message.status is not Status.HELD:
        return None
    return Step(replace(message, status=Status.PENDING, brake=None, next_at=now))


def stop(message: Message, brake: str, now: datetime) -> Step[Message]:
    """It goes out no more: somebody said so. For whoever waits for it that is a failure, unless a
    channel has taken it already: then it ends as what that one made of it.
    """
    if message.taken_by:
        # Several channels are the staff's, where it is told once any took it; a single one has had
        # its time to bring a receipt.
        told = Status.RECEIVED if len(message.channels) > 1 else Status.UNCONFIRMED
        return _ended(replace(message, brake=brake), told, now)
    ended = replace(
        message,
        status=Status.STOPPED,
        brake=brake,
        next_at=None,
        ended_at=now,
        reason="stopped",
    )
    return Step(ended, (MessageFailed(**_facts_of(ended), reason="stopped"),))


def drop(message: Message, now: datetime) -> Step[Message]:
    """It never goes out: what it tells is past."""
    ended = replace(message, status=Status.STOPPED, next_at=None, ended_at=now, reason="past")
    return Step(ended, (MessageFailed(**_facts_of(ended), reason="past"),))


def stop_waiting(message: Message, now: datetime) -> Step[Message] | None:
    """Its provider says that it cannot bring it, perhaps before it has answered: no receipt is
    waited for. None where none is, and where that is known.
    """
    if message.status is Status.ACCEPTED and message.next_at != now:
        return Step(replace(message, next_at=now))
    if message.status is Status.SENDING and not message.attempts[-1].cannot_bring:
        said = replace(message.attempts[-1], cannot_bring=True)
        return Step(replace(message, attempts=(*message.attempts[:-1], said)))
    return None


def lack_receipt(message: Message, now: datetime, *, others: bool) -> Step[Message] | None:
    """Nobody waits for its receipt any more: it goes by one of the `others` at once, where there
    are any left, else it stays unconfirmed. None where it does not wait for one.
    """
    if message.status is not Status.ACCEPTED:
        return None
    if others:
        return Step(replace(message, status=Status.PENDING, next_at=now))
    return _ended(message, Status.UNCONFIRMED, now)


def keep_from(message: Message, *, channel: str, now: datetime) -> Step[Message]:
    """It turned out while it waited that its ticket is about whoever was to get it."""
    refused = Attempt(
        channel, now, "", outcome=Handover.REFUSED.value, code=ABOUT_THEM, ended_at=now
    )
    tried = replace(message, attempts=(*message.attempts, refused))
    return _ended(tried, Status.FAILED, now, reason="refused")


def share_fate(entry: Message, telling: Message, now: datetime) -> Step[Message] | None:
    """What becomes of one that was told together with others: the same as of the message that told
    it, also when a receipt comes late. None until that is known, and where it is known already.
    """
    arrived_late = telling.status in ARRIVED and entry.status in {
        Status.UNCONFIRMED,
        Status.UNKNOWN,
    }
    if telling.ended_at is None or not (entry.status is Status.FOLDED or arrived_late):
        return None
    if telling.status is Status.STOPPED:
        return stop(entry, telling.brake or "", now)
    reason = next((why for why in get_args(FailureReason) if why == telling.reason), None)
    return _ended(entry, telling.status, now, reason=reason, channel=telling.channel)


def _await_receipt(message: Message, until: datetime) -> Step[Message]:
    taken = replace(message, status=Status.ACCEPTED, next_at=until)
    return Step(taken, (MessageAccepted(**_facts_of(taken)),))


def _go_on(message: Message, now: datetime) -> Step[Message]:
    """By the next of its channels, at once where that was not tried yet; when all are done with, it
    has been received if any took it: several are asked for at the staff's channels alone.
    """
    channel = message.next_channel
    tries = message.tries(channel) if channel else MAX_TRIES
    pause = _pause(message.lane, tries) if tries else timedelta()
    if tries < MAX_TRIES and now + pause - message.at < MAX_AGE:
        return Step(replace(message, status=Status.PENDING, next_at=now + pause))
    outcomes = {attempt.outcome for attempt in message.attempts}
    if outcomes & TAKEN:
        return _ended(message, Status.RECEIVED, now)
    if outcomes & {Handover.UNCLEAR, LOST} and message.lane == "routine":
        return _ended(message, Status.UNKNOWN, now)
    return _ended(message, Status.FAILED, now, reason=_reason_of(outcomes))


def _reason_of(outcomes: Collection[str | None]) -> FailureReason:
    """Why none of several channels took it: what all of them said, else that one refused it."""
    said = {reason for answer, reason in _REASONS.items() if answer in outcomes}
    return said.pop() if len(said) == len(outcomes) == 1 else "refused"


def _again(message: Message, now: datetime, *, at_once: bool = False) -> Step[Message]:
    tries = len(message.attempts)
    pause = timedelta() if at_once else _pause(message.lane, tries)
    if tries >= MAX_TRIES or now + pause - message.at >= MAX_AGE:
        return _ended(message, Status.FAILED, now, reason="refused")
    is_news = is_in_vain(message) and tries == NO_ANSWER_AFTER
    told = _unreached_alone(message, "no_answer") if is_news else ()
    return Step(replace(message, status=Status.PENDING, next_at=now + pause), told)


def is_in_vain(message: Message) -> bool:
    """Whether somebody's own address has not answered for so long that others have to know."""
    return message.channel == OWN_ADDRESS and len(message.attempts) >= NO_ANSWER_AFTER


def _unreached_alone(message: Message, reason: str) -> tuple[MessageUnreached, ...]:
    """The same of a message whose reader has no other of the same alarm."""
    return () if message.is_one_of_several else unreached(message, reason)


def unreached(
    message: Message, reason: str, *, by: Iterable[Message] = ()
) -> tuple[MessageUnreached, ...]:
    """What is said of a message that does not reach one of the staff, or where they had one `by`
    each channel, of none of these. Not of the word that goes to others because of it, and not where
    it was kept from whom its ticket is about. What tells several says nothing: each of these does.
    """
    every = (message, *by)
    is_kept_back = any(attempt.code == ABOUT_THEM for each in every for attempt in each.attempts)
    tells_no_work = message.purpose in {"unreached", *TELLS_SEVERAL}
    if message.recipient == CALLER or tells_no_work or is_kept_back:
        return ()
    said = MessageUnreached(
        **_facts_of(message),
        about=message.cause.kind,
        estate=message.estate,
        department=message.facts.get("department"),
        reason=reason,
        test=bool(message.facts.get("test")),
    )
    return (said,)


def _facts_of(message: Message) -> dict[str, Any]:
    return {
        "message": message.id,
        "number": message.number,
        "round": message.round,
        "recipient": message.recipient,
        "purpose": message.purpose,
        "channel": message.channel,
    }


def _pause(lane: Lane, tries: int) -> timedelta:
    return BACK_OFF[lane][min(tries, MAX_TRIES - 1) - 1]


def _ended(
    message: Message,
    status: Status,
    now: datetime,
    *,
    reason: FailureReason | None = None,
    channel: str | None = None,
) -> Step[Message]:
    # Of an alarm nobody is told of one message alone: somebody looks at the others.
    look_at = now if message.is_one_of_several and status is not Status.RECEIVED else None
    ended = replace(message, status=status, next_at=look_at, ended_at=now, reason=reason)
    facts = _facts_of(ended) | ({"channel": channel} if channel else {})
    match status:
        case Status.RECEIVED:
            told = ended.facts.get("due") if ended.purpose in TELLS_PROMISES else None
            return Step(ended, (MessageReceived(**facts, promised=told),))
        case Status.UNCONFIRMED:
            said = _unreached_alone(ended, "unconfirmed")
            return Step(ended, (MessageUnconfirmed(**facts), *said))
        case Status.UNKNOWN:
            return Step(ended, (MessageUnknown(**facts), *_unreached_alone(ended, "unknown")))
        case _:
            why = reason or "refused"
            return Step(ended, (MessageFailed(**facts, reason=why), *_unreached_alone(ended, why)))
