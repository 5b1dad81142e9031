"""What a task of the desk shows; in a list also where it is and what the caller said."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.router.cards import Counted, TicketCard
from services.router.follow_ups.tasks import FollowUp


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CallView(_View):
    """What was said of a call at its link."""

    at: datetime
    by: str
    answer: str
    cause: str | None


class TaskView(_View):
    """A task; `named` where it was asked of just this person, so that it does not go with the
    ticket to whoever sees that through.
    """

    id: str
    number: str
    round: int
    estate: str | None
    type: str
    area: str
    urgency: str
    test: bool
    why: str
    reason: str
    state: str
    person: str | None
    named: bool
    opens_at: datetime
    due_at: datetime
    missed_at: datetime | None
    asked_by: str
    note: str | None
    outcome: str | None
    result: str | None
    ended_by: str | None
    ended_at: datetime | None
    dropped_for: str | None
    danger: str | None
    call: CallView | None


class TaskLine(TaskView):
    """A task in a list, with the ticket as it is now: nothing of one that is not for whoever
    asks.
    """

    status: str | None
    building: str | None
    words: str | None


class TaskPage(BaseModel):
    """Some tasks; `next` is the cursor of the next page, `all` counts those of all pages."""

    items: tuple[TaskLine, ...]
    next: str | None
    all: Counted


def task_view(task: FollowUp) -> TaskView:
    """A task."""
    return TaskView.model_validate(task)


def task_line(task: FollowUp, card: TicketCard | None) -> TaskLine:
    """A task in a list."""
    return TaskLine(
        **task_view(task).model_dump(),
        status=card.status if card else None,
        building=card.building if card else None,
        words=card.words if card else None,
    )
