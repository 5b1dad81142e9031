"""Lists of tickets, for the two services that show them: one question, and the indexes for it.

Whatever somebody leaves out, one of four indexes begins with what he named and goes on by status
and number: a page costs a page, however many tickets there are (design §9).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pymongo import ASCENDING, IndexModel

from shared.identity import EVERYWHERE, Principal
from shared.store.change import Doc
from shared.store.paging import Page, at_estate, page
from shared.store.store import Store
from shared.tickets import TicketStatus

_DEPARTMENT: Final = "work_orders.department"


def _index(name: str, *named: str) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in (*named, "status", "_id")], name=name)


LIST_INDEXES: Final = (
    _index("by_status"),
    _index("by_estate_and_status", "estate"),
    _index("by_department_and_status", _DEPARTMENT),
    _index("by_estate_department_and_status", "estate", _DEPARTMENT),
)


def within_departments(principal: Principal, department: str | None = None) -> Doc:
    """The part of a query on tickets that keeps a department to its own work, and to the
    `department` asked for; a foreign one holds nothing.
    """
    limited = principal.role == "department" and EVERYWHERE not in principal.departments
    if department is None:
        return {_DEPARTMENT: {"$in": sorted(principal.departments)}} if limited else {}
    foreign = limited and not principal.answers_for(department)
    return {_DEPARTMENT: {"$in": []} if foreign else department}


async def list_tickets(
    store: Store,
    principal: Principal,
    *,
    statuses: Iterable[TicketStatus] = TicketStatus,
    estate: str | None = None,
    department: str | None = None,
    after: str | None,
    limit: int,
    fields: Sequence[str],
) -> Page:
    """Tickets within the principal's reach, by number from the cursor.

    Raises MalformedMessage for a cursor that was not given out here.
    """
    query = {
        **at_estate(principal, estate),
        **within_departments(principal, department),
        # Named one by one even when all are wanted: so the index gives them in order of number.
        "status": {"$in": [status.value for status in statuses]},
    }
    return await page(store, "tickets", query, after=after, limit=limit, fields=fields)
