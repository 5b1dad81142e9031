"""What the server had to do for the questions that were asked of a database."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pymongo import MongoClient
from pymongo.database import Database

LARGEST_RECORD: Final = 64 * 1024 * 1024
"""The server forgets what was asked first when its record is full, and by itself keeps little."""


@dataclass(frozen=True, slots=True)
class Question:
    """One statement, how it was answered and what was read for it."""

    collection: str
    operation: str
    plan: str
    documents: int
    asked: str


class Questions:
    """The server's own record of what it was asked while it was told to keep one."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database

    def so_far(self) -> int:
        """How many entries there are."""
        return self._database["system.profile"].estimated_document_count()

    def asked(self, *, after: int = 0) -> list[Question]:
        """All since the entry `after`, but those about the record itself."""
        entries = self._database["system.profile"].find(skip=after)
        return [_question(e) for e in entries if "planSummary" in e and "system" not in e["ns"]]

    def about(self, ids: Iterable[str], *, after: int) -> list[Question]:
        """Those since the entry `after` that name one of these ids."""
        wanted = tuple(ids)
        return [q for q in self.asked(after=after) if any(id in q.asked for id in wanted)]

    def reading(self, ids: Collection[str], *, after: int) -> list[str]:
        """What was read of these ids since the entry `after`, as if they were all the same one: a
        foreign one and a missing one are then asked for alike.
        """
        either = re.compile("|".join(map(re.escape, ids)))
        about = self.about(ids, after=after)
        return [either.sub("ID", q.asked) for q in about if q.operation == "query"]


def _question(entry: dict[str, Any]) -> Question:
    command = entry.get("command", {})
    asked = {key: command[key] for key in ("filter", "pipeline", "q", "query") if key in command}
    return Question(
        collection=entry["ns"].partition(".")[2],
        operation=entry["op"],
        plan=entry["planSummary"],
        documents=entry.get("docsExamined", 0),
        asked=str(asked),
    )


@contextmanager
def questions(
    url: str, database: str, *, only: dict[str, Any] | None = None
) -> Iterator[Questions]:
    """Keep a record while the block lasts, of everything or `only` of what a filter names."""
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    with client:
        found = client[database]
        found.create_collection("system.profile", capped=True, size=LARGEST_RECORD)
        found.command("profile", 2, filter=only or {"ns": {"$exists": True}})
        try:
            yield Questions(found)
        finally:
            found.command("profile", 0, filter="unset")
            found.drop_collection("system.profile")
