"""Use case: a report becomes a ticket, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.intake.domain import (
    Answer,
    Arrival,
    Key,
    about,
    answer_for,
    idempotency_key,
    new_number,
    notices,
)
from services.intake.errors import Conflict
from services.intake.repeating import Repeating
from services.intake.storage import Reservations, TicketPapers
from shared.contracts.report import TicketReport, read_leniently, read_strictly
from shared.identity import Principal, action_of, allows, require, sees
from shared.policy.classify import Classification, classify
from shared.policy.plan import Reported, plan
from shared.policy.policy import Policy
from shared.store import Doc, Store, Verdict
from shared.store.tickets import Tickets, rules_of
from shared.telemetry import logger, metrics
from shared.tickets import NOBODY, Registration, Ticket, Transition, register, ticket_from_doc

_OWNING: Final = action_of(Transition.OWN)

TOLD_AT_ONCE: Final = frozenset({"app", "web", "wechat", "open311", "system", "iot", "government"})
"""Channels where the answer itself tells the promise; on the phone the agent confirms it."""
NUMBER_TRIES: Final = 3


class Registering:
    """Turns reports into tickets. An emergency is never refused, whatever its faults."""

    def __init__(
        self,
        store: Store,
        tickets: Tickets,
        policy: Callable[[], Policy],
        papers: TicketPapers,
        repeating: Repeating,
        *,
        secret: bytes,
        alert_published: Callable[[], bool],
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._policy = policy
        self._papers = papers
        self._repeating = repeating
        self._reservations = Reservations(store)
        self._secret = secret
        self._alert_published = alert_published

    def triage(self, raw: Mapping[str, Any]) -> Classification:
        """What a raw report is about; cheap, and MalformedMessage only without any text."""
        report, _ = read_leniently(raw)
        return self._classify(report)

    def classify_text(self, text: str) -> Classification:
        """What words alone would be taken for."""
        policy = self._policy()
        return classify(text, policy.taxonomy, policy.lexicon)

    def read(self, raw: Mapping[str, Any], *, name: str | None, language: str = "zh") -> Arrival:
        """Read a report: strictly for routine work, leniently when it is an emergency.

        Raises MalformedMessage naming every field at fault of a routine report.
        """
        report, faults = read_leniently(raw)
        found = self._classify(report)
        if not found.emergency:
            report, faults = read_strictly(raw), ()
        return Arrival(
            report=report, found=found, raw=raw, faults=faults, name=name or report.external_id,
            language=language,
        )  # fmt: skip

    def _classify(self, report: TicketReport) -> Classification:
        policy = self._policy()
        return classify(
            report.text,
            policy.taxonomy,
            policy.lexicon,
            type_hint=report.type,
            area_hint=report.area,
        )

    async def register(self, arrival: Arrival, principal: Principal) -> tuple[Answer, bool]:
        """Register a report; the answer, and whether this call made the ticket.

        The same key and body give the stored ticket's answer. Raises Conflict for another body
        under the same key and Forbidden for a role that does not register (both for routine work
        only: an emergency is taken from everybody).
        """
        if arrival.found.emergency:
            with self._store.precedence.urgent():
                return await self._register(arrival, principal)
        require(principal, Transition.REGISTER)
        return await self._register(arrival, principal)

    async def _register(self, arrival: Arrival, principal: Principal) -> tuple[Answer, bool]:
        policy = self._policy()
        place = _place(arrival, policy)
        # Sealed while the number is being reserved: the caller waits for the longest, not for all.
        (number, key, fresh), papers, first = await asyncio.gather(
            self.number_for(arrival, principal),
            self._papers.make(arrival, estate=place),
            self._repeating.first(arrival, place, policy.at(place).rules),
        )
        papers["key"] = key.id if key else None
        if not fresh and (stored := await self._stored(number, key)) is not None:
            return await self._answer(stored, policy, arrival, principal), False
        for _ in range(NUMBER_TRIES):
            ticket = await self._insert(arrival, principal, policy, number, place, papers, first)
            if ticket is not None:
                return await self._answer(ticket, policy, arrival, principal), True
            if (stored := await self._stored(number, key)) is not None:
                return await self._answer(stored, policy, arrival, principal), False
            number = await self._another_number(number, key)
        raise RuntimeError("three fresh numbers in a row were taken; the generator is broken")

    async def _stored(self, number: str, key: Key | None) -> Ticket | None:
        """The ticket of this number, if it is this key's; a stranger's is not looked at."""
        doc = await self._store.get("tickets", number) if key else None
        return ticket_from_doc(doc) if doc and key and doc["key"] == key.id else None

    async def _another_number(self, taken: str, key: Key | None) -> str:
        fresh = new_number()
        if key is not None:
            await self._reservations.renumber(key, taken, fresh)
        return fresh

    async def number_for(
        self, arrival: Arrival, principal: Principal
    ) -> tuple[str, Key | None, bool]:
        """The number a report has or gets, the key it is reserved under, and whether it is new.

        The same key and body always give the same number. Raises Conflict for another body.
        """
        key = idempotency_key(self._secret, principal.id, arrival.name, arrival.raw)
        if key is None:
            return new_number(), None, True
        candidate = new_number()
        number, same = await self._reservations.reserve(key, candidate)
        if same:
            return number, key, number == candidate
        if arrival.found.emergency:
            # A used key must not silence a cry for help: it gets a ticket of its own, and its
            # key is made from its body, so that its own repeats are recognised.
            own = replace(arrival, name=f"{arrival.name}\n{key.body}")
            return await self.number_for(own, principal)
        raise Conflict(number)

    async def _insert(
        self,
        arrival: Arrival,
        principal: Principal,
        policy: Policy,
        number: str,
        place: str | None,
        papers: Doc,
        first: str | None,
    ) -> Ticket | None:
        """Write the ticket; None when the number is taken."""
        report = arrival.report
        now = self._store.clock.now()
        made = plan(_reported(arrival, place), policy, now)
        may_answer = principal.role in {"agent", "dispatcher", "supervisor"}
        applied = register(
            Registration(
                number=number,
                channel=report.channel,
                estate=place,
                by=principal.id,
                told=report.channel in TOLD_AT_ONCE,
                answered=bool(report.answer) and may_answer and not made.is_emergency,
                owner=principal.id if allows(principal, _OWNING) else None,
                test=report.test,
                about=about(report.about) or NOBODY,
                repeat_of=first,
                risk=policy.at(place).rules.tells_of_risk(report.text),
            ),
            made,
            now,
            rules_of(policy.at(place)),
        )
        if await self._tickets.insert(applied, papers) is Verdict.LOST:
            return None
        if not report.test:
            metrics.TICKETS.labels(made.type, made.urgency, report.channel).inc()
        logger.info("ticket_registered", ticket=number, urgency=made.urgency, type=made.type)
        return applied.ticket

    async def _answer(
        self, ticket: Ticket, policy: Policy, arrival: Arrival, principal: Principal
    ) -> Answer:
        return answer_for(
            ticket,
            policy.at(ticket.estate),
            language=arrival.language,
            faults=(*arrival.faults, *notices(arrival.report, estate=ticket.estate)),
            reporter_ref=arrival.report.reporter_ref,
            alert_published=self._alert_published(),
            duplicate_of=await self.told_repeat(ticket, principal),
        )

    async def told_repeat(self, ticket: Ticket, principal: Principal) -> str | None:
        """The first ticket of the matter, for the desk alone, and only what it may see itself."""
        if ticket.repeat_of is None or not allows(principal, _OWNING):
            return None
        first = await self._tickets.get(ticket.repeat_of)
        return first.number if first is not None and sees(principal, first) else None


def _place(arrival: Arrival, policy: Policy) -> str | None:
    """The estate that a report is about, where it can be told."""
    report = arrival.report
    estate = policy.group.find_estate(report.estate, report.address, report.location)
    return estate.id if estate else None


def _reported(arrival: Arrival, estate: str | None) -> Reported:
    report = arrival.report
    faults = [fault for fault in arrival.faults if fault.field != "estate"]
    return Reported(
        text=report.text, estate=estate, type=report.type, area=report.area, faulty=bool(faults),
        found=arrival.found,
    )  # fmt: skip
