"""Whatever is asked for, an index gives it: in words, in any order, and when it is counted."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio

from shared.identity import Principal
from shared.privacy.terms import sought_in, terms_of
from shared.readers import ticket_lists
from shared.readers.ticket_filters import TicketFilters
from shared.readers.ticket_lists import (
    LIST_INDEXES,
    SEARCH_INDEXES,
    SortName,
    count_tickets,
    count_tickets_by,
    page_of_tickets,
    ticket_listing,
)
from shared.store import Page, Store
from shared.tickets import TicketStatus
from tests.support.questions import questions
from tests.support.servers import Corner

MANY: Final = 4_000
LIMIT: Final = 50
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
PLACES: Final = [f"place-{n}" for n in range(20)]
SAYINGS: Final = (
    "水龙头漏水",
    "楼道灯不亮",
    "电梯有异响",
    "楼上装修太吵",
    "停车费怎么算",
    "门禁打不开",
    "下水道堵了",
    "垃圾没有清运",
)
AREAS: Final = ("plumbing", "electrical", "lift", "noise", "fees", "access", "drains", "cleaning")
DESK: Final = Principal("a", "agent")
HERE: Final = Principal("b", "agent", frozenset({"place-3"}))


def made(many: int) -> Iterator[dict[str, Any]]:
    """Most are over; a word of every eighth, and one of every hundredth."""
    chance = random.Random(7)
    for n in range(many):
        is_over = chance.random() < 0.95
        kind = n % len(SAYINGS)
        seldom = "消防通道" if chance.random() < 0.01 else ""
        at = BEGAN + timedelta(seconds=n * 20_000_000 // many)
        status = "closed" if is_over else "dispatched"
        due = None if is_over else at + timedelta(hours=chance.randrange(1, 400))
        urgency = chance.choices(["normal", "urgent", "emergency"], [90, 8, 2])[0]
        yield {
            "_id": f"{n * 7919 % 10_000_000:08}",
            "version": 1,
            "made_by": "test",
            "estate": chance.choice(PLACES),
            "status": status,
            "registered_at": at,
            "due": due,
            "over_at": at if is_over else None,
            "urgency": urgency,
            "area": AREAS[kind],
            "type": "repair",
            "channel": "phone",
            "building": str(n % 23),
            "terms": terms_of(f"{SAYINGS[kind]}，{seldom}请尽快派人来处理一下，谢谢{n % 977}"),
            "owner": f"agent-{n % 60}",
            "risk": n % 500 == 0,
            "level": int(n % 300 == 0),
            "incident": f"i-{n // 50}" if n % 100 == 0 else None,
            "work_orders": [{"department": f"d-{n % 9}", "assignee": f"worker-{n % 200}"}],
        }


@pytest_asyncio.fixture(scope="function")
async def filled(store: Store) -> AsyncIterator[Store]:
    await fill(store, MANY)
    yield store


async def fill(store: Store, many: int) -> None:
    documents = store.documents("tickets")
    await documents.create_indexes([*LIST_INDEXES, *SEARCH_INDEXES])
    batch: list[dict[str, Any]] = []
    for doc in made(many):
        batch.append(doc)
        if len(batch) == 1_000:
            await documents.insert_many(batch)
            batch = []
    if batch:
        await documents.insert_many(batch)


@dataclass(frozen=True)
class Look:
    """Who asks for what in which order, and how much more than a page it may read."""

    name: str
    asked: dict[str, Any] = field(default_factory=dict)
    sort: SortName = "newest"
    principal: Principal = DESK
    times: int = 3

    @property
    def filters(self) -> TicketFilters:
        return TicketFilters(**self.asked)


LATE: Final = BEGAN + timedelta(days=200)
LOOKS: Final = [
    Look("all"),
    Look("all, oldest", sort="oldest"),
    Look("due first", sort="due", times=4),
    Look("urgent first", sort="urgent", times=5),
    Look("due first at a place", {"estates": ("place-3",)}, "due", times=4),
    Look("urgent first at one's place", sort="urgent", principal=HERE, times=8),
    Look("words of a place", {"terms": sought_in("水龙头"), "estates": ("place-3",)}, times=4),
    Look("seldom words of a place", {"terms": sought_in("消防通道"), "estates": ("place-3",)}),
    Look("words of a time", {"terms": sought_in("水龙头"), "registered_from": LATE}),
    Look(
        "a seldom and a usual word",
        {"terms": sought_in("请尽快 消防通道"), "registered_from": BEGAN},
    ),
    Look(
        "words that are open",
        {"terms": sought_in("水龙头"), "over": False, "estates": ("place-3",)},
        times=8,
    ),
    Look("words that nobody said", {"terms": sought_in("飞碟降落"), "registered_from": BEGAN}),
    Look("a number", {"number": "00007919"}),
    Look("an owner", {"owners": ("agent-7",)}),
    Look("somebody's work", {"assignees": ("worker-7",)}),
    Look("an outage", {"incidents": ("i-4",)}),
    Look("risks", {"risk": True}),
    Look("what was taken up", {"level": 1}),
    Look("an area", {"areas": ("lift",)}),
    Look("what falls due", {"due_before": LATE, "estates": ("place-3",)}, "due"),
    Look(
        "two states of two places",
        {
            "statuses": (TicketStatus.CLOSED, TicketStatus.DISPATCHED),
            "estates": ("place-3", "place-4"),
        },
    ),
    Look("a building of a place", {"buildings": ("3", "1期3"), "estates": ("place-3",)}),
    Look("a building, oldest", {"buildings": ("3",)}, "oldest", HERE),
    Look(
        "words of a building",
        {"buildings": ("3",), "terms": sought_in("水龙头"), "estates": ("place-3",)},
        times=8,
    ),
    Look("a department's", {"departments": ("d-3",)}),
]


async def page(store: Store, look: Look, after: str | None = None) -> Page[Any]:
    listing = ticket_listing(look.principal, "ticket.see", look.filters)
    return await page_of_tickets(
        store, listing, sort=look.sort, after=after, limit=LIMIT, fields=("status", "estate")
    )


async def test_a_page_and_a_count_come_from_an_index_and_read_little_more_than_they_tell(
    filled: Store, corner: Corner
) -> None:
    for look in LOOKS:
        listing = ticket_listing(look.principal, "ticket.see", look.filters)
        with questions(corner.mongo_url, corner.database) as record:
            found = await page(filled, look)
            paged = record.asked()
        with questions(corner.mongo_url, corner.database) as record:
            count = await count_tickets(filled, listing)
            by = await count_tickets_by(filled, listing, "estate")
            counted = record.asked()

        for question in (*paged, *counted):
            assert "COLLSCAN" not in question.plan, (look.name, question.plan)
        read = sum(question.documents for question in paged)
        assert read <= look.times * (LIMIT + 1), (look.name, paged)
        assert sum(each.count for each in by) == count.count, look.name
        assert len(found.items) == min(count.count, LIMIT), look.name


ABOUT_ME: Final = {"people": ["a"], "departments": []}


@pytest.mark.parametrize("most", [30, 10_000])
async def test_a_count_opens_no_ticket_but_those_about_whoever_asks(
    filled: Store, corner: Corner, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(ticket_lists, "MOST_COUNTED", most)
    mine = [doc["_id"] for doc in made(MANY) if doc["estate"] == "place-3"][:5]
    await filled.documents("tickets").update_many(
        {"_id": {"$in": mine}}, {"$set": {"about": ABOUT_ME}}
    )
    look = Look("", {"estates": ("place-3",)}, principal=Principal("a", "supervisor"))
    listing = ticket_listing(look.principal, "ticket.see", look.filters)
    expected = sum(doc["estate"] == "place-3" for doc in made(MANY)) - len(mine)

    with questions(corner.mongo_url, corner.database) as record:
        found = await count_tickets(filled, listing)
        asked = record.asked()

    assert found.count == min(expected, most)
    assert found.more == (expected > most)
    assert sum(question.documents for question in asked) == len(mine)


@pytest.mark.parametrize("sort", ["newest", "oldest", "due", "urgent"])
async def test_page_by_page_everything_comes_once_in_order(filled: Store, sort: SortName) -> None:
    look = Look("", {"estates": ("place-3", "place-9")}, sort)
    seen: list[Any] = []
    after = None
    while True:
        found = await page(filled, look, after)
        seen += found.items
        if (after := found.next) is None:
            break

    docs = [doc for doc in made(MANY) if doc["estate"] in {"place-3", "place-9"}]
    rank = {"emergency": 0, "urgent": 1, "normal": 2}
    never = datetime(2999, 1, 1, tzinfo=UTC)

    def order(doc: dict[str, Any]) -> Any:
        at = doc["registered_at"].timestamp()
        if sort == "newest":
            return (-at,)
        if sort == "oldest":
            return (at,)
        if doc["due"] is None:
            return (9, never, -at)
        if sort == "urgent" and doc["urgency"] == "emergency":
            return (0, never, -at)
        return (rank[doc["urgency"]] if sort == "urgent" else 0, doc["due"], doc["_id"])

    assert [doc["_id"] for doc in seen] == [doc["_id"] for doc in sorted(docs, key=order)]
