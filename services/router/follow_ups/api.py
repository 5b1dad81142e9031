"""`/v1/follow-ups`: the desk's tasks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from services.router.bodies import Limit
from services.router.cards import Counted
from services.router.follow_ups.desk_tasks import DeskTasks
from services.router.follow_ups.tasks import State
from services.router.follow_ups.views import TaskPage, TaskView, task_line, task_view
from shared.contracts.ids import Code, NamedId
from shared.contracts.router import FollowUpSaid
from shared.contracts.times import Moment
from shared.runtime import Actor, NoteBody, Routes, WordsRoute, may
from shared.tickets.numbers import TicketNumber

Short = Annotated[str, Field(min_length=1, max_length=60)]


class TaskBody(NoteBody):
    """Which ticket is to be looked after from when on, and why, as a code; by whom where it is not
    for who sees the ticket through then.
    """

    number: Annotated[TicketNumber, Field(min_length=1, max_length=60)]
    at: Moment
    reason: Code
    person: NamedId | None = None


class TaskDoneBody(NoteBody):
    """What came of it, and when to look again, if so."""

    outcome: FollowUpSaid
    next_at: Moment | None = None


def build_follow_ups_api(desk_tasks: DeskTasks) -> Routes:
    """`/v1/follow-ups`."""
    router = Routes("/v1/follow-ups", tags=["follow-ups"], route_class=WordsRoute)

    @router.get("", dependencies=[may("follow_up.see")])
    async def listed(
        actor: Actor,
        *,
        state: State = "open",
        mine: bool = False,
        overdue: bool = False,
        number: Annotated[TicketNumber | None, Query(max_length=60)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = 50,
    ) -> TaskPage:
        """Tasks within reach, the one that is due first first, each with its ticket's place and
        words; `next` is the cursor of the next page, and all of them are counted.
        """
        found, cards, count = await desk_tasks.listed(
            actor,
            state=state,
            mine=mine,
            overdue=overdue,
            number=number,
            after=after,
            limit=limit,
        )
        items = tuple(task_line(task, cards.get(task.number)) for task in found.items)
        return TaskPage(items=items, next=found.next, all=Counted.of(count))

    @router.post("", dependencies=[may("follow_up.make")])
    async def ask(actor: Actor, body: TaskBody) -> TaskView:
        """Have a ticket looked after at a time; the same again changes nothing."""
        note, person = body.scrubbed(), body.person
        task = await desk_tasks.ask(
            actor, body.number, body.at, body.reason, person=person, note=note
        )
        return task_view(task)

    @router.post("/{id}/done", dependencies=[may("follow_up.do")])
    async def done(id: str, actor: Actor, body: TaskDoneBody) -> TaskView:
        """It is done; with `next_at` it comes again. A danger that the note tells of makes the
        ticket an emergency.
        """
        return task_view(
            await desk_tasks.done(actor, id, body.outcome, body.note, next_at=body.next_at)
        )

    return router
