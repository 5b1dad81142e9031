"""Use cases of shifts: planned one by one or by a pattern, offered, taken, struck, handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.router.people import require_listed
from services.router.rosters.duty_lists import DutyLists
from services.router.rosters.fitness import Fitness
from services.router.rosters.patterns import Pattern, rolled_out
from services.router.rosters.shifts import (
    Shift,
    hand_over,
    new_shift,
    offer,
    plan_again,
    strike,
    take,
)
from services.router.rosters.storage import SHIFTS, announce, around, find_shifts
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow, NotThere, Refused
from shared.identity import Principal, allows
from shared.policy.roster import Stretch
from shared.readers.rosters import list_id
from shared.runtime.platform import Platform
from shared.store import Collection, Taken
from shared.telemetry import logger

NOTES_OF: Final = timedelta(hours=24)
"""Whoever comes sees what was handed over here for so long."""
Choose = Callable[[Shift], Step[Shift] | None]


@dataclass(frozen=True, slots=True)
class ShiftOutcome:
    """What became of one shift of a pattern: it is there, or why not."""

    stretch: Stretch
    shift: Shift | None
    refused: Refused | MalformedMessage | None = None


class ShiftPlans:
    """Puts people on shift. Foreign and missing shifts look the same (404)."""

    def __init__(self, platform: Platform, duty_lists: DutyLists, fitness: Fitness) -> None:
        self._platform = platform
        self._store = platform.store
        self._shifts = Collection(platform.store, SHIFTS)
        self._duty_lists = duty_lists
        self._fitness = fitness

    async def plan(
        self, principal: Principal, stretch: Stretch, *, despite: str | None = None
    ) -> Shift:
        """Put somebody on shift; the same again changes nothing. `despite` is the reason why it may
        leave them too little rest, which goes on record.

        Raises NotNow where they are away, not certified, without rest, or stand elsewhere.
        """
        await self._duty_lists.get(principal, stretch.place, stretch.department)
        shift = new_shift(stretch)
        await self._platform.trail.record(principal, "shift.plan", ("shift", shift.id), why=despite)
        planned = await self._plan(shift, despite)
        await announce(self._store)
        return planned

    async def plan_pattern(
        self,
        principal: Principal,
        place: str,
        department: str,
        pattern: Pattern,
        *,
        despite: str | None = None,
    ) -> list[ShiftOutcome]:
        """Roll a pattern out: every shift that is possible is planned, the others are named."""
        await self._duty_lists.get(principal, place, department)
        pattern.check()
        roster = ("roster", list_id(place, department))
        await self._platform.trail.record(principal, "shift.plan", roster, why=despite)
        zone = self._duty_lists.calendar(place).zone
        done = [
            await self._try(stretch, despite)
            for stretch in rolled_out(pattern, place, department, zone)
        ]
        await announce(self._store)
        logger.info(
            "pattern_planned",
            roster=roster[1],
            shifts=len(done),
            refused=sum(planned.shift is None for planned in done),
        )
        return done

    async def _try(self, stretch: Stretch, despite: str | None) -> ShiftOutcome:
        try:
            return ShiftOutcome(stretch, await self._plan(new_shift(stretch), despite))
        except (Refused, MalformedMessage) as why:
            return ShiftOutcome(stretch, None, why)

    async def _plan(self, shift: Shift, despite: str | None) -> Shift:
        despite = await self._check_can_stand(shift.person, shift, despite)
        shift = replace(shift, despite=despite)
        now = self._store.clock.now()
        if await self._shifts.insert(Step(shift), now):
            return shift
        present = await self._shifts.get(shift.id)
        if present is None:
            raise await self._stands_elsewhere(shift)
        if present.person != shift.person:
            raise NotNow(
                "taken-over",
                "Somebody else took this shift over",
                "let them offer it back",
                shift=shift.id,
            )
        return await self._change(shift.id, lambda s: plan_again(s, shift))

    async def get(self, principal: Principal, id: str) -> Shift:
        """One shift within reach, one's own, or one that is offered to one."""
        shift = await self._shifts.get(id)
        if shift is None:
            raise NotThere
        if principal.id not in {shift.person, shift.offered_to}:
            await self._duty_lists.get(principal, shift.place, shift.department)
        return shift

    async def of_list(
        self, principal: Principal, place: str, department: str, begins: datetime, ends: datetime
    ) -> list[Shift]:
        """The shifts of a list between two moments, also those that were struck."""
        await self._duty_lists.get(principal, place, department)
        query = {"place": place, "department": department, **around(begins, ends)}
        return await find_shifts(self._store, query)

    async def of_person(
        self, principal: Principal, begins: datetime, ends: datetime
    ) -> list[Shift]:
        """The shifts that are one's own, or offered to one."""
        own = {"$or": [{"person": principal.id}, {"offered_to": principal.id}]}
        return await find_shifts(self._store, {**own, "counts": True, **around(begins, ends)})

    async def notes_before(self, shift: Shift) -> list[Shift]:
        """What those who stood here before have handed over."""
        before = {"$gt": shift.begins - NOTES_OF, "$lte": shift.begins}
        query = {"place": shift.place, "department": shift.department, "ends": before}
        return [found for found in await find_shifts(self._store, query) if found.note]

    async def offer(self, principal: Principal, id: str, to: str) -> Shift:
        """Ask somebody to take one's own shift over."""
        shift = await self._coming(principal, id)
        _check_own(principal, shift)
        require_listed(to, self._platform.duty.current, "person")
        return await self._record_and_change(principal, id, lambda s: offer(s, to))

    async def take(self, principal: Principal, id: str) -> Shift:
        """Take a shift over that was offered to one."""
        shift = await self._coming(principal, id)
        if shift.person != principal.id:
            await self._check_can_stand(principal.id, shift)

        def taking(present: Shift) -> Step[Shift] | None:
            if principal.id not in {present.offered_to, present.person}:
                raise NotNow(
                    "not-offered", "This shift is not offered to you", "whoever has it may offer it"
                )
            return take(present, principal.id)

        return await self._record_and_change(principal, id, taking)

    async def give(
        self, principal: Principal, id: str, to: str, *, despite: str | None = None
    ) -> Shift:
        """Let somebody else stand instead; `despite` as in `plan`."""
        shift = await self._coming(principal, id)
        needed = await self._check_can_stand(to, shift, despite)
        return await self._record_and_change(
            principal, id, lambda s: take(s, to, needed), why=despite
        )

    async def strike(self, principal: Principal, id: str) -> Shift:
        """It is not needed, or was a mistake."""
        await self._coming(principal, id)
        return await self._record_and_change(principal, id, lambda s: strike(s, "cancelled"))

    async def hand_over(self, principal: Principal, id: str, note: str) -> Shift:
        """Say what whoever comes next should know; `note` is scrubbed already."""
        shift = await self.get(principal, id)
        _check_own(principal, shift)
        return await self._change(id, lambda s: hand_over(s, note))

    async def _coming(self, principal: Principal, id: str) -> Shift:
        shift = await self.get(principal, id)
        if shift.ends <= self._store.clock.now():
            raise NotNow("shift-over", "This shift is over", "it stays as it was")
        return shift

    async def _check_can_stand(
        self, person: str, shift: Shift, despite: str | None = None
    ) -> str | None:
        """Raise NotNow for who cannot have a shift; `despite` where it is needed."""
        require_listed(person, self._platform.duty.current, "person")
        if shift.ends <= self._store.clock.now():
            raise MalformedMessage("ends", "is over", "plan shifts that come")
        why = await self._fitness.why_not(person, shift)
        if why is not None:
            raise why
        tired = await self._fitness.why_tired(person, shift)
        if tired is not None and despite is None:
            raise tired
        return despite if tired is not None else None

    async def _record_and_change(
        self, principal: Principal, id: str, choose: Choose, *, why: str | None = None
    ) -> Shift:
        await self._platform.trail.record(principal, "shift.change", ("shift", id), why=why)
        changed = await self._change(id, choose)
        await announce(self._store)
        return changed

    async def _change(self, id: str, choose: Choose) -> Shift:
        wanted: list[Shift] = []

        def decide(present: Shift, _now: datetime) -> Step[Shift] | None:
            step = choose(present)
            wanted[:] = [step.value] if step is not None else []
            return step

        try:
            changed = await self._shifts.change(id, decide)
        except Taken:
            raise await self._stands_elsewhere(*wanted) from None
        if changed is None:
            raise NotThere
        if changed.is_change:
            logger.info("shift_changed", shift=id)
        return changed.after

    async def _stands_elsewhere(self, shift: Shift) -> NotNow:
        query = {"person": shift.person, "counts": True, **around(shift.begins, shift.ends)}
        others = await find_shifts(self._store, query, limit=2)
        return NotNow(
            "stands-elsewhere",
            "They are on another shift then",
            "strike that one, or choose other hours",
            shifts=_ids(others, but=shift.id),
        )


def _ids(shifts: Iterable[Shift], *, but: str) -> list[str]:
    return [shift.id for shift in shifts if shift.id != but]


def _check_own(principal: Principal, shift: Shift) -> None:
    if shift.person != principal.id and not allows(principal, "shift.plan"):
        raise NotNow(
            "not-your-shift",
            "This shift is somebody else's",
            "only whoever has it, or plans it, can do this",
        )
