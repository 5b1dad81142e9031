"""Whether everybody who should have been told has a message, and got it once: the store's own
word, and the receivers' where known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final

from hotline.promises.facts import TAKEN, Emergency, Message, Papers
from hotline.promises.findings import Finding
from hotline.promises.kinds import (
    DIGEST_ODD,
    GOT_UNSAID,
    NOT_TOLD,
    SAID_UNSENT,
    TOLD_AGAIN,
    TOLD_TWICE,
    UNKNOWN,
)
from shared.contracts.notifier import ARRIVED, CALLER
from shared.policy.ladder import BREACH
from shared.tickets import Clock, Ticket, Transition
from shared.tickets.clocks import ClockState

REOPENING: Final = frozenset({Transition.REOPEN, Transition.NOT_SATISFIED})
SEEN_CHANNELS: Final = frozenset({"mail", "webhook"})
"""Channels whose receivers can be asked; the sandbox sends nothing."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A message that there must be. `recipient` None: whoever the duty list named then;
    an `occurrence` that ends with a slash is the beginning of one.
    """

    purpose: str
    recipient: str | None
    occurrence: str
    since: datetime

    def is_met_by(self, message: Message) -> bool:
        """Whether this is the message."""
        if message.purpose != self.purpose or self.recipient not in {None, message.recipient}:
            return False
        if self.occurrence.endswith("/"):
            return message.occurrence.startswith(self.occurrence)
        return message.occurrence == self.occurrence


def judge_telling(papers: Papers, before: datetime) -> Iterator[Finding]:
    """Each person concerned has a message, whatever became of it."""
    for expected in expected_messages(papers):
        if expected.since < before and not any(map(expected.is_met_by, papers.messages)):
            why = f"{expected.purpose} to {expected.recipient or 'anybody'}, {expected.occurrence}"
            yield Finding(NOT_TOLD, papers.ticket.number, why.rstrip("/"))


def expected_messages(papers: Papers) -> Iterator[Expected]:
    """Who must have been told what, and since when."""
    ticket = papers.ticket
    yield from _to_caller(ticket)
    for order in ticket.work_orders:
        for person in order.offered_to or filter(None, [order.assignee]):
            begun = order.clocks[Clock.ACCEPT].segments[0].start
            if not ticket.was_linked(begun):
                yield Expected("assignment", person, f"work_order/{order.id}", begun)
        for clock, state in order.clocks.items():
            yield from _about_clock(ticket, f"clock/{order.id}/{clock}/", state)
    for clock, state in ticket.clocks.items():
        yield from _about_clock(ticket, f"clock/round/{ticket.round}/{clock}/", state)
    if papers.emergency is not None:
        yield from _of_emergency(papers.emergency)
    for survey in papers.surveys:
        yield Expected("survey", CALLER, f"survey/{survey.id}", survey.asked_at)


def _of_emergency(emergency: Emergency) -> Iterator[Expected]:
    for alert in emergency.alerts:
        for person in alert.recipients:
            yield Expected("alert", person, f"emergency/{alert.step}", alert.at)
    if emergency.slowed_at is not None:
        for person in emergency.superiors:
            yield Expected("slowed", person, "slowed/", emergency.slowed_at)


def _to_caller(ticket: Ticket) -> Iterator[Expected]:
    # Who was answered on the call needs no receipt for it.
    if not any(entry.transition == Transition.ANSWER for entry in ticket.timeline):
        yield Expected("receipt", CALLER, "round/1", ticket.registered_at)
    reopened = [entry.at for entry in ticket.timeline if entry.transition in REOPENING]
    for round_, at in enumerate(reopened, 2):
        yield Expected("reopened", CALLER, f"round/{round_}", at)
    done = ticket.clocks.get(Clock.FEED_BACK)
    if done is not None:
        begun = done.segments[0].start
        yield Expected("feedback", CALLER, f"round/{ticket.round}", begun)


def _about_clock(ticket: Ticket, occurrence: str, state: ClockState) -> Iterator[Expected]:
    """Of what is part of an incident nobody is told: they hear of its own time."""
    for rung in state.fired:
        if ticket.was_linked(rung.at):
            continue
        purpose = "breach" if rung.level >= BREACH else "warning"
        yield Expected(purpose, None, f"{occurrence}{rung.level}/", rung.at)


def judge_delivery(
    message: Message, received: int | None, awaited: Collection[str] = ()
) -> Iterator[Finding]:
    """`received` is how often its receiver got it; None when nobody asked the receivers. `awaited`
    are the channels whose receipt the policy waited for.
    """
    about = f"{message.purpose} of {message.number}"
    by_channel = Counter(a.channel for a in message.attempts if a.outcome in TAKEN)
    accepted, once = by_channel.total(), max(len(message.channels), told_in_turn(message, awaited))
    again = max(by_channel.values(), default=0) > 1
    times = accepted if received is None else max(accepted, received)
    if times > once or again:
        explained = message.lane == "urgent" and not again and times <= possible(message)
        kind = TOLD_AGAIN if explained else TOLD_TWICE
        yield Finding(kind, message.id, f"{about}, {times} times")
    if message.status == "unknown":
        yield Finding(UNKNOWN, message.id, f"{about}, {tried_at(message)}")
    if received is not None:
        yield from _compare(message, received, about)


def told_in_turn(message: Message, awaited: Collection[str]) -> int:
    """How many channels may have taken it one after the other: it goes by the next only where the
    receipt of the one before is waited for, and does not come.
    """
    before = takewhile(lambda channel: channel in awaited, message.taken_by[:-1])
    return 1 + sum(1 for _channel in before)


def possible(message: Message) -> int:
    """How many attempts may have reached the receiver."""
    return sum(attempt.may_have_arrived for attempt in message.attempts)


def tried_at(message: Message) -> str:
    """The last attempt's channel and time."""
    last = message.attempts[-1] if message.attempts else None
    return f"by {last.channel} at {last.at:%F %T}Z" if last else "never tried"


def _compare(message: Message, received: int, about: str) -> Iterator[Finding]:
    if received and message.status not in {*ARRIVED, "accepted", "unconfirmed", "unknown"}:
        yield Finding(GOT_UNSAID, message.id, f"{about}, {message.status}")
    channels = {a.channel for a in message.attempts if a.outcome in TAKEN}
    if not received and message.status in ARRIVED and channels and channels <= SEEN_CHANNELS:
        yield Finding(SAID_UNSENT, message.id, f"{about}, {tried_at(message)}")


def judge_digest(digest: Message, told: Sequence[Message]) -> Iterator[Finding]:
    """A digest that went out tells messages that name it, all to its own reader."""
    missing = set(digest.entries) - {message.id for message in told}
    for id in sorted(missing):
        yield Finding(DIGEST_ODD, id, f"told by {digest.id}, and there is no such message")
    for message in told:
        if (message.digest, message.recipient) != (digest.id, digest.recipient):
            yield Finding(DIGEST_ODD, message.id, f"told by {digest.id}, names {message.digest}")


def judge_folded(message: Message, digests: dict[str, set[str]]) -> Iterator[Finding]:
    """What is folded is told by the digest that it names; `digests` are the entries of each."""
    if message.id not in digests.get(message.digest or "", set()):
        yield Finding(DIGEST_ODD, message.id, f"names {message.digest}, which does not tell it")


def judge_strangers(ids: Iterable[str]) -> Iterator[Finding]:
    """What receivers got and the store has never heard of."""
    for id in ids:
        yield Finding(GOT_UNSAID, id, "no such message")
