"""Use case: a system tells of an emergency again while it runs. The words go to the earlier ticket,
and nobody is rung anew.

Only what is surely the same is folded, since one team too many does less harm than none: one sender
whom we know, the same kind of danger, the same device, or the same building where either names no
device. What names another person, or somebody whom it is about, is a ticket of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from services.intake.registration.domain import Arrival, persons_of
from services.intake.registration.reservations import ended_at
from shared.contracts.report import TicketReport
from shared.identity import UNNAMED, Principal
from shared.privacy import BlindIndex, building_of, scrub
from shared.privacy.index import entries_in
from shared.readers.emergencies import EmergencyState, emergency_state
from shared.readers.tickets import Tickets
from shared.store import Doc, Order, Store
from shared.telemetry import logger
from shared.tickets import NOBODY, TICKET, Steps, Ticket, Transition
from shared.tickets.acts import Supplement
from shared.tickets.lifecycle import OPEN
from shared.triage.taxonomy import EMERGENCY

MOST_LOOKED_AT: Final = 20
"""Running emergencies of one sender and kind; what is beyond is told as a new one."""
MOST_WORDS: Final = 10
"""So often other words of one sender are kept with one emergency: a time in them makes each new."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The ticket that an alert is told of once more, and how its emergency stands."""

    ticket: Ticket
    emergency: EmergencyState | None


class RepeatedAlerts:
    """Finds the running emergency that a system's alert is about, and keeps what it adds."""

    def __init__(self, store: Store, tickets: Tickets, index: BlindIndex) -> None:
        self._store = store
        self._tickets = tickets
        self._index = index

    def turn(self, arrival: Arrival, principal: Principal) -> AbstractAsyncContextManager[Any]:
        """Alerts of one sender in this process go one after the other, so that of two that come
        together the second finds the first.
        """
        is_folded = _is_folded(arrival, principal)
        return self._store.turn("alerts", principal.id) if is_folded else nullcontext()

    async def fold(
        self, arrival: Arrival, principal: Principal, *, kind: str | None, place: str | None
    ) -> Earlier | None:
        """The earlier emergency with these words; None where this alert is a new one."""
        if not _is_folded(arrival, principal):
            return None
        for doc in await self._candidates(arrival, principal, kind, place):
            ticket = TICKET.from_doc(doc)
            emergency = await emergency_state(self._store, ticket.number)
            if ended_at(ticket, emergency) is None:
                logger.info("alert_repeated", ticket=ticket.number)
                return Earlier(await self._added(ticket, doc, arrival, principal), emergency)
        return None

    async def _candidates(
        self, arrival: Arrival, principal: Principal, kind: str | None, place: str | None
    ) -> list[Doc]:
        report = arrival.report
        devices = self._index.devices(report.device)
        building = building_of(report.location, report.text)
        same: list[Doc] = [{"index.device": {"$in": devices}}] if devices else []
        if place is not None and building is not None:
            same.append({"estate": place, "building": building})
        if not same:
            return []
        query = {
            "principal": principal.id,
            "urgency": EMERGENCY,
            "emergency_kind": kind,
            "test": report.test,
            "about": None,
            "status": {"$in": [status.value for status in OPEN]},
            "$or": same,
        }
        order = Order("registered_at").sort
        found = await self._store.find("tickets", query, sort=order, limit=MOST_LOOKED_AT)
        phone = report.caller.phone if report.caller else None
        phones = self._index.phones(phone)
        return [
            doc
            for doc in found
            if _may_be(devices, doc, "device") and (_may_be(phones, doc, "phone") or not phone)
        ]

    async def _added(
        self, earlier: Ticket, doc: Mapping[str, Any], arrival: Arrival, principal: Principal
    ) -> Ticket:
        """The earlier ticket with these words, once each, and not without end."""
        note = _words_of(arrival.report)
        known = {doc.get("scrubbed")}

        def walk(steps: Steps) -> Steps:
            said = [
                entry.note
                for entry in steps.ticket.timeline
                if entry.by == principal.id and entry.transition == Transition.SUPPLEMENT
            ]
            if note in {*known, *said} or len(said) >= MOST_WORDS:
                return steps
            return steps.must(Supplement(by=principal.id, note=note))

        return (await self._tickets.walk(earlier.number, walk)).ticket


def _is_folded(arrival: Arrival, principal: Principal) -> bool:
    """Of senders whom the broker did not name nobody knows which are one."""
    is_known = principal.role == "system" and principal.id != UNNAMED.id
    return arrival.found.emergency and is_known and arrival.about == NOBODY


def _may_be(entries: list[str], doc: Mapping[str, Any], field: str) -> bool:
    """Whether both name the same, or either names none."""
    kept = entries_in((doc.get("index") or {}).get(field))
    return not entries or not kept or bool(set(entries) & set(kept))


def _words_of(report: TicketReport) -> str:
    """What is kept of them, as a timeline may hold it."""
    return scrub(report.text, persons_of(report))
