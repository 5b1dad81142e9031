"""Documents of follow-up tasks, and the questions asked of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.router.follow_ups.tasks import LIVE, FollowUp, State, TaskStep
from services.router.storage import due_index, due_numbers
from shared.identity import Principal
from shared.store import Change, Doc, Store, Verdict, outbox_index
from shared.store.old_paging import Page, page
from shared.store.reach import belonging_within_reach
from shared.store.stream import batches
from shared.tickets.lifecycle import DONE

FOLLOW_UPS: Final = "follow_ups"
BATCH: Final = 500
MOST_OF_A_TICKET: Final = 1_000
"""A watch every five minutes fills it in three days; what is older is long over."""
_DONE: Final = sorted(status.value for status in DONE)
_BY_DUE: Final = ("due_at", ASCENDING), ("_id", ASCENDING)
FOLLOW_UP_INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    FOLLOW_UPS: (
        outbox_index(),
        due_index(),
        IndexModel([("state", ASCENDING), ("person", ASCENDING), *_BY_DUE], name="of_person"),
        IndexModel([("state", ASCENDING), ("estate", ASCENDING), *_BY_DUE], name="of_estate"),
        IndexModel([("state", ASCENDING), *_BY_DUE], name="of_all"),
        IndexModel([("number", ASCENDING), *_BY_DUE], name="of_ticket"),
    ),
}


class TaskBook:
    """The collection in values of the domain. Each change is one conditional write."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: str) -> FollowUp | None:
        """One task."""
        doc = await self._store.get(FOLLOW_UPS, id)
        return task_from_doc(doc) if doc else None

    async def insert(self, task: FollowUp, now: datetime) -> bool:
        """Put a task in; False when it is there."""
        return await self._write(TaskStep(task), now, new=True)

    async def save(self, step: TaskStep, now: datetime) -> bool:
        """Write a task's next state; False when somebody else wrote first."""
        return await self._write(step, now, new=False)

    async def _write(self, step: TaskStep, now: datetime, *, new: bool) -> bool:
        task = step.task
        change = Change.whole(
            FOLLOW_UPS, task.id, task.version, task_to_doc(task), at=now, events=step.events,
            new=new,
        )  # fmt: skip
        return await self._store.write(change) is Verdict.WON

    async def due(self, now: datetime, *, limit: int, but: Iterable[str] = ()) -> list[str]:
        """Tasks of which something falls due by now, the oldest first."""
        return await due_numbers(self._store, FOLLOW_UPS, now, limit=limit, but=but)

    async def of_ticket(self, number: str) -> list[FollowUp]:
        """Every task of a ticket, by when it is due."""
        query = {"number": number}
        docs = await self._store.find(FOLLOW_UPS, query, sort=_BY_DUE, limit=MOST_OF_A_TICKET)
        return [task_from_doc(doc) for doc in docs]

    async def left_over(self) -> AsyncIterator[str]:
        """Tasks still to be done whose ticket is over, or its work, or its danger, and those to
        tell what nobody has to be told any more: costs as much as there are tasks, and nothing for
        tickets that have none.
        """
        live, fields = {"state": {"$in": sorted(LIVE)}}, ("number", "round", "why")
        async for docs in batches(self._store, FOLLOW_UPS, live, fields=fields, size=BATCH):
            telling = [doc for doc in docs if doc["why"] == "tell"]
            others = [doc for doc in docs if doc["why"] != "tell"]
            untold = await self._untold({doc["number"] for doc in telling})
            for doc in telling:
                if (doc["number"], doc["round"]) not in untold:
                    yield doc["_id"]
            ended = await self._ended({doc["number"] for doc in others})
            ended |= await self._safe({doc["number"] for doc in others if doc["why"] == "watch"})
            for doc in others:
                if doc["number"] in ended:
                    yield doc["_id"]

    async def _untold(self, numbers: set[str]) -> set[tuple[str, int]]:
        """Rounds of these tickets whose result is still to be told."""
        if not numbers:
            return set()
        done = {"_id": {"$in": sorted(numbers)}, "status": {"$in": _DONE}}
        docs = await self._store.find("tickets", done, limit=len(numbers), fields=("round",))
        return {(doc["_id"], doc["round"]) for doc in docs}

    async def _ended(self, numbers: set[str]) -> set[str]:
        done = {"status": {"$in": _DONE}}
        return await self._which("tickets", numbers, {"$or": [{"over_at": {"$ne": None}}, done]})

    async def _safe(self, numbers: set[str]) -> set[str]:
        return await self._which("emergencies", numbers, {"ended_at": {"$ne": None}})

    async def _which(self, collection: str, ids: set[str], query: Doc) -> set[str]:
        if not ids:
            return set()
        asked = {"_id": {"$in": sorted(ids)}, **query}
        docs = await self._store.find(collection, asked, limit=len(ids), fields=("_id",))
        return {doc["_id"] for doc in docs}

    async def listed(
        self,
        principal: Principal,
        *,
        state: State,
        person: str | None,
        number: str | None,
        overdue_at: datetime | None,
        after: str | None,
        limit: int,
    ) -> Page:
        """Tasks within reach by when they are due, but none of what is about whoever asks; of one
        person, of one ticket, or due before a time where that is given.
        """
        named = {"state": state, "person": person, "number": number}
        query: Doc = {key: value for key, value in named.items() if value is not None}
        if overdue_at is not None:
            query["due_at"] = {"$lte": overdue_at}
        reach = await belonging_within_reach(self._store, principal, "follow_up.see")
        return await page(
            self._store, FOLLOW_UPS, query | reach, after=after, limit=limit, soonest_by="due_at"
        )


def task_to_doc(task: FollowUp) -> Doc:
    """The document of a task, without what the store adds."""
    fields = asdict(task)
    return {k: v for k, v in fields.items() if k not in {"id", "version"}} | {
        "next_due": task.next_due
    }


_KEPT_BESIDE: Final = frozenset({"_id", "next_due", "outbox", "made_by"})


def task_from_doc(doc: Mapping[str, Any]) -> FollowUp:
    """The task of a document."""
    return FollowUp(id=doc["_id"], **{k: v for k, v in doc.items() if k not in _KEPT_BESIDE})
