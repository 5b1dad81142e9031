"""What the server had to do for the questions that were asked of a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database


@dataclass(frozen=True, slots=True)
class Question:
    """One statement, how it was answered and what was read for it."""

    collection: str
    plan: str
    documents: int
    asked: str


class Questions:
    """The server's own record of what it was asked while it was told to keep one."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database

    def asked(self) -> list[Question]:
        """All so far, but those about the record itself."""
        entries = self._database["system.profile"].find({"ns": {"$not": {"$regex": "system"}}})
        return [_question(entry) for entry in entries if "planSummary" in entry]


def _question(entry: dict[str, Any]) -> Question:
    command = entry.get("command", {})
    asked = {key: command[key] for key in ("filter", "pipeline", "q", "query") if key in command}
    return Question(
        collection=entry["ns"].partition(".")[2],
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
        found.command("profile", 2, filter=only or {"ns": {"$exists": True}})
        try:
            yield Questions(found)
        finally:
            found.command("profile", 0, filter="unset")
            found.drop_collection("system.profile")
