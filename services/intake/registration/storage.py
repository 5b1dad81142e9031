"""Documents of intake: what is kept beside a ticket, and lists of tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.intake.registration.domain import WITHHELD, Arrival, persons_of
from shared.buildings import building_of
from shared.privacy import BlindIndex, Sealer, scrub
from shared.privacy.index import kept
from shared.privacy.terms import terms_of
from shared.readers.ticket_filters import EVER
from shared.readers.ticket_lists import LIST_INDEXES, NEWEST, SEARCH_INDEXES
from shared.store import Doc, outbox_index
from shared.triage.taxonomy import EMERGENCY

INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    "tickets": (
        outbox_index(),
        *LIST_INDEXES,
        *SEARCH_INDEXES,
        IndexModel(
            [("index.phone", ASCENDING), ("registered_at", DESCENDING)],
            name="by_phone",
            partialFilterExpression={"index.phone": {"$exists": True}},
        ),
        IndexModel(
            [("index.contact", ASCENDING), ("registered_at", DESCENDING)],
            name="by_contact_s_phone",
            partialFilterExpression={"index.contact": {"$exists": True}},
        ),
        IndexModel(
            [("index.flat", ASCENDING), ("registered_at", DESCENDING)],
            name="by_flat",
            partialFilterExpression={"index.flat": {"$exists": True}},
        ),
        # What one call was about: the caller is told all of its numbers.
        IndexModel(
            [("call", ASCENDING)],
            name="by_call",
            partialFilterExpression={"call": {"$gt": ""}},
        ),
        # What a system tells of once more while it runs: emergencies alone.
        IndexModel(
            [("principal", ASCENDING), ("emergency_kind", ASCENDING), ("registered_at", ASCENDING)],
            name="alerts_of_sender",
            partialFilterExpression={"urgency": EMERGENCY},
        ),
        IndexModel(
            [("owner", ASCENDING), *NEWEST.sort],
            name="by_owner",
            partialFilterExpression={"owner": {"$gt": ""}, "over_at": None},
        ),
        IndexModel(
            [("legal_holds.id", ASCENDING)],
            name="by_legal_hold",
            partialFilterExpression={"legal_holds.id": {"$exists": True}},
        ),
        # Only tickets that are over, and still have a person: nothing at registration.
        IndexModel(
            [("type", ASCENDING), ("over_at", ASCENDING)],
            name="by_end",
            partialFilterExpression={"over_at": {"$gt": EVER}, "persons": {"$gt": {}}},
        ),
    ),
}
LISTED_FIELDS: Final = (
    "status",
    "estate",
    "building",
    "type",
    "area",
    "urgency",
    "emergency_kind",
    "held",
    "registered_at",
    "next_due",
    "due",
    "round",
    "version",
    "channel",
    "place_differs",
    "incident",
    "risk",
)


def _building(arrival: Arrival) -> str | None:
    """The building that location or words name, else that of the caller's flat, which is where they
    mean. Of whoever asked for confidence it would tell more than they did; and of a danger nobody
    guesses the building, by which its alert is kept apart from others.
    """
    report = arrival.report
    named = building_of(report.location, report.text)
    is_guessed = not (report.confidential or arrival.found.emergency)
    if named is not None or report.caller is None or not is_guessed:
        return named
    return building_of(report.caller.room)


class TicketPapers:
    """What lies beside a ticket: sealed persons, the scrubbed words, the blind index."""

    def __init__(self, sealer: Sealer, index: BlindIndex) -> None:
        self._sealer = sealer
        self._index = index

    async def make(self, arrival: Arrival, *, estate: str | None) -> Doc:
        """The papers of a new ticket. Nothing in them names a person but what is sealed."""
        report = arrival.report
        persons = persons_of(report)
        caller = report.caller.model_dump(exclude_none=True) if report.caller else {}
        words = report.model_dump(
            include={
                "text",
                "location",
                "subject",
                "address",
                "answer",
                "external_id",
                "reporter_ref",
                "upstream_number",
                "device",
                "attachments",
            },
            exclude_none=True,
            exclude_defaults=True,
        )
        hidden = {WITHHELD: arrival.withheld} if arrival.withheld else {}
        sealed = {"caller": await self._sealer.seal_person(caller | words | hidden, estate=estate)}
        if report.on_site_contact:
            contact = report.on_site_contact.model_dump(exclude_none=True)
            sealed["on_site_contact"] = await self._sealer.seal_person(contact, estate=estate)
        contact_s = report.on_site_contact.phone if report.on_site_contact else None
        entries = kept(
            **self._index.of_caller(estate, caller),
            contact=self._index.phones(contact_s),
            device=self._index.devices(report.device),
        )
        scrubbed = scrub(report.text, persons)
        return {
            "persons": sealed,
            "index": entries,
            "scrubbed": scrubbed,
            "terms": terms_of(scrubbed),
            "location": scrub(report.location, persons) if report.location else None,
            "building": _building(arrival),
            "caller_role": report.caller.role if report.caller else None,
            "confidential": report.confidential,
            "language": arrival.language,
            "faults": [{"field": f.field, "fault": f.fault} for f in arrival.faults],
            "reported_at": report.reported_at,
            "due_by": report.due_by,
            "call": report.call,
        }
