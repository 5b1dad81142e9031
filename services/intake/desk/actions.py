"""Use cases after registration: what desk and messages do to a ticket until it is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.contracts import MalformedMessage
from shared.contracts.intake import FeedbackOutcome
from shared.contracts.notifier import CALLER, MessageEvent, MessageFailed, MessageReceived
from shared.contracts.refusals import NotThere
from shared.contracts.report import Concerned
from shared.contracts.survey import SurveyDissatisfied
from shared.identity import Principal, require, sees, service_principal
from shared.policy.plan import Reported, plan
from shared.policy.policy import Policy
from shared.readers.people import KnownPeople
from shared.readers.tickets import Tickets
from shared.store import Store
from shared.telemetry import logger
from shared.tickets import About, NotAllowed, Ticket, TicketStatus, Transition
from shared.tickets.acts import (
    Act,
    Feedback,
    Own,
    Reclassify,
    Reopen,
    Tell,
)
from shared.tickets.model import Planned, Promise
from shared.tickets.promises import standing, until
from shared.triage.taxonomy import EMERGENCY

BY_RULE = service_principal("intake")
TOLD_BY_MESSAGE: Final = frozenset({"visit", "extension"})
"""How those promises came about that the caller hears of by a message of their own."""


class DeskActions:
    """Moves tickets by the rows of the table that are intake's."""

    def __init__(
        self,
        store: Store,
        tickets: Tickets,
        policy: Callable[[], Policy],
        known_people: KnownPeople,
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._policy = policy
        self._known_people = known_people

    async def act(self, number: str, principal: Principal, act: Act) -> Ticket:
        """Carry out one act for somebody; foreign and missing tickets look the same (404)."""
        require(principal, act.transition)

        def choose(ticket: Ticket, _now: datetime) -> Act:
            if not sees(principal, ticket):
                raise NotThere
            return act

        return await self._tickets.change(number, choose)

    async def own(
        self, number: str, principal: Principal, owner: str | None, note: str | None
    ) -> Ticket:
        """Let somebody of the desk see a ticket through: whoever asks, when nobody is named. Raises
        MalformedMessage for who is not of the desk, or has left.
        """
        require(principal, Own.transition)
        if owner is not None and owner != principal.id:
            await self._known_people.require_of_desk(owner, "owner")
        return await self.act(
            number, principal, Own(by=principal.id, owner=owner or principal.id, note=note)
        )

    def _is_fed_back_by_call(self, ticket: Ticket) -> bool:
        rules = self._policy().at(ticket.estate).rules
        return rules.is_fed_back_by_call(ticket.plan.type, ticket.plan.urgency)

    async def reclassify(
        self,
        number: str,
        principal: Principal,
        *,
        changes: Reported,
        concerned: Concerned | None,
        note: str | None,
        reason: str | None = None,
    ) -> Ticket:
        """Plan anew with what a person at the desk decided; what is not said stays as it was, a
        danger above all: that it is none has to be said, with a reason. What is decided so already
        is not planned a second time. Raises MalformedMessage for whom nobody knows of those it is
        about.
        """
        require(principal, Reclassify.transition)
        about = await self._about_known(concerned)
        doc = await self._store.get("tickets", number)
        words = doc["scrubbed"] if doc else ""

        def choose(ticket: Ticket, now: datetime) -> Act | None:
            if not sees(principal, ticket):
                raise NotThere
            estate = changes.estate or ticket.estate
            reported = replace(
                changes,
                text=words,
                estate=estate,
                type=changes.type or ticket.plan.type,
                area=changes.area or ticket.plan.area,
                decided=True,
                kind=changes.kind or (None if changes.calm else ticket.plan.emergency_kind),
                calm=changes.calm or not (ticket.is_emergency or changes.type == EMERGENCY),
            )
            made = plan(reported, self._policy(), now)
            act = Reclassify(
                by=principal.id, plan=made, estate=estate, about=about, note=note, reason=reason
            )
            return None if is_decided(act, ticket) else act

        return await self._tickets.change(number, choose)

    async def _about_known(self, concerned: Concerned | None) -> About | None:
        if concerned is None:
            return None
        about, faults = await self._known_people.read_about(concerned, self._policy())
        if faults:
            raise MalformedMessage.naming(faults)
        return about

    async def close_when_told(self, event: MessageEvent) -> None:
        """A result that was received closes the ticket by itself (A4.4), unless the policy
        wants a person to tell it.
        """
        if event.recipient == CALLER and event.purpose == "feedback":
            await self._by_rule(event.number, event.round, lambda: _fed_back("delivered"))

    async def note_told(self, event: MessageEvent) -> None:
        """What was received of a visit or a later time tells the promise (B4.1), of how it goes is
        progress told (A4.3).
        """

        def choose(ticket: Ticket, _now: datetime) -> Act | None:
            if event.purpose == "progress":
                return _progress_told(ticket, event)
            heard = _heard_of(ticket, event) if ticket.round == event.round else None
            if heard is None or heard.how not in TOLD_BY_MESSAGE or heard.told:
                return None
            return Tell(by=BY_RULE.id, of=heard.how, promised=(heard.at,))

        if event.recipient == CALLER and event.purpose in {"visit", "extended", "progress"}:
            await self._tickets.change(event.number, choose)

    async def close_without_contact(self, event: MessageFailed) -> None:
        """Nobody to tell: said so, on record, instead of pretending."""
        nobody = event.reason == "no_address"
        if event.recipient == CALLER and event.purpose == "feedback" and nobody:
            await self._by_rule(event.number, event.round, lambda: _fed_back("no_contact"))

    async def reopen_dissatisfied(self, event: SurveyDissatisfied) -> None:
        """A dissatisfied answer starts the work again."""
        await self._by_rule(
            event.number, event.round, lambda: Reopen(by=BY_RULE.id, reason="survey")
        )

    async def _by_rule(self, number: str, round_: int, act: Callable[[], Act]) -> None:
        """Act for an event, unless the ticket has moved on since: old news changes nothing."""

        def choose(ticket: Ticket, _now: datetime) -> Act | None:
            wanted = act() if ticket.round == round_ else None
            by_call = isinstance(wanted, Feedback) and self._is_fed_back_by_call(ticket)
            return None if by_call else wanted

        try:
            await self._tickets.change(number, choose)
        except NotAllowed as moved_on:
            logger.info("event_no_longer_wanted", ticket=number, status=str(moved_on.status))


def _heard_of(ticket: Ticket, event: MessageEvent) -> Promise | None:
    """The promise that a message told, where it still stands: another may have been made while it
    was on its way. A message of before does not say which, and counts for the last.
    """
    told = event.promised if isinstance(event, MessageReceived) else None
    if told is None:
        return ticket.promised[-1] if ticket.promised else None
    return next((each for each in standing(ticket) if until(each) == told), None)


def _progress_told(ticket: Ticket, event: MessageEvent) -> Act | None:
    """Once for each message, and not where the ticket went on under another number."""
    told = f"progress/{event.message}"
    if ticket.has_entry(Transition.TELL, told) or ticket.mark is TicketStatus.MERGED:
        return None
    return Tell(by=BY_RULE.id, of="progress", note=told)


def _fed_back(outcome: FeedbackOutcome) -> Act:
    return Feedback(by=BY_RULE.id, outcome=outcome)


def is_decided(act: Reclassify, ticket: Ticket) -> bool:
    """Whether the ticket was sorted just so before, and to do it again would change nothing: a form
    that was sent twice, or a colleague who was a moment faster.
    """
    last, entries = ticket.plan, reversed(ticket.entries)
    made = Planned.from_plan(act.plan, at=last.at, by=last.by, reason=act.reason or last.reason)
    words = next((e.note for e in entries if e.transition == Transition.RECLASSIFY), None)
    is_open = ticket.mark is None and ticket.joins is None and len(ticket.plans) > 1
    is_same = _judged(made) == _judged(last) and act.estate == ticket.estate
    return is_open and is_same and act.about in {None, ticket.about} and act.note in {None, words}


def _judged(planned: Planned) -> Planned:
    """Without how sure the words were, and without clocks that have no limit."""
    limits = {clock: limit for clock, limit in planned.limits.items() if limit}
    return replace(planned, confidence=1.0, limits=limits)
