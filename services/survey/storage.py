"""Surveys to documents and back; races are settled by conditional writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.survey.domain import Answer, Matter, Survey
from shared.contracts import Event
from shared.store import Change, Doc, Store, Verdict, outbox_index
from shared.store.old_paging import page

COLLECTION: Final = "surveys"
_NEWEST_FIRST: Final = (("asked_at", DESCENDING), ("_id", DESCENDING))
INDEXES: Final = {
    COLLECTION: (
        outbox_index(),
        IndexModel([*_NEWEST_FIRST], name="surveys_newest"),
        IndexModel([("estate", ASCENDING), *_NEWEST_FIRST], name="surveys_of_estate"),
        IndexModel([("number", ASCENDING), *_NEWEST_FIRST], name="surveys_of_ticket"),
    )
}
_MATTER_FIELDS: Final = (
    "number", "round", "outcome", "ended_at", "lane", "estate", "type", "area", "urgency",
)  # fmt: skip


class Surveys:
    """The `surveys` collection, in values of the domain."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: str) -> Survey | None:
        """One survey by id."""
        doc = await self._store.get(COLLECTION, id)
        return _from_doc(doc) if doc else None

    async def insert(self, survey: Survey, events: Sequence[Event]) -> Verdict:
        """Write a new survey with its events; LOST when it is there already."""
        return await self._store.write(
            Change(
                collection=COLLECTION,
                id=survey.id,
                version=survey.version,
                lane=survey.matter.lane,
                at=survey.made_at,
                insert=_to_doc(survey),
                events=events,
            )
        )

    async def save_answer(self, survey: Survey, answer: Answer, events: Sequence[Event]) -> Verdict:
        """Put the answer on a survey with its events; LOST when it changed since it was read."""
        return await self._store.write(
            Change(
                collection=COLLECTION,
                id=survey.id,
                version=survey.version + 1,
                lane=survey.matter.lane,
                at=answer.at,
                set={"answer": _answer_to_doc(answer)},
                events=events,
            )
        )

    async def save_unreached(self, survey: Survey, reason: str, now: datetime) -> Verdict:
        """Put down that the question reached nobody; LOST when the survey changed meanwhile."""
        return await self._store.write(
            Change(
                collection=COLLECTION,
                id=survey.id,
                version=survey.version + 1,
                lane=survey.matter.lane,
                at=now,
                set={"unreached": reason},
                events=[],
            )
        )

    async def newest(
        self, query: Mapping[str, Any], *, after: str | None, limit: int
    ) -> tuple[list[Survey], str | None]:
        """Surveys from the newest on, and the cursor of the next page."""
        found = await page(
            self._store, COLLECTION, query, after=after, limit=limit, newest_by="asked_at"
        )
        return [_from_doc(doc) for doc in found.docs], found.next


def _to_doc(survey: Survey) -> Doc:
    matter = {field: getattr(survey.matter, field) for field in _MATTER_FIELDS}
    return {**matter, "asked_at": survey.made_at, "answer": None}


def _from_doc(doc: Mapping[str, Any]) -> Survey:
    return Survey(
        id=doc["_id"],
        version=doc["version"],
        matter=Matter(**{field: doc[field] for field in _MATTER_FIELDS}),
        made_at=doc["asked_at"],
        answer=Answer(**doc["answer"]) if doc["answer"] else None,
        unreached=doc.get("unreached"),
    )


def _answer_to_doc(answer: Answer) -> Doc:
    return {
        "at": answer.at,
        "score": answer.score,
        "dimensions": dict(answer.dimensions),
        "comment": answer.comment,
        "sealed": answer.sealed,
        "dissatisfied": answer.dissatisfied,
        "recorded_by": answer.recorded_by,
        "fingerprint": answer.fingerprint,
    }
