"""Use cases of leave: asked for by whoever wants it, decided by somebody else."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from services.router.rosters.leave import Leave, LeaveStatus, decide_leave
from services.router.rosters.lists import reaches_list
from services.router.rosters.storage import LEAVES, announce, around, find_shifts, take_out
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal, allows
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.telemetry import logger

MOST: Final = 500


class LeaveRequests:
    """Keeps leave. Granted, it cuts the shifts that it lies in, so that the gaps are found."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._leaves = Collection(platform.store, LEAVES)

    async def ask(
        self, principal: Principal, begins: datetime, ends: datetime, reason: str
    ) -> Leave:
        """Ask for leave of one's own; the same again is the same leave.

        Raises MalformedMessage for who is on no duty list and for times that do not fit.
        """
        if self._platform.duty.current.person(principal.id) is None:
            raise MalformedMessage("person", "is on no duty list", "nobody else needs leave here")
        now = self._store.clock.now()
        leave = Leave(
            id=secrets.token_hex(16),
            person=principal.id,
            begins=begins,
            ends=ends,
            reason=reason,
            asked_at=now,
        )
        leave.check()
        same = {"person": principal.id, "begins": begins, "ends": ends}
        if there := await self._leaves.find(same, limit=1):
            return there[0]
        await self._leaves.insert(Step(leave), now)
        logger.info("leave_asked", leave=leave.id)
        return leave

    async def within_reach(
        self, principal: Principal, *, status: LeaveStatus | None
    ) -> list[Leave]:
        """Leave that is not over, one's own and that of the people whose lists are within reach."""
        query = {"ends": {"$gt": self._store.clock.now()}}
        found = await self._leaves.find(query | ({"status": status} if status else {}), limit=MOST)
        return [leave for leave in found if self._is_theirs(principal, leave)]

    async def decide(self, principal: Principal, id: str, status: LeaveStatus) -> Leave:
        """Grant or refuse somebody else's leave, also the other way round later. Shifts that were
        cut or struck for it stay so.
        """
        leave = await self._leaves.get(id)
        if leave is None or not self._is_theirs(principal, leave):
            raise NotThere
        if leave.person == principal.id:
            raise NotNow(
                "own-leave",
                "Nobody decides about their own leave",
                "ask somebody else who plans shifts",
            )
        await self._platform.trail.record(principal, "leave.decide", ("leave", id))
        decided = await self._leaves.change(
            id, lambda leave, _: decide_leave(leave, status, principal.id)
        )
        if decided is None:
            raise NotThere
        if decided.after.status == "granted":
            await self._cut_shifts(decided.after)
        await announce(self._store)
        return decided.after

    async def _cut_shifts(self, leave: Leave) -> None:
        """What is missed here, the look for gaps cuts later."""
        now = self._store.clock.now()
        query = {"person": leave.person, "counts": True, **around(leave.begins, leave.ends)}
        for shift in await find_shifts(self._store, query):
            if shift.ends > now:
                await take_out(self._store, shift, leave)

    def _is_theirs(self, principal: Principal, leave: Leave) -> bool:
        if leave.person == principal.id:
            return True
        duty, group = self._platform.duty.current, self._platform.policy.group
        return allows(principal, "leave.decide") and any(
            reaches_list(principal, place, department, group)
            for place, departments in duty.places.items()
            for department, people in departments.items()
            if any(person.id == leave.person for person in people)
        )
