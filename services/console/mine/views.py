"""What the page of one's own cases shows of what the router and intake answer. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from services.console.clients.names import Names
from services.console.clients.shapes.cases import Case
from services.console.clients.shapes.whole import TicketSeen
from services.console.clients.shapes.work import CallSheet, Task
from services.console.frame.choices import Choice
from services.console.frame.places import place_of
from services.console.frame.times import Due, deadline, due_of, grouped, moment
from shared.policy.templates import Language

Section = Literal["tell", "tasks", "asked", "cases"]
SECTIONS: Final[tuple[Section, ...]] = ("tell", "tasks", "asked", "cases")
DONE: Final = frozenset({"resolved", "handed_over"})
"""The work is done, and the caller is to be told."""
OUTCOMES: Final = ("told_owner", "still_waiting", "no_answer", "handed_on", "not_needed")
UNHAPPY: Final = ("not_done", "not_solved", "came_back", "other")
HEARD: Final = ("satisfied", "said_nothing", "not_satisfied")


DueOf = Literal["tell", "task", "case"]
"""What it is that falls due: ringing the caller, looking after it, or the ticket itself."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row. `feed_back` and `hand_over` are where its keys lead."""

    id: str
    href: str
    number: str
    grouped: str
    what: str
    place: str | None
    why: str
    status: str
    due: Due | None
    due_of: DueOf
    words: str
    marks: Sequence[str]
    attempts: int = 0
    is_noted: bool = False
    is_nobodys: bool = False
    is_drill: bool = False
    is_unanswered: bool = False
    feed_back: str = ""
    hand_over: str = ""

    @property
    def is_late(self) -> bool:
        """Whether it ought to have been done."""
        return self.due is not None and self.due.state == "late"


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """One of the four lists."""

    section: Section
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class CallView:
    """A caller to ring, beside the list."""

    id: str
    number: str
    grouped: str
    subject: str
    due: Due | None
    turn: int
    say: Sequence[str]
    is_discreet: bool
    notes: Sequence[tuple[str, str, bool]]
    promised: str
    again: str | None
    again_is_late: bool
    """Whether the next try would come only after the call was due."""
    noted: str | None
    ended: str | None
    heard: Sequence[Choice]
    can: frozenset[str]

    @property
    def asks_what_they_say(self) -> bool:
        """Whether the caller's own word belongs to it."""
        return self.subject == "result"

    @property
    def may_tell(self) -> bool:
        """Whether it can be said that they were told."""
        return bool(self.can & {*HEARD, "told"})


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """A result to feed back, beside the list."""

    number: str
    grouped: str
    what: str
    place: str | None
    words: str
    attempts: int
    left: int
    next_attempt: str | None
    can: frozenset[str]
    reasons: Sequence[Choice]


def groups(
    tasks: Iterable[Task],
    cases: Iterable[Case],
    names: Names,
    now: datetime,
    language: Language,
    people: Mapping[str, str] = MappingProxyType({}),
    unanswered: Collection[str] = (),
) -> list[TaskGroup]:
    """The four lists: calls and follow-ups, what is due first first; then what is asked of the
    reader, and the rest of what they see through, emergencies that are `unanswered` before all
    others, what is overdue before what is due next. `people` names who has a task that is somebody
    else's.
    """
    found: dict[Section, list[Item]] = {section: [] for section in SECTIONS}
    for task in sorted(tasks, key=lambda each: each.due_at):
        section: Section = "tell" if task.why == "tell" else "tasks"
        found[section].append(item_of_task(task, names, now, language, people))
    for case in sorted(cases, key=lambda each: (each.number not in unanswered, *order(each))):
        where: Section = "asked" if case.is_asked else "cases"
        item = _case(case, names, now, language)
        found[where].append(replace(item, is_unanswered=case.number in unanswered))
    return [TaskGroup(section, items) for section, items in found.items()]


def order(case: Case) -> tuple[bool, float]:
    """Cases by what is due first, which what is overdue is; then the newest."""
    due = case.due
    return (due is None, due.timestamp() if due else -case.registered_at.timestamp())


def item_of_task(
    task: Task,
    names: Names,
    now: datetime,
    language: Language,
    people: Mapping[str, str] = MappingProxyType({}),
) -> Item:
    """A task as a row."""
    is_call = task.why == "tell"
    href = f"/mine/{'tell' if is_call else 'tasks'}/{task.id}"
    return Item(
        id=f"task-{task.id}",
        href=href,
        number=task.number,
        grouped=grouped(task.number),
        what=_what(task.type, task.area, names, language),
        place=place_of(task.estate, task.building, names, language),
        why=reason_of(task, names, language),
        status=_status(task.status, names, language),
        due=due_of(task.due_at, now, language),
        due_of="tell" if is_call else "task",
        words=task.words or "",
        marks=[people[who]] if (who := task.person) and who in people else [],
        is_noted=task.call is not None,
        is_nobodys=task.person is None,
        is_drill=task.test,
        feed_back=href if is_call else "",
    )


