"""Use case: gaps in the rosters are found before they happen (B2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.router.people import managers_of
from services.router.rosters.fitness import Fitness
from services.router.rosters.lists import DutyList, gaps_of, horizon, note_gaps
from services.router.rosters.shifts import Shift, strike
from services.router.rosters.storage import (
    LISTS,
    SHIFTS,
    all_lists,
    announce,
    around,
    find_shifts,
    finish_cut,
    half_cut,
    revision,
    take_out,
)
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.telemetry import logger

LOOK_AGAIN: Final = timedelta(minutes=10)
"""Time alone brings new gaps, and certificates are taken away elsewhere."""


class GapWatch:
    """Looks through the lists that go by shifts: cuts what cannot be kept, and tells of gaps."""

    def __init__(self, platform: Platform, fitness: Fitness) -> None:
        self._platform = platform
        self._store = platform.store
        self._lists = Collection(platform.store, LISTS)
        self._shifts = Collection(platform.store, SHIFTS)
        self._fitness = fitness
        self._seen: int | None = None
        self._looked_at: datetime | None = None

    async def look(self) -> None:
        """Look at every list if anything changed, and now and then in any case. What a kill left
        half done is finished first.
        """
        present, now = await revision(self._store), self._store.clock.now()
        looked = self._looked_at
        if present == self._seen and looked is not None and now - looked < LOOK_AGAIN:
            return
        if cut_before := await half_cut(self._store, now):
            for shift in cut_before:
                await finish_cut(self._store, shift)
            await announce(self._store)
        for duty_list in await all_lists(self._store):
            if duty_list.needs:
                await self.look_at(duty_list)
        self._seen, self._looked_at = present, now

    async def look_at(self, duty_list: DutyList) -> None:
        """Strike and tell for one list; of several replicas one does it."""
        now = self._store.clock.now()
        calendar = self._platform.policy.at(duty_list.place).calendar
        query = {"place": duty_list.place, "department": duty_list.department, "counts": True}
        ahead = around(now, horizon(now, calendar))
        planned = await find_shifts(self._store, {**query, **ahead})
        kept = await self._strike_uncertified(await self._cut_by_leave(planned))
        frozen = self._platform.duty.current.frozen
        covered = [(shift.begins, shift.ends) for shift in kept if shift.person not in frozen]
        gaps = gaps_of(duty_list.needs, covered, now, calendar)
        step = note_gaps(
            duty_list, gaps, lead=self._lead(duty_list), managers=self._managers(duty_list)
        )
        if step is not None and await self._lists.write_over(duty_list, step) is not None:
            logger.info(
                "roster_looked_at",
                place=duty_list.place,
                gaps=len(gaps),
                department=duty_list.department,
            )

    async def _cut_by_leave(self, shifts: Sequence[Shift]) -> list[Shift]:
        """What is left of shifts beside the leave of their people."""
        left = {shift.id: shift for shift in shifts}
        for leave in await self._fitness.leave_in(shifts):
            for shift in [each for each in left.values() if each.person == leave.person]:
                del left[shift.id]
                left |= {s.id: s for s in await take_out(self._store, shift, leave)}
        if set(left.values()) != set(shifts):
            await announce(self._store)
        return list(left.values())

    async def _strike_uncertified(self, shifts: Sequence[Shift]) -> list[Shift]:
        lacking = await self._fitness.uncertified(shifts)
        for shift in shifts:
            step = strike(shift, "unqualified") if shift.id in lacking else None
            if step is not None and await self._shifts.write_over(shift, step) is not None:
                logger.warning("shift_struck", shift=shift.id, reason=step.value.struck)
        if lacking:
            await announce(self._store)
        return [shift for shift in shifts if shift.id not in lacking]

    def _lead(self, duty_list: DutyList) -> tuple[str, ...]:
        lead = self._platform.duty.current.lead(duty_list.place, duty_list.department)
        return (lead.id,) if lead else ()

    def _managers(self, duty_list: DutyList) -> tuple[str, ...]:
        policy = self._platform.policy.at(duty_list.place)
        return managers_of(duty_list.place, "estate", self._platform.duty.current, policy)[:1]
