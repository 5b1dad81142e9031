"""How follow-up tasks are kept, and the questions asked of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from pymongo import ASCENDING, IndexModel

from services.router.deadlines.falling_due import due_index
from services.router.follow_ups.tasks import LIVE, FollowUp, State
from services.router.follow_ups.untold import tells_result
from shared.documents import Shape
from shared.identity import Principal
from shared.readers.visibility import belonging_within_reach
from shared.store import Collection, CollectionSpec, Doc, Listing, Order, Store
from shared.tickets.lifecycle import DONE

BY_DUE: Final = Order("due_at")
_STATE: Final = ("state", ASCENDING)
FOLLOW_UPS: Final = CollectionSpec(
    name="follow_ups",
    kind="follow_up",
    shape=Shape(
        value=FollowUp,
        lean={FollowUp: ("danger", "call")},
        beside=lambda task: {"next_due": task.next_due},
    ),
    lane=lambda task: task.lane,
    alerts=True,
    indexes=(
        due_index(),
        IndexModel([_STATE, ("person", ASCENDING), *BY_DUE.sort], name="of_person"),
        IndexModel([_STATE, ("estate", ASCENDING), *BY_DUE.sort], name="of_estate"),
        IndexModel([_STATE, *BY_DUE.sort], name="of_all"),
        IndexModel([("number", ASCENDING), *BY_DUE.sort], name="of_ticket"),
    ),
)
BATCH: Final = 500
MOST_OF_A_TICKET: Final = 1_000
"""A watch every five minutes fills it in three days; what is older is long over."""
_DONE: Final = sorted(status.value for status in DONE)


async def tasks_of(store: Store, number: str) -> list[FollowUp]:
    """Every task of a ticket, by when it is due."""
    tasks = Collection(store, FOLLOW_UPS)
    return await tasks.find({"number": number}, order=BY_DUE, limit=MOST_OF_A_TICKET)


async def duty_lists(
    store: Store,
    principal: Principal,
    *,
    state: State,
    person: str | None,
    number: str | None,
    overdue_at: datetime | None,
) -> Listing:
    """Tasks within reach by when they are due, but none of what is about whoever asks; of one
    person, of one ticket, or due before a time where that is given.
    """
    named = {"state": state, "person": person, "number": number}
    filters: Doc = {key: value for key, value in named.items() if value is not None}
    if overdue_at is not None:
        filters["due_at"] = {"$lte": overdue_at}
    reach = await belonging_within_reach(store, principal, "follow_up.see")
    return Listing(filters=filters, within=reach, order=BY_DUE)


async def left_over(store: Store) -> AsyncIterator[str]:
    """Tasks still to be done whose ticket is over, or its work, or its danger, and those to tell
    what nobody has to be told any more: costs as much as there are tasks, and nothing for tickets
    that have none.
    """
    async for tasks in _live(store):
        results = [task for task in tasks if tells_result(task)]
        untold = await _untold(store, {task.number for task in results})
        others = [task for task in tasks if not tells_result(task)]
        ended = await _ended(store, {task.number for task in others})
        ended |= await _safe(store, {task.number for task in others if task.why == "watch"})
        for task in tasks:
            is_result = tells_result(task)
            is_told = is_result and (task.number, task.round) not in untold
            if is_told or (not is_result and task.number in ended):
                yield task.id


async def _live(store: Store) -> AsyncIterator[list[FollowUp]]:
    """All that is still to be done, so much at a time that one question goes with each."""
    batch: list[FollowUp] = []
    live = {"state": {"$in": sorted(LIVE)}}
    async for task in Collection(store, FOLLOW_UPS).walk(live, order=BY_DUE):
        batch.append(task)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


async def _untold(store: Store, numbers: set[str]) -> set[tuple[str, int]]:
    """Rounds of these tickets whose result is still to be told."""
    if not numbers:
        return set()
    done = {"_id": {"$in": sorted(numbers)}, "status": {"$in": _DONE}}
    docs = await store.find("tickets", done, limit=len(numbers), fields=("round",))
    return {(doc["_id"], doc["round"]) for doc in docs}


async def _ended(store: Store, numbers: set[str]) -> set[str]:
    done = {"status": {"$in": _DONE}}
    return await _which(store, "tickets", numbers, {"$or": [{"over_at": {"$ne": None}}, done]})


async def _safe(store: Store, numbers: set[str]) -> set[str]:
    return await _which(store, "emergencies", numbers, {"ended_at": {"$ne": None}})


async def _which(store: Store, collection: str, ids: set[str], query: Doc) -> set[str]:
    if not ids:
        return set()
    asked = {"_id": {"$in": sorted(ids)}, **query}
    docs = await store.find(collection, asked, limit=len(ids), fields=("_id",))
    return {doc["_id"] for doc in docs}
