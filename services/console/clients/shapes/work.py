"""What waits at the desk: the manual queue, tasks, and callers to ring."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.clients.service import Answered
from services.console.clients.shapes.common import Counted, Held


class ReadingSeen(Answered):
    """What a request was taken for, by words or by a person."""

    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    departments: list[str] = Field(default_factory=list)
    confidence: float = 0.0
    at: datetime
    by: str


class SentBack(Answered):
    """Somebody sent the work back."""

    department: str
    assignee: str | None = None
    reason: str | None = None
    at: datetime | None = None
    by: str | None = None


class QueueRow(Answered):
    """A ticket that waits for a person's decision."""

    number: str
    status: str
    estate: str | None = None
    building: str | None = None
    type: str
    area: str
    urgency: str
    emergency_kind: str | None = None
    held: Held | None = None
    risk: bool = False
    about_staff: bool = False
    registered_at: datetime
    scrubbed: str = ""
    due: datetime | None = None
    undecided: list[str] = Field(default_factory=list)
    readings: list[ReadingSeen] = Field(default_factory=list)
    declines: list[SentBack] = Field(default_factory=list)
    emergency_runs: bool = False
    can: list[str] = Field(default_factory=list)


class QueueRows(Answered):
    """Some of the manual queue; `all` counts the whole of it."""

    items: list[QueueRow]
    next: str | None = None
    all: Counted = Counted()


class CallNoted(Answered):
    """What was said of a call, and takes effect in a moment."""

    answer: str


class Task(Answered):
    """Something that the desk is to look after."""

    id: str
    number: str
    estate: str | None = None
    building: str | None = None
    type: str
    area: str
    urgency: str
    test: bool = False
    why: str
    reason: str
    state: str
    person: str | None = None
    named: bool = False
    due_at: datetime
    note: str | None = None
    status: str | None = None
    words: str | None = None
    call: CallNoted | None = None


class DutyList(Answered):
    """A list of people, and who of them is there now."""

    place: str
    department: str
    on_duty: list[str] = Field(default_factory=list)


class DutyLists(Answered):
    """Those within reach."""

    items: list[DutyList]


class Tasks(Answered):
    """Some tasks; `all` counts those of all pages."""

    items: list[Task]
    next: str | None = None
    all: Counted = Counted()


class Say(Answered):
    """What to say to a caller, a paragraph each, in both languages."""

    zh: list[str]
    en: list[str]


class Noted(Answered):
    """What those who did the work have written."""

    at: datetime
    words: str
    public: bool = False


class CallEnded(Answered):
    """What became of a call, as a code, and when the caller is rung again."""

    how: str
    again_at: datetime | None = None


class CallSheet(Answered):
    """A caller to ring: what to say, and what may be said of the call."""

    id: str
    number: str
    subject: str
    due: datetime
    discreet: bool = False
    may_have_heard: bool = False
    say: Say
    notes: list[Noted] = Field(default_factory=list)
    promised: list[str] = Field(default_factory=list)
    turn: int = 1
    again_at: datetime | None = None
    noted: str | None = None
    ended: CallEnded | None = None
    can: list[str] = Field(default_factory=list)


class OrderActed(Answered):
    """A work order after an act."""

    id: str
    status: str
