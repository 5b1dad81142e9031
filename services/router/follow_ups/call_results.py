"""Use case: whoever has the task to ring a caller says what came of the call.

What the ticket has to follow is said to intake by an event, and the task ends when the ticket has
followed, as it does when the same is said over HTTP. Every other task ends here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.router.follow_ups.calls import answers_about, answers_to, moves_ticket, right_to
from services.router.follow_ups.desk_tasks import DeskTasks
from services.router.follow_ups.reminders import Reminders
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.follow_ups.tasks import Call, FollowUp, danger_in, note_call, tell_danger
from services.router.follow_ups.untold import has_heard
from shared.contracts import Step
from shared.contracts.refusals import NotNow, NotThere
from shared.contracts.router import CallAnswer, FollowUpSaid
from shared.identity import Principal, require
from shared.runtime.platform import Platform
from shared.store import Collection


class CallResults:
    """Puts on record what came of calls; sent again it counts once."""

    def __init__(self, platform: Platform, reminders: Reminders, desk_tasks: DeskTasks) -> None:
        self._platform = platform
        self._tasks = Collection(platform.store, FOLLOW_UPS)
        self._reminders = reminders
        self._desk_tasks = desk_tasks

    async def say(
        self,
        id: str,
        who: Principal,
        answer: CallAnswer,
        *,
        key: str,
        cause: str | None = None,
        words: str | None = None,
        promised: Sequence[datetime] = (),
    ) -> None:
        """Say what came of a call, in scrubbed words of the caller; of one that told promises, when
        those were made. Raises NotNow for what cannot be said now, Forbidden, and what doing a task
        raises.
        """
        task = await self._tasks.get(id)
        if task is None or answer not in answers_about(task):
            raise NotThere
        require(who, right_to(answer, task))
        if not moves_ticket(answer, task):
            outcome: FollowUpSaid = "told_owner" if answer == "told" else "no_answer"
            await self._desk_tasks.done(who, id, outcome, words, next_at=None, noted=False)
            return
        ticket = (await self._reminders.seen(task.number)).ticket
        danger = danger_in(words, ticket, self._platform.policy, self._now(), noted=False)
        told = tuple(promised) if answer == "told" else None
        call = Call(
            key=key, at=self._now(), by=who.id, answer=answer, cause=cause, words=words or None
        )

        def choose(present: FollowUp, now: datetime) -> Step[FollowUp] | None:
            policy = self._platform.policy.at(ticket.estate)
            if answer not in answers_to(present, ticket, policy, who):
                return None
            if told is not None and not has_heard(told, ticket):
                return None
            return note_call(present, call, now, danger=danger, promised=told)

        if await self._reminders.change(id, choose) is None:
            if danger is not None:
                await self._reminders.change(id, lambda present, _: tell_danger(present, danger))
            _check_said(await self._tasks.get(id), call)

    def _now(self) -> datetime:
        return self._platform.store.clock.now()


def _check_said(task: FollowUp | None, call: Call) -> None:
    """Raise NotNow unless just this answer is on record already."""
    known = task.call if task else None
    if known is None or (known.key, known.answer) != (call.key, call.answer):
        raise NotNow(
            "over",
            "Nobody has to ring any more, or it was said already",
            "read it again: it says what became of it",
            state=task.state if task else None,
        )
