"""Lists of tickets, for the two services that show them: one question, and the indexes for it.

Whatever somebody leaves out, one of four indexes begins with what he named and goes on by status
and time: a page costs a page, however many tickets there are (design §9).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pymongo import ASCENDING, IndexModel

from shared.documents import Doc
from shared.identity import Principal
from shared.readers.visibility import ABOUT_INDEXES, DEPARTMENT_FIELD, within_reach
from shared.store.paging import Listing, Order, Page
from shared.store.store import Store
from shared.tickets import TicketStatus

NEWEST: Final = Order("registered_at", newest=True)


def _index(name: str, *named: str) -> IndexModel:
    keys = [(field, ASCENDING) for field in (*named, "status")]
    return IndexModel([*keys, *NEWEST.sort], name=name)


LIST_INDEXES: Final = (
    _index("by_status"),
    _index("by_estate_and_status", "estate"),
    _index("by_department_and_status", DEPARTMENT_FIELD),
    _index("by_estate_department_and_status", "estate", DEPARTMENT_FIELD),
    *ABOUT_INDEXES,
)


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
