"""What the page of handing over shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.console.clients.names import Names
from services.console.clients.shapes.cases import Case, HandedOver
from services.console.clients.shapes.work import Task
from services.console.frame.places import place_of
from services.console.frame.times import Due, due_of, grouped
from services.console.mine.views import item_of_task, order
from shared.policy.templates import Language


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case that may go over."""

    number: str
    grouped: str
    what: str
    place: str | None
    status: str
    due: Due | None
    words: str


Fate = Literal["goes", "named", "others"]
"""What becomes of a task: it goes with its ticket; it was asked of just this person; its ticket is
not theirs to hand over.
"""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Something that is the reader's to do, and what becomes of it."""

    href: str
    number: str
    grouped: str
    why: str
    what: str
    place: str | None
    due: Due | None
    words: str
    fate: Fate


def rows(cases: Iterable[Case], names: Names, now: datetime, language: Language) -> list[CaseRow]:
    """One's own, in the order of the reader's own list: what is overdue first, then what is due
    next.
    """
    return [
        CaseRow(
            number=case.number,
            grouped=grouped(case.number),
            what=f"{names.type(case.type, language)} · {names.area(case.area, language)}",
            place=place_of(case.estate, case.building, names, language),
            status=names.code("ticket_statuses", case.status, language),
            due=due_of(case.due, now, language),
            words=case.scrubbed,
        )
        for case in sorted(cases, key=order)
    ]


def task_rows(
    tasks: Iterable[Task],
    own: Collection[str],
    gone: Collection[str],
    names: Names,
    now: datetime,
    language: Language,
) -> list[TaskRow]:
    """One's tasks, what is due first first. `own` are the tickets that the reader sees through; of
    those that are `gone` a moment ago the tasks go, too.
    """
    return [
        TaskRow(
            href=each.href,
            number=task.number,
            grouped=each.grouped,
            why=each.why,
            what=each.what,
            place=each.place,
            due=each.due,
            words=each.words,
            fate=_fate(task, own),
        )
        for task in sorted(tasks, key=lambda task: task.due_at)
        if task.named or task.number not in gone
        for each in (item_of_task(task, names, now, language),)
    ]


def _fate(task: Task, own: Collection[str]) -> Fate:
    if task.named:
        return "named"
    return "goes" if task.number in own else "others"


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one case that was to be handed over; `why` it stays, where it does."""

    number: str
    grouped: str
    why: str | None


def handed(found: HandedOver) -> list[Handed]:
    """Each with its answer, what stays first."""
    left = [Handed(each.number, grouped(each.number), each.why) for each in found.left]
    return left + [Handed(number, grouped(number), None) for number in found.handed_over]
