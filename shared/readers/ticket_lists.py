"""Lists of tickets, for the two services that show them: one question, and the indexes for it.

Whatever somebody leaves out, one of a few indexes begins with what he named and goes on by status
and time, or by what falls due: a page costs a page, however many tickets there are (design §9).
A count is asked by the query of the list, and stops at MOST_COUNTED.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pymongo import ASCENDING, IndexModel

from shared.documents import Doc
from shared.identity import Principal
from shared.readers.ticket_filters import SOMETHING_DUE, TicketFilters
from shared.readers.visibility import ABOUT_INDEXES, DEPARTMENT_FIELD, apart, within_reach
from shared.store.paging import Listing, Order, Page
from shared.store.stages import Sorting, Stage, page_in_stages
from shared.store.store import Store
from shared.tickets import TicketStatus
from shared.tickets.lifecycle import OPEN, OVER
from shared.triage.taxonomy import EMERGENCY

NEWEST: Final = Order("registered_at", newest=True)
_DUE: Final = Order("due")
MOST_COUNTED: Final = 10_000
SortName = Literal["newest", "oldest", "due", "urgent"]
Grouped = Literal["status", "estate", "department", "type", "area", "urgency"]
_URGENT: Final = "urgent"
_OPEN: Final[Doc] = {"status": {"$in": sorted(OPEN)}}
_OVER: Final[Doc] = {"status": {"$in": sorted(OVER)}}
_NOT_DUE: Final[Doc] = {"due": None}
_EMERGENCIES: Final[Doc] = {"urgency": EMERGENCY}


def _due(**urgency: object) -> Stage:
    return Stage(_DUE, {**SOMETHING_DUE, **urgency})


SORTINGS: Final[Mapping[SortName, Sorting]] = {
    "newest": Sorting("newest", (Stage(NEWEST),)),
    "oldest": Sorting("oldest", (Stage(Order("registered_at")),)),
    "due": Sorting(
        "due", (_due(), Stage(NEWEST, _OPEN | _NOT_DUE), Stage(NEWEST, _OVER | _NOT_DUE))
    ),
    "urgent": Sorting(
        "urgent",
        (
            # Also one of which nothing is due, since nobody has it yet.
            Stage(NEWEST, _EMERGENCIES | _OPEN),
            _due(urgency=_URGENT),
            _due(urgency={"$nin": [EMERGENCY, _URGENT]}),
            Stage(NEWEST, _OPEN | _NOT_DUE | {"urgency": {"$ne": EMERGENCY}}),
            Stage(NEWEST, _OVER | {"$or": [_NOT_DUE, _EMERGENCIES]}),
        ),
    ),
}
"""By name. Where it is sorted by what falls due, what nothing is due of comes later, and what is
over last, the newest first.
"""


def _index(name: str, *named: str) -> IndexModel:
    keys = [(field, ASCENDING) for field in (*named, "status")]
    return IndexModel([*keys, *NEWEST.sort], name=name)


def _due_index(name: str, *named: str) -> IndexModel:
    """Nearly all tickets are over, and nothing is due of them: they are not in it."""
    keys = [(field, ASCENDING) for field in named]
    return IndexModel([*keys, *_DUE.sort], name=name, partialFilterExpression=dict(SOMETHING_DUE))


def _of_few(name: str, field: str, condition: Doc) -> IndexModel:
    """Of what few tickets have, or each value few."""
    return IndexModel(
        [(field, ASCENDING), *NEWEST.sort], name=name, partialFilterExpression={field: condition}
    )


LIST_INDEXES: Final = (
    _index("by_status"),
    _index("by_estate_and_status", "estate"),
    _index("by_department_and_status", DEPARTMENT_FIELD),
    _index("by_estate_department_and_status", "estate", DEPARTMENT_FIELD),
    *ABOUT_INDEXES,
)
OF_MATTER: Final = IndexModel(
    [("repeat_of", ASCENDING)],
    name="of_matter",
    partialFilterExpression={"repeat_of": {"$gt": ""}},
)
SEARCH_INDEXES: Final = (
    OF_MATTER,
    # Not `by_due`: databases of before may still have that one, by when something is warned of.
    _due_index("by_limit"),
    _due_index("by_estate_and_limit", "estate"),
    _due_index("by_urgency_and_limit", "urgency"),
    IndexModel(
        [("status", ASCENDING), *NEWEST.sort],
        name="emergencies_by_status",
        partialFilterExpression=_EMERGENCIES,
    ),
    _of_few("by_area", "area", {"$gt": ""}),
    _of_few("by_any_owner", "owner", {"$gt": ""}),
    _of_few("by_assignee", "work_orders.assignee", {"$gt": ""}),
    _of_few("by_incident", "incident", {"$gt": ""}),
    _of_few("by_risk", "risk", {"$eq": True}),
    _of_few("by_level", "level", {"$gt": 0}),
    # The estate at the end: of many tickets with a building of that number, or with a word, those
    # of one place are told apart here.
    IndexModel(
        [("building", ASCENDING), *NEWEST.sort, ("estate", ASCENDING)],
        name="by_building",
        partialFilterExpression={"building": {"$gt": ""}},
    ),
    IndexModel(
        [("terms", ASCENDING), *NEWEST.sort, ("estate", ASCENDING)],
        name="by_terms",
        partialFilterExpression={"terms": {"$gt": ""}},
    ),
)
"""What intake's lists are asked by besides."""


