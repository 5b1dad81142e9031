"""Documents of emergencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pymongo import ASCENDING, IndexModel

from services.router.cards import MOST_COUNTED
from services.router.deadlines.falling_due import due_index
from services.router.emergencies.emergency import JOINED, Emergency
from shared.documents import Shape
from shared.identity import Principal
from shared.readers.visibility import belonging_within_reach, within_reach
from shared.store import Collection, CollectionSpec, Doc, Listing, Order, Page, Store
from shared.tickets.lifecycle import DONE, OPEN

SEE: Final = "emergency.see"
NEWEST: Final = Order("started_at", newest=True)
EMERGENCIES: Final = CollectionSpec(
    name="emergencies",
    kind="emergency",
    shape=Shape(
        value=Emergency,
        key="number",
        beside=lambda each: {"alert_of": each.outage if each.ended_at is None else None},
    ),
    lane="urgent",
    alerts=True,
    indexes=(
        # Of many who report one outage of a building at the same moment one is alerted.
        IndexModel(
            [("alert_of", ASCENDING)],
            name="one_alert",
            unique=True,
            partialFilterExpression={"alert_of": {"$gt": ""}},
        ),
        IndexModel([("ended_at", ASCENDING), ("started_at", ASCENDING)], name="running"),
        IndexModel(NEWEST.sort, name="newest"),
        IndexModel([("estate", ASCENDING), *NEWEST.sort], name="by_estate"),
        due_index(),
    ),
)
_TO_WORK_ON: Final = sorted(status.value for status in OPEN - DONE)
MOST_RUNNING: Final = 1_000
"""More dangers at once than any group has people for; what is beyond is old and forgotten."""


async def count_running(store: Store) -> tuple[int, int]:
    """How many emergencies are not over, drills left out: those that somebody has taken, and those
    that nobody has.
    """
    by = {"_id": {"$gt": ["$acknowledged_at", None]}, "n": {"$sum": 1}}
    running = {"ended_at": None, "test": {"$ne": True}}
    rows = await store.aggregate(EMERGENCIES.name, [{"$match": running}, {"$group": by}])
    found = {row["_id"]: row["n"] for row in rows}
    return found.get(True, 0), found.get(False, 0)


@dataclass(frozen=True, slots=True)
class OutageAlert:
    """The alert of an outage that runs: its emergency, and its building, where that is known."""

    number: str
    building: str | None


UNKNOWN: Final = "*"
"""Where nobody said in which building an outage is."""


def outage_of(estate: str | None, kind: str, building: str | None) -> str | None:
    """What an emergency is the alert of; None while nobody knows at which estate."""
    return f"{estate}/{kind}/{building or UNKNOWN}" if estate else None


async def outage_alerts(store: Store, estate: str, kinds: Iterable[str]) -> list[OutageAlert]:
    """The alerts of these kinds of outage that run at an estate."""
    spans = [{"alert_of": {"$gte": f"{estate}/{k}/", "$lt": f"{estate}/{k}0"}} for k in kinds]
    if not spans:
        return []
    found = await store.find(
        EMERGENCIES.name, {"$or": spans}, limit=MOST_RUNNING, fields=("alert_of",)
    )
    places = [(doc["_id"], doc["alert_of"].rpartition("/")[2]) for doc in found]
    return [OutageAlert(number, None if at == UNKNOWN else at) for number, at in places]


JOINED_INDEX: Final = IndexModel(
    [("joins", ASCENDING)],
    name="joined_to",
    partialFilterExpression={"joins": {"$type": "string"}},
)
MOST_PASSED_OVER: Final = 20
"""Pages in which a department has no part; it reads of its own, and of the last ones."""
MOST_JOINED: Final = 1_000
"""Of all emergencies that run; a whole estate does not ring about one lift."""


async def joined_to(store: Store, number: str) -> list[str]:
    """The tickets that share the alert of an emergency, over or not."""
    found = await store.find("tickets", {"joins": number}, limit=MOST_JOINED, fields=("_id",))
    return [doc["_id"] for doc in found]


async def still_joined(store: Store) -> dict[str, list[str]]:
    """The tickets with work to do that share an alert, by the emergency that they joined."""
    query = {"joins": {"$type": "string"}, "status": {"$in": _TO_WORK_ON}}
    joined: dict[str, list[str]] = {}
    for doc in await store.find("tickets", query, limit=MOST_JOINED, fields=("joins",)):
        joined.setdefault(doc["joins"], []).append(doc["_id"])
    return joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which emergencies: those that run, or those that are over; of these only what `nobody_has`,
    or what is still `unreviewed`; at one estate.
    """

    running: bool = True
    nobody_has_it: bool = False
    unreviewed: bool = False
    estate: str | None = None

    @property
    def filters(self) -> Doc:
        """As a query."""
        asked: Doc = {"ended_at": None if self.running else {"$type": "date"}}
        if self.nobody_has_it:
            asked["acknowledged_at"] = None
        if self.unreviewed:
            # What turned out to be the same as another one is reviewed there.
            asked |= {"review": None, "outcome": {"$ne": JOINED}}
        return asked


async def _listing(store: Store, principal: Principal, wanted: Wanted) -> Listing:
    within = await belonging_within_reach(
        store, principal, SEE, estate=wanted.estate, names=("_id",)
    )
    return Listing(filters=wanted.filters, within=within, order=NEWEST)


async def find_running(store: Store, principal: Principal, wanted: Wanted) -> list[Emergency]:
    """Emergencies within reach that are not over (drills too): what nobody has first, of these and
    of the others the latest first; those whose ticket may be seen, and those to which whoever asks
    was called.
    """
    near = await _listing(store, principal, wanted)
    order = Order(NEWEST.by, newest=True, loose=True)
    found = await Collection(store, EMERGENCIES).find(near.query, order=order, limit=MOST_RUNNING)
    seen = await _seen(store, principal, found)
    return sorted(seen, key=lambda each: not each.nobody_has_it)


async def page_of_ended(
    store: Store, principal: Principal, wanted: Wanted, *, after: str | None, limit: int
) -> Page[Emergency]:
    """Those that are over, the latest first, page by page; where something of a page is not for
    whoever asks, it is shorter, and a page with nothing for them is passed over.
    """
    listing, emergencies = (
        await _listing(store, principal, wanted),
        Collection(store, EMERGENCIES),
    )
    for _ in range(MOST_PASSED_OVER):
        page = await emergencies.page(listing, after=after, limit=limit)
        seen, after = await _seen(store, principal, page.items), page.next
        if seen or after is None:
            return Page(seen, after)
    return Page([], None)


async def count_emergencies(store: Store, principal: Principal, wanted: Wanted) -> int | None:
    """How many are over, by the query that their pages are of; None for a department, whose share
    the tickets alone know.
    """
    if principal.role == "department":
        return None
    listing = await _listing(store, principal, wanted)
    return await Collection(store, EMERGENCIES).count(listing, most=MOST_COUNTED + 1)


async def _seen(store: Store, principal: Principal, found: Sequence[Emergency]) -> list[Emergency]:
    numbers = [each.number for each in found]
    theirs = await _tickets_of(store, numbers, within_reach(principal, SEE))
    return [each for each in found if each.number in theirs or each.has_called(principal.id)]


async def _tickets_of(store: Store, numbers: Sequence[str], reach: Doc) -> frozenset[str]:
    query = {"_id": {"$in": list(numbers)}, **reach}
    found = await store.find("tickets", query, limit=MOST_RUNNING, fields=("_id",))
    return frozenset(doc["_id"] for doc in found)
