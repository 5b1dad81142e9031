"""Use cases of whoever is to ring a caller, at the link of that task: see what to say, and say what
came of it. The task's own use cases decide; nothing is decided here but whose link it is.
"""

from __future__ import annotations

from datetime import datetime

from services.router.field.calls import (
    CallWork,
    answer_in,
    at_desk,
    call_has_ended,
    promised_in_form,
)
from services.router.field.domain import attendant_of
from services.router.field.forms import Form
from services.router.field.visits import NoSuchWork, WorkEnded
from services.router.follow_ups.call_results import CallResults
from services.router.follow_ups.calls import answers_to
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.follow_ups.tasks import FollowUp, takes_effect, task_id
from services.router.follow_ups.untold import next_call_at
from services.router.incidents.storage import INCIDENTS
from services.router.people import whom_it_is_about
from shared.identity import Principal, is_about
from shared.identity.staff_links import read_staff_link
from shared.readers.dead_links import honoured_link
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.tickets import Ticket


class CallVisits:
    """Whoever holds the link acts as the person it was made for, on that one call, while they are
    on a list and the task is theirs.
    """

    def __init__(self, platform: Platform, call_results: CallResults) -> None:
        self._platform = platform
        self._call_results = call_results
        self._tasks = Collection(platform.store, FOLLOW_UPS)
        self._incidents = Collection(platform.store, INCIDENTS)

    def is_call(self, token: str) -> bool:
        """Whether a link was made for a call."""
        link = read_staff_link(token, self._platform.keys.link)
        return link is not None and link.kind == "task"

    async def see(self, token: str) -> CallWork:
        """The call of a link, with what may be said of it now. Nothing is changed or opened by it.
        Raises NoSuchWork for what is nobody's, WorkEnded for what is over or somebody else's.
        """
        store, duty, now = self._platform.store, self._platform.duty.current, self._now()
        link = await honoured_link(store, token, self._platform.keys.link, duty)
        if link is None or link.kind != "task":
            raise NoSuchWork
        task = await self._tasks.get(link.matter)
        if task is None or task.why != "tell":
            raise NoSuchWork
        if call_has_ended(task, link.person, now):
            raise WorkEnded
        ticket = await self._platform.tickets.get(task.number)
        if ticket is None:
            raise NoSuchWork
        return await self.work(task, ticket, self._who(link.person, ticket))

    async def work(self, task: FollowUp, ticket: Ticket, who: Principal) -> CallWork:
        """The call of a task as somebody has it who may see it."""
        now, policy = self._now(), self._platform.policy.at(ticket.estate)
        found = await self._platform.store.get("tickets", task.number, fields=("building",))
        return CallWork(
            task=task,
            ticket=ticket,
            who=who,
            building=found.get("building") if found else None,
            can=answers_to(task, ticket, policy, who),
            again_at=await self._again_at(task, ticket, now),
            restored_by=await self._restored_by(task, ticket),
            takes_effect=takes_effect(task, now),
        )

    async def do(self, token: str, act: str, form: Form) -> None:
        """Say what came of the call; sent again with the same key it counts once. Raises what
        seeing it raises, Unreadable, and what the task's use cases raise.
        """
        work = await self.see(token)
        answer, cause = answer_in(form, act, work.task)
        await self._call_results.say(
            work.task.id,
            work.who,
            answer,
            key=form.key or act,
            cause=cause,
            words=form.note(),
            promised=promised_in_form(form),
        )

    def _now(self) -> datetime:
        return self._platform.store.clock.now()

    def _who(self, person: str, ticket: Ticket) -> Principal:
        """Who they are here; raises NoSuchWork for whom the ticket is about."""
        duty = self._platform.duty.current
        lists = frozenset(department for _, department in duty.lists_of(person))
        who = at_desk(lists, attendant_of(person, ticket.estate, duty))
        if is_about(ticket, who) or person in whom_it_is_about(ticket, duty):
            raise NoSuchWork
        return who

    async def _again_at(self, task: FollowUp, ticket: Ticket, now: datetime) -> datetime | None:
        """When the caller is rung again, or would be after a call in vain."""
        if task.is_live:
            since = task.call.at if task.call and takes_effect(task, now) else now
            return next_call_at(task, ticket, self._platform.policy.at(ticket.estate), since)
        next_try = await self._tasks.get(task_id(task.number, "tell", f"again/{task.id}"))
        return next_try.opens_at if next_try and next_try.is_live else None

    async def _restored_by(self, task: FollowUp, ticket: Ticket) -> datetime | None:
        if task.reason != "outage" or ticket.incident is None:
            return None
        incident = await self._incidents.get(ticket.incident)
        return incident.restore_by if incident else None
