"""What waits meanwhile: the oldest of the manual queue, and one's own tasks. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.console.clients.names import Names
from services.console.clients.shapes.work import QueueRow, Task
from services.console.frame.times import Due, due_of, grouped
from shared.policy.templates import Language


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """Something that waits, in the column of what is going on now."""

    id: str
    number: str
    grouped: str
    name: str
    place: str
    words: str
    due: Due | None


def waiting_rows(
    tickets: Iterable[QueueRow], names: Names, now: datetime, language: Language
) -> list[WaitingLine]:
    """The oldest of the manual queue."""
    return [
        WaitingLine(
            id=f"queue-{each.number}",
            number=each.number,
            grouped=grouped(each.number),
            name=names.code("held_reasons", each.held.reason, language) if each.held else "",
            place=names.estate(each.estate, language) or "",
            words=each.scrubbed,
            due=due_of(each.due, now, language),
        )
        for each in tickets
    ]


def task_rows(
    tasks: Iterable[Task], names: Names, now: datetime, language: Language
) -> list[WaitingLine]:
    """One's own follow-ups that are due first."""
    return [
        WaitingLine(
            id=f"task-{each.id}",
            number=each.number,
            grouped=grouped(each.number),
            name=names.code("follow_up_reasons", each.reason, language),
            place=names.estate(each.estate, language) or "",
            words=each.words or "",
            due=due_of(each.due_at, now, language),
        )
        for each in tasks
    ]