def reason_of(task: Task, names: Names, language: Language) -> str:
    """Why somebody is to look after it."""
    said = names.code("follow_up_reasons", task.reason, language)
    return said if said != task.reason else names.code("reasons", task.reason, language)


def _case(case: Case, names: Names, now: datetime, language: Language) -> Item:
    return Item(
        id=f"case-{case.number}",
        href=f"/tickets/{case.number}",
        number=case.number,
        grouped=grouped(case.number),
        what=_what(case.type, case.area, names, language),
        place=place_of(case.estate, case.building, names, language),
        why="",
        status=_status(case.status, names, language),
        due=due_of(case.due, now, language),
        due_of="case",
        words=case.scrubbed,
        marks=list(_marks(case, names, now, language)),
        attempts=case.feedback_attempts,
        feed_back=f"/mine/feedback/{case.number}" if case.status in DONE else "",
        hand_over=f"/mine/hand-over?only={case.number}",
    )


def _marks(case: Case, names: Names, now: datetime, language: Language) -> Iterator[str]:
    if case.extension is not None:
        reason = names.code("more_time_reasons", case.extension.reason, language)
        until = deadline(case.extension.until, now, language)
        yield f"{names.code('marks', 'extension_asked', language)} {until} · {reason}"
    if case.cancel_requested:
        yield names.code("marks", "cancel_requested", language)
    if case.place_differs:
        yield names.code("marks", "place_differs", language)
    if case.level:
        yield names.code("marks", "raised", language)


def _what(type: str, area: str, names: Names, language: Language) -> str:
    return f"{names.type(type, language)} · {names.area(area, language)}"


def _status(status: str | None, names: Names, language: Language) -> str:
    return names.code("ticket_statuses", status, language) if status else ""


def call_view(sheet: CallSheet, names: Names, now: datetime, language: Language) -> CallView:
    """A call, with its words to say in the reader's language."""
    heard = [
        Choice(code, names.code("call_answers", code, language))
        for code in HEARD
        if code in sheet.can
    ]
    if "not_satisfied" in sheet.can:
        heard.append(Choice("not_done", names.code("reasons", "not_done", language)))
    return CallView(
        id=sheet.id,
        number=sheet.number,
        grouped=grouped(sheet.number),
        subject=sheet.subject,
        due=due_of(sheet.due, now, language),
        turn=sheet.turn,
        say=sheet.say.zh if language == "zh" else sheet.say.en,
        is_discreet=sheet.discreet,
        notes=[(moment(n.at, now, language), n.words, n.public) for n in sheet.notes],
        promised=" ".join(sheet.promised),
        again=moment(sheet.again_at, now, language) if sheet.again_at else None,
        again_is_late=sheet.again_at is not None and sheet.again_at > sheet.due,
        noted=names.code("call_answers", sheet.noted, language) if sheet.noted else None,
        ended=_ended(sheet, names, language),
        heard=heard,
        can=frozenset(sheet.can),
    )


def _ended(sheet: CallSheet, names: Names, language: Language) -> str | None:
    if sheet.ended is None:
        return None
    for table in ("call_answers", "follow_up_outcomes", "follow_up_states"):
        said = names.code(table, sheet.ended.how, language)
        if said != sheet.ended.how:
            return said
    return names.code("follow_up_outcomes", "not_needed", language)


def body_of_call(answer: str, note: str, promised: str) -> dict[str, object]:
    """What a form says of a call, as the router takes it: that nothing was done at all is why
    somebody is not satisfied.
    """
    body: dict[str, object] = {"answer": answer}
    if answer == "not_done":
        body = {"answer": "not_satisfied", "cause": "not_done"}
    if note:
        body["note"] = note
    if answer == "told":
        body["promised"] = promised.split()
    return body


def feedback_view(
    ticket: TicketSeen, names: Names, now: datetime, language: Language
) -> FeedbackView:
    """A result to feed back, with what the policy lets be said of it."""
    feedback = ticket.feedback
    next_at = feedback.next_attempt_at if feedback else None
    return FeedbackView(
        number=ticket.number,
        grouped=grouped(ticket.number),
        what=_what(ticket.type or "", ticket.area or "", names, language),
        place=place_of(ticket.estate, ticket.building, names, language),
        words=ticket.scrubbed or "",
        attempts=feedback.attempts if feedback else 0,
        left=feedback.left if feedback else 0,
        next_attempt=moment(next_at, now, language) if next_at else None,
        can=frozenset(ticket.can),
        reasons=[Choice(code, names.code("reasons", code, language)) for code in UNHAPPY],
    )
