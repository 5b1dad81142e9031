"""A page of tickets is the right page, and costs a page, however many tickets there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest
import pytest_asyncio
from typing_extensions import override

from shared.identity import Principal
from shared.readers.ticket_lists import LIST_INDEXES, list_tickets
from shared.store import Store
from shared.tickets import TicketStatus
from tests.support.questions import questions
from tests.support.servers import Corner

LIMIT: Final = 10
BEGAN: Final = datetime(2026, 11, 23, 8, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
ALIKE: Final = 2
"""So many tickets at most were registered in the same second here; where a page ends within one,
the next page reads it anew.
"""
OPEN: Final = (TicketStatus.DISPATCHED, TicketStatus.IN_PROGRESS, TicketStatus.SUSPENDED)
DESK: Final = Principal("a", "dispatcher")
AT_JINYUAN: Final = Principal("j", "supervisor", frozenset({"jinyuan"}))
GUARD: Final = Principal("g", "department", frozenset({"cuihu"}), frozenset({"security"}))
TWO: Final = Principal("t", "department", frozenset({"cuihu", "jinyuan"}),
                       frozenset({"security", "greening"}))  # fmt: skip
EVERY_GARDENER: Final = Principal("e", "department", departments=frozenset({"greening"}))


@dataclass(frozen=True)
class Look:
    """Who asks for what, and so which tickets are his."""

    principal: Principal
    wanted: dict[str, Any] = field(default_factory=dict)

    @override
    def __str__(self) -> str:
        wanted = {key: value if key != "statuses" else [*map(str, value)]
                  for key, value in self.wanted.items()}  # fmt: skip
        return f"{self.principal.id} {wanted}"

    def holds(self, doc: dict[str, Any]) -> bool:
        departments = {order["department"] for order in doc["work_orders"]}
        asked = self.wanted.get("department")
        return (
            self.principal.reaches(doc["estate"])
            and self.wanted.get("estate", doc["estate"]) == doc["estate"]
            and doc["status"] in self.wanted.get("statuses", tuple(TicketStatus))
            and (self.principal.role != "department"
                 or any(map(self.principal.answers_for, departments)))
            and (asked is None or asked in departments)
        )  # fmt: skip


LOOKS: Final = [
    Look(DESK),
    Look(DESK, {"statuses": OPEN}),
    Look(DESK, {"statuses": (TicketStatus.SUSPENDED,)}),
    Look(DESK, {"statuses": OPEN, "department": "engineering"}),
    Look(DESK, {"statuses": OPEN, "department": "greening"}),
    Look(DESK, {"statuses": OPEN, "department": "finance"}),
    Look(DESK, {"estate": "binjiang"}),
    Look(DESK, {"estate": "binjiang", "statuses": (TicketStatus.SUSPENDED,)}),
    Look(AT_JINYUAN, {"statuses": OPEN}),
    Look(AT_JINYUAN, {"statuses": (TicketStatus.MERGED,)}),
    Look(AT_JINYUAN, {"estate": "binjiang"}),
    Look(GUARD),
    Look(GUARD, {"statuses": OPEN}),
    Look(TWO, {"statuses": OPEN}),
    Look(EVERY_GARDENER, {"statuses": OPEN}),
]


@pytest.fixture(scope="module")
def docs() -> list[dict[str, Any]]:
    """Most work is engineering's and done; security's and greening's is seldom."""
    made = []
    for n, (estate, status) in enumerate(
        product(["jinyuan", "binjiang", "cuihu", None], [*TicketStatus, *["closed"] * 40] * 10)
    ):
        department = "security" if n % 97 == 0 else "greening" if n % 89 == 0 else "engineering"
        orders = [] if status == "registered" else [{"department": department}]
        if n % 31 == 0:
            orders.append({"department": "greening"})
        made.append({"_id": f"{n * 7919 % 100_000:05}", "estate": estate, "status": str(status),
                     "work_orders": orders,
                     "registered_at": BEGAN + n * 7_907 % 10_007 // 2 * SECOND})  # fmt: skip
    return sorted(made, key=lambda doc: (doc["registered_at"], doc["_id"]), reverse=True)


@pytest_asyncio.fixture
async def filled(store: Store, docs: list[dict[str, Any]]) -> AsyncIterator[Store]:
    await store.documents("tickets").create_indexes(list(LIST_INDEXES))
    await store.documents("tickets").insert_many(
        [doc | {"version": 1, "made_by": "test"} for doc in docs]
    )
    yield store


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_a_page_is_right_and_costs_a_page(
    filled: Store, corner: Corner, docs: list[dict[str, Any]], look: Look
) -> None:
    hits = [doc["_id"] for doc in docs if look.holds(doc)]

    for begin in (0, len(hits) * 9 // 10):
        after = None
        if begin:
            page = await _page(filled, look, after=None, limit=begin)
            after = page.next
        with questions(corner.mongo_url, corner.database) as record:
            found = await _page(filled, look, after=after, limit=LIMIT)
            [question] = record.asked()

        assert [doc["_id"] for doc in found.items] == hits[begin : begin + LIMIT]
        assert question.documents <= LIMIT + 1 + ALIKE, question


async def _page(store: Store, look: Look, *, after: str | None, limit: int) -> Any:
    return await list_tickets(
        store,
        look.principal,
        "ticket.see",
        **look.wanted,
        after=after,
        limit=limit,
        fields=("status",),
    )
