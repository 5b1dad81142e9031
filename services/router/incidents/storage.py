"""How incidents are kept, and the questions about the tickets that belong to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.router.access import OPEN_STATUSES
from services.router.incidents.clusters import Report
from services.router.incidents.incident import OPEN, WHOLE_ESTATE, Incident, Linked
from shared.documents import Shape
from shared.privacy.index import entries_in
from shared.store import Collection, CollectionSpec, Doc, Order, Store
from shared.tickets import TicketStatus
from shared.triage.taxonomy import EMERGENCY


def _claims(incident: Incident) -> Sequence[str]:
    """What no other open incident may have."""
    places = incident.buildings or (WHOLE_ESTATE,)
    held = [f"{incident.estate}/{incident.area}/{place}" for place in places]
    return held if incident.is_open else []


INCIDENTS: Final = CollectionSpec(
    name="incidents",
    kind="incident",
    shape=Shape(
        value=Incident, beside=lambda each: {"is_open": each.is_open, "claims": _claims(each)}
    ),
    indexes=(
        # An outage of one area in one building is one incident, whoever finds it first.
        IndexModel(
            [("claims", ASCENDING)],
            name="once",
            unique=True,
            partialFilterExpression={"is_open": True},
        ),
        # Not `by_status`: that is the name of another one, which databases of before may have.
        IndexModel(
            [("status", ASCENDING), ("began_at", ASCENDING), ("_id", ASCENDING)],
            name="by_status_and_time",
        ),
        IndexModel(
            [("emergency", ASCENDING)],
            name="of_emergency",
            partialFilterExpression={"emergency": {"$type": "string"}},
        ),
        IndexModel(
            [("status", ASCENDING), ("is_gathered", ASCENDING)],
            name="to_part",
            partialFilterExpression={"is_gathered": False},
        ),
    ),
)
MOST_OPEN: Final = 1_000
MOST_LINKED: Final = 20_000
"""Of one incident; an estate has fewer flats."""
TICKET_INDEXES: Final = (
    IndexModel([("registered_at", ASCENDING)], name="arrived"),
    IndexModel(
        [("incident", ASCENDING)],
        name="of_incident",
        partialFilterExpression={"incident": {"$type": "string"}},
    ),
)
MOST_SHOWN: Final = 200
"""Of the requests of one incident, with their words; all of them are counted."""
_OPEN: Final = frozenset(status.value for status in (TicketStatus.REGISTERED, *OPEN_STATUSES))
_LINKED_FIELDS: Final = ("registered_at", "building", "index", "status")
_REPORT_FIELDS: Final = (
    "estate",
    "area",
    "building",
    "registered_at",
    "type",
    "emergency_kind",
    "test",
    "about",
    "index",
)


async def find_incidents(store: Store, query: Mapping[str, Any]) -> list[Incident]:
    """Incidents that a query fits, the earliest first."""
    return await Collection(store, INCIDENTS).find(query, order=Order("began_at"), limit=MOST_OPEN)


async def lately(store: Store, since: datetime) -> list[Incident]:
    """Those that are open, and those that ended since then."""
    over = {"status": {"$in": ["dismissed", "closed"]}, "began_at": {"$gte": since}}
    return await find_incidents(store, {"$or": [{"status": {"$in": sorted(OPEN)}}, over]})


async def reports(store: Store, since: datetime, until: datetime) -> AsyncIterator[Report]:
    """What came in meanwhile that might be part of an outage: no drill, nothing that is about
    somebody; the earliest first.
    """
    found = store.walk(
        "tickets",
        {"registered_at": {"$gte": since, "$lte": until}},
        sort=(("registered_at", ASCENDING),),
        fields=_REPORT_FIELDS,
    )
    async for doc in found:
        if _may_belong(doc):
            yield _report(doc)


async def reports_of(store: Store, numbers: Sequence[str]) -> list[Report]:
    """These requests, the earliest first."""
    found = await store.find(
        "tickets",
        {"_id": {"$in": list(numbers)}},
        sort=[("registered_at", ASCENDING)],
        limit=len(numbers),
        fields=_REPORT_FIELDS,
    )
    return [_report(doc) for doc in found]


async def linked_to(store: Store, incident: str) -> list[Linked]:
    """The requests that belong to an incident, the earliest first."""
    docs = await store.find(
        "tickets", {"incident": incident}, limit=MOST_LINKED, fields=_LINKED_FIELDS
    )
    return sorted((_linked(doc) for doc in docs), key=lambda each: (each.at, each.number))


async def would_belong(store: Store, incident: Incident, types: AbstractSet[str]) -> list[Linked]:
    """The requests that make an incident that is offered, and are linked to none: what `to_gather`
    will find once it is confirmed, and what nobody has the work of yet. The earliest first.
    """
    query = _alike(incident, types) | {"status": {"$in": sorted(_OPEN)}}
    docs = await store.find("tickets", query, limit=MOST_LINKED, fields=_LINKED_FIELDS)
    return sorted((_linked(doc) for doc in docs), key=lambda each: (each.at, each.number))


async def numbers_of_outages(store: Store, emergency: str) -> list[str]:
    """The requests of the incidents that an emergency is the alert of."""
    found = await store.find(
        INCIDENTS.name, {"emergency": emergency}, limit=MOST_OPEN, fields=("_id",)
    )
    linked = {"incident": {"$in": [doc["_id"] for doc in found]}}
    docs = await store.find("tickets", linked, limit=MOST_SHOWN, fields=("_id",)) if found else []
    return [doc["_id"] for doc in docs]


async def to_gather(store: Store, incident: Incident, types: AbstractSet[str]) -> list[str]:
    """Numbers of open requests of these types in its scope that belong to none yet."""
    query = _alike(incident, types)
    query["status"] = {"$in": [status.value for status in OPEN_STATUSES]}
    docs = await store.find("tickets", query, limit=MOST_LINKED, fields=("_id",))
    return [doc["_id"] for doc in docs]


def _alike(incident: Incident, types: AbstractSet[str]) -> Doc:
    query: Doc = {
        "estate": incident.estate,
        "area": incident.area,
        "type": {"$in": sorted(types)},
        "incident": None,
        "about": None,
        "test": False,
        "urgency": {"$ne": EMERGENCY},
        "registered_at": {"$gte": incident.began_at},
    }
    if incident.buildings:
        query["building"] = {"$in": list(incident.buildings)}
    if incident.restored_in:
        query["$nor"] = [{"building": {"$in": list(incident.restored_in)}}]
    return query


def _may_belong(doc: Mapping[str, Any]) -> bool:
    return doc["estate"] is not None and not (doc["test"] or doc.get("about"))


def _report(doc: Mapping[str, Any]) -> Report:
    return Report(
        doc["_id"],
        doc["registered_at"],
        doc["estate"],
        doc["area"],
        doc.get("building"),
        _household(doc),
        known_by=_known_by(doc),
        type=doc.get("type") or "",
        kind=doc.get("emergency_kind"),
    )


def _linked(doc: Mapping[str, Any]) -> Linked:
    return Linked(
        doc["_id"],
        doc["registered_at"],
        doc.get("building"),
        _household(doc),
        can_be_told=bool(_entries(doc, "phone")),
        is_open=doc["status"] in _OPEN,
    )


def _household(doc: Mapping[str, Any]) -> str:
    """A flat; where none was named a telephone, and without either each is its own."""
    named = _known_by(doc)
    return named[0] if named else str(doc["_id"])


def _known_by(doc: Mapping[str, Any]) -> tuple[str, ...]:
    return (*_entries(doc, "flat"), *_entries(doc, "phone"))


def _entries(doc: Mapping[str, Any], kind: str) -> list[str]:
    return entries_in((doc.get("index") or {}).get(kind))