def ticket_listing(principal: Principal, action: str, asked: TicketFilters) -> Listing:
    """The tickets that the principal may see by `action`, as far as they are asked for."""
    within = within_reach(principal, action, estates=asked.estates, departments=asked.departments)
    return Listing(within=within, filters=asked.query(principal))


async def page_of_tickets(
    store: Store,
    listing: Listing,
    *,
    sort: SortName = "newest",
    after: str | None,
    limit: int,
    fields: Sequence[str],
) -> Page[Doc]:
    """Tickets of a list as they are sorted, from the cursor on, which counts for this sort alone.

    Raises MalformedMessage for a cursor that was not given out here.
    """
    # Both times, since a cursor is made of either.
    wanted = (*fields, "registered_at", "due")

    async def fetch(part: Listing, after: str | None, limit: int) -> Page[Doc]:
        return await store.page("tickets", part, after=after, limit=limit, fields=wanted)

    return await page_in_stages(fetch, listing, SORTINGS[sort], after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are: exactly, or where there are `more`, at least so many."""

    count: int
    more: bool
    value: str | None = None


async def count_tickets(store: Store, listing: Listing) -> Count:
    """How many tickets a list holds, MOST_COUNTED at most: all that are within reach but for those
    that are about whoever asks, of which there are few.
    """
    reached, about = (replace(listing, within=part) for part in apart(dict(listing.within)))
    hidden = await store.count("tickets", about.query, most=MOST_COUNTED)
    most = MOST_COUNTED + 1
    found = await store.count("tickets", reached.query, most=most + hidden) - hidden
    return Count(min(found, MOST_COUNTED), found >= most)


async def count_tickets_by(store: Store, listing: Listing, by: Grouped) -> list[Count]:
    """The same for each value there is, the most first: of so many tickets as are counted, so that
    where there are more each value has at least so many. A ticket counts once for each department.
    """
    field = DEPARTMENT_FIELD if by == "department" else by
    each: list[Doc] = [{"$project": {"_id": 0, "value": f"${field}"}}]
    if by == "department":
        each = [
            {"$project": {"_id": 0, "value": {"$setUnion": [f"${field}", []]}}},
            {"$unwind": "$value"},
        ]
    rows = await store.aggregate(
        "tickets",
        [
            {"$match": listing.query},
            {"$limit": MOST_COUNTED + 1},
            *each,
            {"$group": {"_id": "$value", "n": {"$sum": 1}}},
            {"$sort": {"n": -1, "_id": 1}},
        ],
    )
    return [Count(row["n"], more=False, value=row["_id"]) for row in rows]


async def list_tickets(
    store: Store,
    principal: Principal,
    action: str,
    *,
    statuses: Iterable[TicketStatus] = TicketStatus,
    estate: str | None = None,
    department: str | None = None,
    after: str | None,
    limit: int,
    fields: Sequence[str],
) -> Page[Doc]:
    """Tickets that the principal may see by `action`, the newest first, from the cursor on.

    Raises MalformedMessage for a cursor that was not given out here.
    """
    listing = Listing(
        within=within_reach(principal, action, estate=estate, department=department),
        # Named one by one even when all are wanted: so the index gives them in order of time.
        filters={"status": {"$in": [status.value for status in statuses]}},
        order=NEWEST,
    )
    return await store.page("tickets", listing, after=after, limit=limit, fields=fields)
