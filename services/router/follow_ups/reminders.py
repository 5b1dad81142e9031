"""Use case: the desk's tasks come when the policy wants them, and go when nobody needs them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.router.access import BY_RULE
from services.router.deadlines.falling_due import FallingDue
from services.router.follow_ups.storage import FOLLOW_UPS, left_over, tasks_of
from services.router.follow_ups.tasks import FollowUp, drop, forget, pass_on
from services.router.follow_ups.untold import (
    RESULT,
    TELL,
    is_told_by_telephone,
    is_untold,
    ring_again,
    tell_task,
    tells_result,
)
from services.router.follow_ups.wanted import Seen, after, look, recuse, rule_for, wanted
from services.router.people import desk_lead, desk_of, whom_it_is_about
from shared.bus import each
from shared.contracts import Step
from shared.contracts.router import TicketResolved
from shared.readers.tickets import NoSuchTicket
from shared.runtime.platform import Platform
from shared.store import Collection, Decide
from shared.telemetry import logger, metrics
from shared.tickets import NOBODY, Ticket

TIDY_EVERY: Final = timedelta(minutes=1)
"""A task outlives its ticket by so long at most."""


class Reminders:
    """Plans, opens, misses and drops tasks; whatever comes twice or late changes nothing."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._tasks = Collection(platform.store, FOLLOW_UPS)
        self._due = FallingDue(platform.store, FOLLOW_UPS.name, self.look_at)
        self._tidied: datetime | None = None

    async def plan(self, ticket: Ticket) -> None:
        """Put in the tasks that the policy wants of a ticket: for most none, and nothing is asked
        of the store. Those it turned out to be about have none of them any more.
        """
        if ticket.about != NOBODY:
            await self._recuse(ticket.number)
        now, policy = self._store.clock.now(), self._platform.policy.at(ticket.estate)
        for task in wanted(ticket, policy, now, by=BY_RULE.id):
            await self._tasks.insert(Step(task), now)

    async def _recuse(self, number: str) -> None:
        async def choose(present: FollowUp, _now: datetime) -> Step[FollowUp] | None:
            return recuse(present, await self.seen(number))

        for task in await tasks_of(self._store, number):
            await self.change(task.id, choose)

    async def plan_anew(self, number: str) -> None:
        """The limit is another: so are its shares."""
        await self.plan(await self._ticket(number))

    async def tell(self, number: str, round_: int, reason: str, message: str = "") -> None:
        """Have a caller told by telephone what no `message` did, where that is still to be done and
        nobody is to ring them already.
        """
        ticket, now = await self._ticket(number), self._store.clock.now()
        policy = self._platform.policy.at(ticket.estate)
        wanted_so = is_told_by_telephone(reason, policy) and is_untold(ticket, round_, reason)
        if not wanted_so or (reason not in RESULT and await self._tells(number)):
            return
        task = tell_task(
            ticket,
            rule_for(ticket, policy),
            policy,
            now,
            reason=reason,
            message=message,
            by=BY_RULE.id,
        )
        await self._tasks.insert(Step(task), now)
        for earlier in await self._tells(number) if reason in RESULT else ():
            if earlier.id != task.id:  # who rings with the result tells all
                await self.look_at(earlier.id)

    async def _tells(self, number: str) -> list[FollowUp]:
        """What somebody is to ring this caller for."""
        return [t for t in await tasks_of(self._store, number) if t.why == "tell" and t.is_live]

    async def tell_by_call(self, event: TicketResolved) -> None:
        """The work is done: where the policy wants a person to tell it, somebody has that task. All
        others ask nothing of the store.
        """
        rules = self._platform.policy.at(event.estate).rules
        if rules.is_fed_back_by_call(event.type or "", event.urgency):
            await self.tell(event.number, event.round, TELL)

    async def told(self, number: str) -> None:
        """The caller was told a promise or the result, or did not answer: nobody else is to ring
        them for it, or not now.
        """
        for task in await self._tells(number):
            await self.look_at(task.id)

    async def look(self) -> int:
        """Do what is due, and now and then drop what nobody needs; how many tasks were due."""
        now = self._store.clock.now()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            left = [id async for id in left_over(self._store)]
            await each(self.look_at, left, begins=self._store.precedence.routine)
            self._tidied = now
        return await self._due.do_all()

    async def look_at(self, id: str) -> None:
        """Let time do its work on one task."""

        async def choose(task: FollowUp, now: datetime) -> Step[FollowUp] | None:
            seen = await self.seen(task.number)
            step = look(task, seen, now)
            following = self._following(task, seen, step, now)
            if following is not None:
                # First, so that a watch or a call goes on whatever happens to this task.
                await self._tasks.insert(Step(following), now)
            return step

        opened = await self.change(id, choose)
        if opened is not None and opened.why == "watch" and opened.state == "open":
            await self._pass_over(opened)

    def _following(
        self, task: FollowUp, seen: Seen, step: Step[FollowUp] | None, now: datetime
    ) -> FollowUp | None:
        """The next look at the same thing, or the next try to ring the same caller."""
        became = step.value if step else task
        if task.state == "planned" and became.state == "open":
            return after(task, seen, now)
        if tells_result(task) and task.is_live and became.outcome == "no_answer":
            policy = self._platform.policy.at(seen.ticket.estate)
            return ring_again(task, seen.ticket, policy, now)
        return None

    async def _pass_over(self, task: FollowUp) -> None:
        """Of looks at the same thing the latest alone is to be done."""

        def choose(present: FollowUp, now: datetime) -> Step[FollowUp] | None:
            is_earlier = present.why == "watch" and present.opens_at < task.opens_at
            return drop(present, "passed_over", now) if is_earlier else None

        for earlier in await tasks_of(self._store, task.number):
            if earlier.is_live:
                await self.change(earlier.id, choose)

    async def pass_on(self, number: str, owner: str) -> None:
        """Whoever sees a ticket through has its tasks, unless it turns out to be about them."""
        tasks = await tasks_of(self._store, number)
        if not tasks or owner in (await self.seen(number)).not_for:
            return

        for task in tasks:
            await self.change(task.id, lambda present, _: pass_on(present, owner))

    async def forget(self, number: str) -> None:
        """A person of the ticket is erased: nobody looks for them in these words, so all go."""
        for task in await tasks_of(self._store, number):
            await self.change(task.id, lambda present, _: forget(present))

    async def seen(self, number: str) -> Seen:
        """What a task of a ticket is judged by; raises NoSuchTicket."""
        ticket, duty = await self._ticket(number), self._platform.duty.current
        policy = self._platform.policy.at(ticket.estate)
        return Seen(
            ticket,
            rule_for(ticket, policy),
            policy.calendar,
            desk_of(ticket, duty),
            desk_lead(ticket, duty),
            is_danger_over=ticket.is_emergency and await self._is_danger_over(number),
            not_for=whom_it_is_about(ticket, duty),
            away=duty.on_leave | duty.frozen,
            tries=policy.rules.feedback_attempts,
        )

    async def change(self, id: str, choose: Decide[FollowUp]) -> FollowUp | None:
        """Change a task as it is now; None when there was nothing to change."""
        changed = await self._tasks.change(id, choose)
        if changed is None or not changed.is_change:
            return None
        _count(changed.before, changed.after)
        return changed.after

    async def _ticket(self, number: str) -> Ticket:
        ticket = await self._platform.tickets.get(number)
        if ticket is None:
            raise NoSuchTicket(number)
        return ticket

    async def _is_danger_over(self, number: str) -> bool:
        found = await self._store.get("emergencies", number, fields=("ended_at",))
        return found is not None and found.get("ended_at") is not None


def _count(before: FollowUp, after: FollowUp) -> None:
    """Put what became of a task into the figures; drills are in none."""
    missed = after.missed_at is not None and before.missed_at is None
    outcome = "missed" if missed else after.state
    if not missed and after.state == before.state:
        return
    if not after.test:
        metrics.FOLLOW_UPS.labels(after.why, outcome).inc()
    logger.info("follow_up_moved", follow_up=after.id, ticket=after.number, outcome=outcome)
