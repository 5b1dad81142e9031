"""Use cases of whoever does the tasks: read them, do them, ask for one by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.router.cards import MOST_COUNTED, TicketCard, ticket_cards
from services.router.follow_ups.reminders import Reminders
from services.router.follow_ups.storage import FOLLOW_UPS, duty_lists
from services.router.follow_ups.tasks import (
    FollowUp,
    State,
    danger_in,
    drop,
    finish,
    new_task,
    tell_danger,
)
from services.router.follow_ups.untold import PROMISES, RESULT, ring_again
from services.router.follow_ups.wanted import Seen, time_for
from services.router.people import require_listed, whom_it_is_about
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow, NotThere
from shared.contracts.router import FollowUpSaid
from shared.identity import Principal, sees
from shared.privacy import scrub
from shared.runtime.platform import Platform
from shared.store import Collection, Page


class DeskTasks:
    """What somebody at the desk does about tasks; foreign and missing ones look the same (404)."""

    def __init__(self, platform: Platform, reminders: Reminders) -> None:
        self._platform = platform
        self._tasks = Collection(platform.store, FOLLOW_UPS)
        self._reminders = reminders

    async def listed(
        self,
        principal: Principal,
        *,
        state: State,
        mine: bool,
        overdue: bool,
        number: str | None,
        after: str | None,
        limit: int,
    ) -> tuple[Page[FollowUp], Mapping[str, TicketCard], int]:
        """Tasks within reach by when they are due: one's own, or all; those overdue, or all. With
        the tickets that they are about, as far as these are within reach, and how many tasks there
        are.
        """
        store = self._platform.store
        wanted = await duty_lists(
            store,
            principal,
            state=state,
            person=principal.id if mine else None,
            number=number,
            overdue_at=store.clock.now() if overdue else None,
        )
        page = await self._tasks.page(wanted, after=after, limit=limit)
        numbers = [task.number for task in page.items]
        cards = await ticket_cards(store, principal, "follow_up.see", numbers)
        return page, cards, await self._tasks.count(wanted, most=MOST_COUNTED + 1)

    async def ask(
        self,
        principal: Principal,
        number: str,
        at: datetime,
        reason: str,
        *,
        person: str | None,
        note: str | None,
    ) -> FollowUp:
        """A task by hand, to be looked after from `at` on by `person`, else by who sees the ticket
        through then. The same again is the same task.
        """
        seen = await self._seen(principal, number)
        self._check(seen, at, person, field="at")
        mark = f"{seen.ticket.round}/{at.timestamp():.0f}/{reason}/{person}"
        return await self._insert(principal, seen, at, reason, mark, person=person, note=note)

    async def done(
        self,
        principal: Principal,
        id: str,
        outcome: FollowUpSaid,
        words: str | None,
        *,
        next_at: datetime | None,
        noted: bool = True,
    ) -> FollowUp:
        """It is done; with `next_at` it is to be done again. A repeat changes nothing. Where the
        words tell of a danger, the ticket becomes an emergency; they are `noted` where they are not
        the caller's own.

        Raises NotNow where somebody else did it, or nobody has to any more, and for what
        only the feedback ends: a caller who was not told must not look like one who was.
        """
        task = await self._tasks.get(id)
        if task is None or not principal.reaches(task.estate):
            raise NotThere
        seen = await self._seen(principal, task.number)
        _check_told(task, outcome)
        if task.is_live and next_at is not None:
            self._check(seen, next_at, task.person, field="next_at")

        result = scrub(words) if words else None
        now, policy = self._platform.store.clock.now(), self._platform.policy
        danger = danger_in(words, seen.ticket, policy, now, noted=noted)
        planned: list[FollowUp] = []

        async def choose(present: FollowUp, now: datetime) -> Step[FollowUp] | None:
            step = finish(present, outcome, result, now, by=principal.id, danger=danger)
            following = (
                self._following(principal, present, seen, outcome, next_at)
                if step is not None
                else None
            )
            # Before this one is done: whatever happens in between, the matter is not forgotten.
            if following is not None and await self._tasks.insert(Step(following), now):
                planned.append(following)
            return step

        done = await self._reminders.change(id, choose) or await self._tasks.get(id)
        if done is None or (done.ended_by, done.outcome) != (principal.id, outcome):
            await self._take_back(planned, done)
            if danger is not None:
                await self._reminders.change(id, lambda present, _: tell_danger(present, danger))
            raise NotNow(
                "over",
                "Nobody has to do this any more",
                "read it again: it says who did it, or why it was dropped",
                state=done.state if done else None,
            )
        return done

    def _following(
        self,
        principal: Principal,
        task: FollowUp,
        seen: Seen,
        outcome: FollowUpSaid,
        next_at: datetime | None,
    ) -> FollowUp | None:
        """What is to be done after a task that ends so: the same again at the time that was named,
        or the next try to ring the caller. Each who ends it has their own.
        """
        mark = f"after/{task.id}/{principal.id}/{outcome}"
        if next_at is not None:
            person = task.person if task.named else None
            return self._by_hand(
                principal, seen, next_at, task.reason, mark, person=person, note=None
            )
        if task.why != "tell" or outcome != "no_answer":
            return None
        now, policy = self._platform.store.clock.now(), self._platform.policy
        return ring_again(task, seen.ticket, policy.at(seen.ticket.estate), now)

    async def _take_back(self, planned: Iterable[FollowUp], done: FollowUp | None) -> None:
        """Somebody else ended the task a moment before, so nothing follows of what was said here;
        but where they said that nobody answered, the next try is theirs as well.
        """
        in_vain = done is not None and done.outcome == "no_answer"
        for each in planned:
            if not (in_vain and each.why == "tell"):
                await self._reminders.change(each.id, lambda task, now: drop(task, "done", now))

    async def _seen(self, principal: Principal, number: str) -> Seen:
        seen = await self._reminders.seen(number)
        if not sees(principal, seen.ticket):
            raise NotThere
        return seen

    def _check(self, seen: Seen, at: datetime, person: str | None, *, field: str) -> None:
        """A task is for later, for somebody who is known, and about what is not over."""
        if at <= self._platform.store.clock.now():
            raise MalformedMessage(field, "is over already", "name a later time")
        if person is not None:
            require_listed(person, self._platform.duty.current, "person")
        if person in whom_it_is_about(seen.ticket, self._platform.duty.current):
            raise MalformedMessage("person", "is whom the matter is about", "name somebody else")
        if seen.ticket.mark is not None:
            raise NotNow("ticket-over", "The ticket is over", "reopen it first")

    async def _insert(
        self,
        principal: Principal,
        seen: Seen,
        at: datetime,
        reason: str,
        mark: str,
        *,
        person: str | None,
        note: str | None,
    ) -> FollowUp:
        task = self._by_hand(principal, seen, at, reason, mark, person=person, note=note)
        await self._tasks.insert(Step(task), self._platform.store.clock.now())
        return await self._tasks.get(task.id) or task

    def _by_hand(
        self,
        principal: Principal,
        seen: Seen,
        at: datetime,
        reason: str,
        mark: str,
        *,
        person: str | None,
        note: str | None,
    ) -> FollowUp:
        return new_task(
            seen.ticket,
            "by_hand",
            reason,
            mark=mark,
            by=principal.id,
            at=at,
            within=time_for(seen.rule),
            person=person,
            named=person is not None,
            note=note,
        )


def _check_told(task: FollowUp, outcome: FollowUpSaid) -> None:
    """A caller who was not told must not look like one who was: where the ticket says it, it is
    said there.
    """
    if task.why != "tell":
        return
    if task.reason in RESULT:
        raise NotNow(
            "told-by-feedback",
            "This is done by feeding the result back",
            f"ring the caller, and say how it went by POST /v1/tickets/{task.number}/feedback",
        )
    if task.reason in PROMISES and outcome == "told_owner":
        raise NotNow(
            "told-by-tell",
            "This is done by putting on record that the caller was told",
            f"ring the caller, and say so by POST /v1/tickets/{task.number}/tell",
        )
