"""Use case: a system tells of an emergency again while it runs. The words go to the earlier ticket,
and nobody is rung anew.

Only what is surely the same is folded, since one team too many does less harm than none: one sender
whom we know, the same kind of danger, the same device, or the same building where either names no
device, while somebody is at work. Who names somebody the earlier ticket does not have, or tells of
people in danger beyond what others were called to, has a ticket of their own: an alert that is
folded leaves its words and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from services.intake.registration.domain import Arrival, persons_of
from services.intake.registration.reservations import ended_at
from shared.buildings import building_of
from shared.contracts.report import Caller, TicketReport
from shared.identity import UNNAMED, Principal
from shared.policy.outages import is_only_outage
from shared.policy.policy import Policy
from shared.privacy import BlindIndex, scrub
from shared.privacy.index import entries_in
from shared.readers.emergencies import EmergencyState, emergency_state
from shared.readers.tickets import NoSuchTicket, Tickets
from shared.store import Contested, Doc, Order, Store
from shared.telemetry import logger
from shared.tickets import NOBODY, TICKET, NotAllowed, Steps, Ticket, Transition
from shared.tickets.acts import Supplement
from shared.tickets.lifecycle import DONE, OPEN
from shared.triage.classify import dangers_in
from shared.triage.taxonomy import EMERGENCY

RUNNING: Final = OPEN - DONE
"""Somebody is at work, or to be called: told of finished work, a danger is news."""
SAME_FOR: Final = timedelta(hours=1)
"""So long after its last sign an alarm is still the same; what comes later calls people anew."""
MOST_LOOKED_AT: Final = 20
"""Running emergencies of one sender and kind; what is beyond is told as a new one."""
MOST_WORDS: Final = 10
"""So often other words of one sender are kept with one emergency: a time in them makes each new."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The ticket that an alert is told of once more, and how its emergency stands."""

    ticket: Ticket
    emergency: EmergencyState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a system tells of that it may have told of before: the kind of danger, the device by its
    entries of the blind index, the building within its estate, and the words as they may be kept.
    """

    report: TicketReport
    by: str
    kind: str | None
    place: str | None
    building: str | None
    devices: list[str]
    words: str

    @property
    def has_building(self) -> bool:
        """Whether it can be found by where it is."""
        return self.place is not None and self.building is not None


class RepeatedAlerts:
    """Finds the running emergency that a system's alert is about, and keeps what it adds."""

    def __init__(
        self, store: Store, tickets: Tickets, index: BlindIndex, policy: Callable[[], Policy]
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._index = index
        self._policy = policy

    def alert_of(
        self, arrival: Arrival, principal: Principal, *, kind: str | None, place: str | None
    ) -> Alert | None:
        """What may have been told before; None for what is an emergency of its own in any case. Of
        senders whom the broker did not name nobody knows which are one.
        """
        is_known = principal.role == "system" and principal.id != UNNAMED.id
        if not is_known or arrival.about != NOBODY:
            return None
        report = arrival.report
        alert = Alert(
            report=report,
            by=principal.id,
            kind=kind,
            place=place,
            building=building_of(report.location, report.text),
            devices=self._index.devices(report.device),
            words=_words_of(report),
        )
        return alert if alert.devices or alert.has_building else None

    def turn(self, alert: Alert) -> AbstractAsyncContextManager[Any]:
        """Alerts that may be the same go one after the other in this process, so that of two that
        come together the second finds the first. All others wait for none of them: a sender may
        speak for a thousand homes.
        """
        where = alert.devices[0] if alert.devices else f"{alert.place}/{alert.building}"
        phone = alert.report.caller.phone if alert.report.caller else None
        by_whom = self._index.phone(phone) or ""
        return self._store.turn("alerts", "\n".join((alert.by, alert.kind or "", where, by_whom)))

    async def fold(self, alert: Alert) -> Earlier | None:
        """The earlier emergency with these words; None where this alert is a new one."""
        for doc in await self._candidates(alert):
            ticket = TICKET.from_doc(doc)
            emergency = await emergency_state(self._store, ticket.joins or ticket.number)
            is_over = ended_at(ticket, emergency) is not None or self._is_old(alert, ticket)
            if is_over or self._tells_more(alert, ticket, doc):
                continue
            added = await self._added(alert, ticket.number, doc)
            if added is not None:
                logger.info("alert_repeated", ticket=added.number)
                return Earlier(added, emergency)
        return None

    def _is_old(self, alert: Alert, ticket: Ticket) -> bool:
        """Whether its sender has told nothing new of it for so long that this is news: somebody may
        have acknowledged it and gone home.
        """
        said = [entry.at for entry in ticket.timeline if entry.by == alert.by]
        return self._store.clock.now() - max(said, default=ticket.registered_at) > SAME_FOR

    async def _candidates(self, alert: Alert) -> list[Doc]:
        """Running emergencies that it may be about, the earliest first."""
        same: list[Doc] = [{"index.device": {"$in": alert.devices}}] if alert.devices else []
        if alert.has_building:
            same.append({"estate": alert.place, "building": alert.building})
        query = {
            "principal": alert.by,
            "urgency": EMERGENCY,
            "emergency_kind": alert.kind,
            "test": alert.report.test,
            "about": None,
            "status": {"$in": [status.value for status in RUNNING]},
            "$or": same,
        }
        order = Order("registered_at").sort
        found = await self._store.find("tickets", query, sort=order, limit=MOST_LOOKED_AT)
        return [
            doc
            for doc in found
            if _may_be_the_same(alert.devices, doc) and self._has_all_whom_it_names(alert, doc)
        ]

    def _has_all_whom_it_names(self, alert: Alert, doc: Mapping[str, Any]) -> bool:
        """Whether the earlier ticket has everybody whom this alert names, by the same telephone and
        flat. Of anybody else nothing would be kept, and nobody could ring them.
        """
        kept = doc.get("index") or {}
        caller, contact = _named(alert.report.caller), _named(alert.report.on_site_contact)
        entries = self._index.of_caller(alert.place, caller)
        by = {"phone": "phone", "room": "flat", "name": "surname"}
        has_caller = all(_share(entries[by[field]], kept.get(by[field])) for field in caller)
        can_tell = not caller or bool({"phone", "room"} & caller.keys())
        phones = self._index.phones(contact.get("phone"))
        return has_caller and can_tell and (not contact or _share(phones, kept.get("contact")))

    def _tells_more(self, alert: Alert, ticket: Ticket, doc: Mapping[str, Any]) -> bool:
        """Whether its words tell of more than people were called to: of another danger, or of
        people in danger in an outage, to whom nobody goes because of the outage. The same words
        tell nothing new.
        """
        before = {_first_words_of(doc), *_said_by(alert.by, ticket)}
        if alert.words in before:
            return False
        policy = self._policy().at(ticket.estate)
        if alert.kind in policy.rules.incidents.kinds:
            return not is_only_outage(alert.kind, _all_said_in(alert.report), policy)
        more = dangers_in(_all_said_in(alert.report), policy.lexicon) - {alert.kind}
        return bool(more.difference(*(dangers_in(words, policy.lexicon) for words in before)))

    async def _added(self, alert: Alert, number: str, doc: Mapping[str, Any]) -> Ticket | None:
        """The earlier ticket with these words, once each, and not without end. None where its work
        has ended meanwhile, or others are changing it: a cry for help is not refused for that.
        """

        def walk(steps: Steps) -> Steps:
            said = [*_said_by(alert.by, steps.ticket)]
            is_known = alert.words in {_first_words_of(doc), *said}
            if is_known or len(said) >= MOST_WORDS or not _runs(steps.ticket):
                return steps
            return steps.must(Supplement(by=alert.by, note=alert.words))

        try:
            ticket = (await self._tickets.walk(number, walk)).ticket
        except (NotAllowed, NoSuchTicket, Contested):
            return None
        return ticket if _runs(ticket) else None


def _runs(ticket: Ticket) -> bool:
    return ticket.is_emergency and ticket.status in RUNNING


def _may_be_the_same(devices: list[str], doc: Mapping[str, Any]) -> bool:
    """Whether both name the same device, or either names none."""
    kept = (doc.get("index") or {}).get("device")
    return not devices or not kept or _share(devices, kept)


def _share(entries: list[str], kept: str | list[str] | None) -> bool:
    return bool(set(entries) & set(entries_in(kept)))


def _named(person: Caller | None) -> dict[str, str]:
    """What a report says of a person that nobody else is called by."""
    said = person.model_dump(include={"name", "phone", "room"}) if person else {}
    return {field: value for field, value in said.items() if value}


def _said_by(principal: str, ticket: Ticket) -> Iterator[str]:
    """What a sender has added to a ticket."""
    for entry in ticket.timeline:
        if entry.by == principal and entry.transition == Transition.SUPPLEMENT and entry.note:
            yield entry.note


def _first_words_of(doc: Mapping[str, Any]) -> str:
    """What a ticket was reported with, as `_words_of` a report."""
    return "\n".join(filter(None, (doc.get("scrubbed"), doc.get("location"))))


def _words_of(report: TicketReport) -> str:
    """What is kept of an alert, as a timeline may hold it: what it says, and where that is."""
    persons, said = persons_of(report), (report.subject, report.text, report.location)
    return "\n".join(scrub(words, persons) for words in said if words)


def _all_said_in(report: TicketReport) -> str:
    """What an alert says, to be judged."""
    return "\n".join(filter(None, (report.subject, report.text, report.location)))
