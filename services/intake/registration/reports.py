"""Use case: a report becomes a ticket, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.intake.registration.domain import (
    Answer,
    Arrival,
    answer_for,
    idempotency_key,
    notices,
)
from services.intake.registration.joining import NOT_RUNNING, Joining
from services.intake.registration.repeat_calls import Matter, RepeatCalls, in_its_light
from services.intake.registration.repeated_alerts import Earlier, RepeatedAlerts
from services.intake.registration.reservations import (
    NUMBER_TRIES,
    Claim,
    Reservations,
    alerting_of,
)
from services.intake.registration.rung_callers import RungCallers
from services.intake.registration.storage import TicketPapers
from shared.contracts import Fault, MalformedMessage
from shared.contracts.errors import MAX_FAULTS
from shared.contracts.refusals import NotThere, NotYours
from shared.contracts.report import TicketReport, read_leniently, read_strictly
from shared.identity import Principal, action_of, allows, is_about, require, sees
from shared.policy.hearing import hear
from shared.policy.plan import Reported, plan
from shared.policy.policy import Policy
from shared.readers.emergencies import emergency_state
from shared.readers.people import KnownPeople
from shared.readers.tickets import Tickets, rules_of
from shared.store import Doc, Store
from shared.telemetry import logger, metrics
from shared.tickets import Registration, Ticket, Transition, register
from shared.tickets.model import AskedVisit
from shared.tickets.numbers import new_number
from shared.triage.classify import Classification, decided_danger
from shared.triage.taxonomy import EMERGENCY, UNKNOWN_KIND

_OWNING: Final = action_of(Transition.OWN)
_ANYWHERE: Final = "ticket.register_anywhere"
TOLD_AT_ONCE: Final = frozenset({"app", "web", "wechat", "open311", "system", "iot", "government"})
"""Channels where the answer itself tells the promise; on the phone the agent confirms it."""


class Reports:
    """Turns reports into tickets. An emergency is never refused, whatever its faults."""

    def __init__(
        self,
        store: Store,
        tickets: Tickets,
        policy: Callable[[], Policy],
        papers: TicketPapers,
        repeat_calls: RepeatCalls,
        repeated_alerts: RepeatedAlerts,
        known_people: KnownPeople,
        *,
        joining: Joining,
        rung_callers: RungCallers,
        secret: bytes,
        alert_published: Callable[[], bool],
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._policy = policy
        self._papers = papers
        self._repeat_calls = repeat_calls
        self._repeated_alerts = repeated_alerts
        self._joining = joining
        self._rung_callers = rung_callers
        self._known_people = known_people
        self._reservations = Reservations(store)
        self._secret = secret
        self._alert_published = alert_published

    def triage(self, raw: Mapping[str, Any]) -> Classification:
        """What a raw report is about; cheap, and MalformedMessage only without any text."""
        report, _ = read_leniently(raw)
        return self._classify(report)

    def classify_text(self, text: str) -> Classification:
        """What words alone would be taken for."""
        return hear(text, self._policy())

    def read(
        self,
        raw: Mapping[str, Any],
        *,
        name: str | None,
        principal: Principal,
        language: str = "zh",
        damage: tuple[Fault, ...] = (),
    ) -> Arrival:
        """Read a report: strictly for routine work, leniently when it is an emergency; `damage` is
        what was wrong with its bytes. The desk need not know the place: a caller who does not say
        it, or has rung off, is asked later. Nor need it know anything of an emergency.

        Raises MalformedMessage naming the fields at fault of a routine report.
        """
        is_of_desk = _is_of_desk(principal)
        report, faults = read_leniently(raw, may_be_silent=is_of_desk)
        found = self._classify(report, decides=is_of_desk)
        if not found.emergency:
            if damage:
                raise MalformedMessage.naming(damage)
            report, faults = read_strictly(raw, needs_place=not is_of_desk), ()
        return Arrival(
            report=report,
            found=found,
            raw=raw,
            faults=(*damage, *faults)[:MAX_FAULTS],
            name=name or report.external_id,
            language=language,
        )

    def _classify(self, report: TicketReport, *, decides: bool = False) -> Classification:
        """What its words are about; its subject where only that tells of a danger. Whoever speaks
        with the caller `decides` which emergency it is; that it is of an unknown kind decides
        nothing but that it is one.
        """
        taxonomy, kind = self._policy().taxonomy, report.emergency_kind
        if decides and kind is not None and taxonomy.has_kind(kind):
            told = self._judged(report, report.text) if kind == UNKNOWN_KIND else None
            return told if told and told.emergency else decided_danger(kind, taxonomy)
        found = self._judged(report, report.text)
        if found.emergency or report.subject is None:
            return found
        subject = self._judged(report, report.subject)
        return subject if subject.emergency else found

    def _judged(self, report: TicketReport, words: str) -> Classification:
        return hear(
            words,
            self._policy(),
            type_hint=EMERGENCY if report.emergency_kind else report.type,
            area_hint=report.area,
            kind_hint=report.emergency_kind,
        )

    async def register(self, arrival: Arrival, principal: Principal) -> tuple[Answer, bool]:
        """Register a report; the answer, and whether this call made the ticket.

        The same key and body give the stored ticket's answer, until its matter is long over. Raises
        Conflict for another body under a key in use, Forbidden for a role that does not register,
        NotYours for a place beyond a system's reach, and MalformedMessage for whom nobody knows or
        an emergency to join that does not run (all for routine work only: an emergency is taken
        from everybody).
        """
        if not arrival.found.emergency:
            require(principal, Transition.REGISTER)
        place = _place(arrival, self._policy())
        arrival = await self._joining.joined(arrival, principal, place)
        if arrival.found.emergency:
            with self._store.precedence.urgent():
                return await self._register(await self._about_known(arrival), principal)
        return await self._register(await self._about_known(arrival), principal)

    async def _about_known(self, arrival: Arrival) -> Arrival:
        """With those people and departments whom it is about and who are known. Whoever reports an
        emergency hears of the others in its answer.
        """
        concerned = arrival.report.about
        if concerned is None:
            return arrival
        about, faults = await self._known_people.read_about(
            concerned, self._policy(), sent=arrival.raw["about"]
        )
        if faults and not arrival.found.emergency:
            raise MalformedMessage.naming(faults)
        return replace(arrival, about=about, faults=(*arrival.faults, *faults)[:MAX_FAULTS])

    async def _register(self, arrival: Arrival, principal: Principal) -> tuple[Answer, bool]:
        policy = self._policy()
        place = _place(arrival, policy)
        if not arrival.found.emergency:
            _check_reach(principal, place)
            if NOT_RUNNING in arrival.faults:
                return await self._registered_before(arrival, principal, policy), False
            return await self._make(arrival, principal, policy, place)
        if arrival.joins is not None:
            return await self._make(arrival, principal, policy, place)
        made = plan(_reported(arrival, place), policy, self._store.clock.now())
        alert = self._repeated_alerts.alert_of(
            arrival, principal, kind=made.emergency_kind, place=place
        )
        if alert is None:
            return await self._make(arrival, principal, policy, place)
        async with self._repeated_alerts.turn(alert):
            earlier = await self._repeated_alerts.fold(alert)
            if earlier is None:
                return await self._make(arrival, principal, policy, place)
        return await self._told_again(earlier, arrival, principal, policy), False

    async def _registered_before(
        self, arrival: Arrival, principal: Principal, policy: Policy
    ) -> Answer:
        """The answer of the ticket that was made of this report while the emergency ran that it
        joins; raises MalformedMessage where there is none.
        """
        key = idempotency_key(self._secret, principal.id, arrival.name, arrival.raw)
        claim = await self._reservations.standing(key) if key is not None else None
        if claim is None or claim.ticket is None:
            raise MalformedMessage.naming([NOT_RUNNING])
        without = replace(arrival, faults=())
        return await self._answer(claim.ticket, claim, policy, without, principal)

    async def _told_again(
        self, earlier: Earlier, arrival: Arrival, principal: Principal, policy: Policy
    ) -> Answer:
        """The answer for what was told before. Its key stands for the earlier ticket from now on:
        its sender speaks of it by that key, and what comes again when all is over is no new cry.
        """
        number = earlier.ticket.number
        await self.claim_for(arrival, principal, earlier=number)
        claim = Claim(number, ticket=earlier.ticket, emergency=earlier.emergency)
        return await self._answer(earlier.ticket, claim, policy, arrival, principal)

    async def _make(
        self, arrival: Arrival, principal: Principal, policy: Policy, place: str | None
    ) -> tuple[Answer, bool]:
        """The ticket of a report, or the one that it made before; whether this call made it."""
        arrival = await self._rung_callers.taken_over(
            arrival, principal, desk=_is_of_desk(principal)
        )
        # Sealed while the number is being reserved: the caller waits for the longest, not for all.
        claim, papers, matter = await asyncio.gather(
            self.claim_for(arrival, principal),
            self._papers.make(arrival, estate=place),
            self._repeat_calls.matter(arrival, place, policy.at(place).rules),
        )
        if matter is not None:
            arrival = replace(arrival, found=in_its_light(arrival.found, matter, policy.at(place)))
        papers["key"] = claim.key.id if claim.key else None
        for _ in range(NUMBER_TRIES):
            if claim.ticket is not None:
                return await self._answer(claim.ticket, claim, policy, arrival, principal), False
            ticket = await self._insert(
                arrival, principal, policy, claim.number, place, papers, matter
            )
            if ticket is not None:
                return await self._answer(ticket, claim, policy, arrival, principal), True
            claim = await self._lost(claim)
        raise RuntimeError("three fresh numbers in a row were taken; the generator is broken")

    async def _lost(self, claim: Claim) -> Claim:
        """The number is taken: by the same report elsewhere, or by a stranger, who keeps it."""
        if claim.key is None:
            return Claim(new_number())
        return await self._reservations.after_loss(claim.key, claim.number)

    async def claim_for(
        self, arrival: Arrival, principal: Principal, *, earlier: str | None = None
    ) -> Claim:
        """The number a report has or gets, and the ticket that it repeats, where there is one; the
        number that it gets is that of the `earlier` ticket where it was told of that one.

        Raises Conflict for another body under a key in use.
        """
        key = idempotency_key(self._secret, principal.id, arrival.name, arrival.raw)
        if key is None:
            return Claim(new_number())
        if not arrival.found.emergency:
            return await self._reservations.claim(key)
        # A used key must not silence a cry for help: it gets a ticket of its own, and its key is
        # made from its body, so that its own repeats are recognised.
        named = f"{arrival.name}\n{key.body}"
        own = idempotency_key(self._secret, principal.id, named, arrival.raw)
        return await self._reservations.claim(key, own, earlier=earlier)

    async def _insert(
        self,
        arrival: Arrival,
        principal: Principal,
        policy: Policy,
        number: str,
        place: str | None,
        papers: Doc,
        matter: Matter | None,
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
                owner=principal.id if _sees_through(principal, place) else None,
                test=report.test,
                about=arrival.about,
                repeat_of=matter.first if matter else None,
                risk=policy.at(place).rules.tells_of_risk(f"{report.subject or ''}\n{report.text}"),
                joins=arrival.joins.number if arrival.joins else None,
                asked_appointment=_asked_visit(report),
                call=arrival.rang,
            ),
            made,
            now,
            rules_of(policy.at(place)),
        )
        if not await self._tickets.insert(applied, papers):
            return None
        if not report.test:
            metrics.TICKETS.labels(made.type, made.urgency, report.channel).inc()
        logger.info("ticket_registered", ticket=number, urgency=made.urgency, type=made.type)
        return applied.ticket

    async def _answer(
        self, ticket: Ticket, claim: Claim, policy: Policy, arrival: Arrival, principal: Principal
    ) -> Answer:
        told = notices(arrival.report, estate=ticket.estate, taxonomy=policy.taxonomy)
        told += self._joining.tells_more(arrival)
        emergency = await self._joining.alert_of(ticket) if ticket.joins else claim.emergency
        return answer_for(
            ticket,
            policy.at(ticket.estate),
            language=arrival.language,
            faults=(*told, *arrival.faults)[:MAX_FAULTS],
            reporter_ref=arrival.report.reporter_ref,
            alerting=alerting_of(ticket, emergency, published=self._alert_published()),
            duplicate_of=await self.told_repeat(ticket, principal),
        )

    async def receipt(self, number: str, principal: Principal, *, language: str) -> Answer:
        """What whoever registered a ticket was told, as it is now, also where they do not see the
        ticket itself. Raises NotThere for all others alike.
        """
        ticket = await self._tickets.get(number)
        if ticket is None or not _may_read_receipt(principal, ticket):
            raise NotThere
        emergency = await emergency_state(self._store, ticket.joins or number)
        return answer_for(
            ticket,
            self._policy().at(ticket.estate),
            language=language,
            alerting=alerting_of(ticket, emergency, published=self._alert_published()),
        )

    async def told_repeat(self, ticket: Ticket, principal: Principal) -> str | None:
        """The first ticket of the matter, for the desk alone, and only what it may see itself."""
        if ticket.repeat_of is None or not _is_of_desk(principal):
            return None
        first = await self._tickets.get(ticket.repeat_of)
        return first.number if first is not None and sees(principal, first) else None


def _check_reach(principal: Principal, place: str | None) -> None:
    """Raise NotYours for a place that somebody neither reaches nor may register for. A place that
    is not known yet is nobody's; who reaches no place at all registers nowhere.
    """
    is_nobodys = place is None and bool(principal.places)
    if is_nobodys or principal.reaches(place) or allows(principal, _ANYWHERE):
        return
    raise NotYours(
        "not-your-place",
        "This place is not one of yours",
        "send it with a key of that place, or have the desk register it; a key that has ended "
        "counts for no place, and the hotline's administrator makes a new one",
    )


def _sees_through(principal: Principal, place: str | None) -> bool:
    """Whether whoever registers a request sees it through: somebody of the desk who will see it."""
    return _is_of_desk(principal) and principal.reaches(place)


def _is_of_desk(principal: Principal) -> bool:
    """Whether somebody speaks with callers and sees their requests through."""
    return allows(principal, _OWNING)


def _may_read_receipt(principal: Principal, ticket: Ticket) -> bool:
    is_theirs = ticket.principal == principal.id and not is_about(ticket, principal)
    return is_theirs or sees(principal, ticket)


def _place(arrival: Arrival, policy: Policy) -> str | None:
    """The estate that a report is about, where it can be told."""
    report = arrival.report
    estate = policy.group.find_estate(report.estate, report.address, report.location)
    if estate is None and arrival.joins is not None:
        return arrival.joins.estate
    return estate.id if estate else None


def _asked_visit(report: TicketReport) -> AskedVisit | None:
    asked = report.appointment
    return AskedVisit(asked.from_, asked.to) if asked is not None else None


def _reported(arrival: Arrival, estate: str | None) -> Reported:
    report = arrival.report
    faults = [fault for fault in arrival.faults if fault.field != "estate"]
    return Reported(
        text=report.text,
        estate=estate,
        type=report.type,
        area=report.area,
        faulty=bool(faults),
        found=arrival.found,
    )
