"""Whether everybody who should have been told has a message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.hotline.promises.facts import Message, Papers
from services.hotline.promises.findings import Finding
from services.hotline.promises.kinds import NOT_TOLD
from shared.contracts.notifier import CALLER
from shared.policy.ladder import BREACH
from shared.tickets import Clock, Ticket, Transition
from shared.tickets.clocks import ClockState

REOPENING: Final = frozenset({Transition.REOPEN, Transition.NOT_SATISFIED})


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
    for alert in papers.emergency.alerts if papers.emergency else ():
        for person in alert.recipients:
            yield Expected("alert", person, f"emergency/{alert.step}", alert.at)
    for survey in papers.surveys:
        yield Expected("survey", CALLER, f"survey/{survey.id}", survey.asked_at)


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
