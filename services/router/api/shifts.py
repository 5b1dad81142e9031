"""Shifts one by one, and leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import Field

from services.router.api.bodies import Body, Code, Moment
from services.router.rosters.leave import Leave, Status
from services.router.rosters.leaving import Leaving
from services.router.rosters.rostering import Rostering
from services.router.rosters.shifts import Shift
from shared.policy.roster import Stretch
from shared.privacy import scrub
from shared.runtime import Asking, Platform, Routes, may

AHEAD: Final = timedelta(days=62)
BACK: Final = timedelta(days=2)
Text = Annotated[str, Field(min_length=1, max_length=60)]


class ShiftBody(Body):
    """Who stands for which department of which place, on quarter hours and for 24 hours at most.
    `despite` says why, though it leaves them too little rest.
    """

    place: Text
    department: Text
    person: Text
    begins: Moment
    ends: Moment
    despite: Code | None = None


class GiveBody(Body):
    """Somebody of a duty list, and why they, though it leaves them too little rest."""

    person: Text
    despite: Code | None = None


class PersonBody(Body):
    """Somebody of a duty list."""

    person: Text


class HandOverBody(Body):
    """What whoever comes next should know."""

    note: Annotated[str, Field(min_length=1, max_length=2_000)]


class LeaveBody(Body):
    """From when until when one is away, and why, as a code."""

    begins: Moment
    ends: Moment
    reason: Code


def build_shifts_api(platform: Platform, rostering: Rostering) -> Routes:
    """`/v1/shifts`."""
    router = Routes("/v1/shifts", tags=["rosters"])

    @router.get("", dependencies=[may("shift.own")])
    async def own(asking: Asking) -> dict[str, Any]:
        """One's own shifts, and those offered to one: two days back, two months ahead."""
        now = platform.store.clock.now()
        found = await rostering.of_person(asking, now - BACK, now + AHEAD)
        return {"items": [shift_view(shift) for shift in found]}

    @router.post("", dependencies=[may("shift.plan")])
    async def plan(asking: Asking, body: ShiftBody) -> dict[str, Any]:
        """Put somebody on shift; the same again changes nothing."""
        stretch = Stretch(**body.model_dump(exclude={"despite"}))
        return shift_view(await rostering.plan(asking, stretch, despite=body.despite))

    @router.get("/{id}", dependencies=[may("roster.see")])
    async def one(id: str, asking: Asking) -> dict[str, Any]:
        """One shift, with what those before have handed over."""
        shift = await rostering.get(asking, id)
        before = await rostering.notes_before(shift)
        notes = [{"person": s.person, "ends": s.ends, "note": s.note} for s in before]
        return shift_view(shift) | {"handed_over": notes}

    @router.post("/{id}/offer", dependencies=[may("shift.own")])
    async def offer(id: str, asking: Asking, body: PersonBody) -> dict[str, Any]:
        """Ask somebody to take one's own shift over; they are told."""
        return shift_view(await rostering.offer(asking, id, body.person))

    @router.post("/{id}/take", dependencies=[may("shift.own")])
    async def take(id: str, asking: Asking) -> dict[str, Any]:
        """Take a shift over that was offered to one; whoever had it is told."""
        return shift_view(await rostering.take(asking, id))

    @router.post("/{id}/hand-over", dependencies=[may("shift.own")])
    async def hand_over(id: str, asking: Asking, body: HandOverBody) -> dict[str, Any]:
        """Leave a note for whoever comes next."""
        return shift_view(await rostering.hand_over(asking, id, scrub(body.note)))

    @router.post("/{id}/give", dependencies=[may("shift.plan")])
    async def give(id: str, asking: Asking, body: GiveBody) -> dict[str, Any]:
        """Let somebody else stand instead."""
        return shift_view(await rostering.give(asking, id, body.person, despite=body.despite))

    @router.post("/{id}/strike", dependencies=[may("shift.plan")])
    async def strike(id: str, asking: Asking) -> dict[str, Any]:
        """It counts no more; whoever had it is told."""
        return shift_view(await rostering.strike(asking, id))

    return router


def build_leaves_api(leaving: Leaving) -> Routes:
    """`/v1/leaves`."""
    router = Routes("/v1/leaves", tags=["rosters"])

    @router.get("", dependencies=[may("leave.ask")])
    async def listed(
        asking: Asking, status: Annotated[Status | None, Query()] = None
    ) -> dict[str, Any]:
        """Leave that is not over: one's own, and of the lists one plans."""
        found = await leaving.within_reach(asking, status=status)
        return {"items": [leave_view(leave) for leave in found]}

    @router.post("", dependencies=[may("leave.ask")])
    async def ask(asking: Asking, body: LeaveBody) -> dict[str, Any]:
        """Ask for leave of one's own."""
        return leave_view(await leaving.ask(asking, body.begins, body.ends, body.reason))

    @router.post("/{id}/grant", dependencies=[may("leave.decide")])
    async def grant(id: str, asking: Asking) -> dict[str, Any]:
        """Grant somebody's leave: their shifts in it are struck, and the gaps told."""
        return leave_view(await leaving.decide(asking, id, "granted"))

    @router.post("/{id}/refuse", dependencies=[may("leave.decide")])
    async def refuse(id: str, asking: Asking) -> dict[str, Any]:
        """Refuse somebody's leave."""
        return leave_view(await leaving.decide(asking, id, "refused"))

    return router


def shift_view(shift: Shift) -> dict[str, Any]:
    """A shift."""
    return {
        "id": shift.id, "place": shift.place, "department": shift.department,
        "person": shift.person, "begins": shift.begins, "ends": shift.ends,
        "struck": shift.struck, "offered_to": shift.offered_to, "note": shift.note,
        "despite": shift.despite,
    }  # fmt: skip


def leave_view(leave: Leave) -> dict[str, Any]:
    """Somebody's leave."""
    return {
        "id": leave.id, "person": leave.person, "begins": leave.begins, "ends": leave.ends,
        "reason": leave.reason, "status": leave.status, "decided_by": leave.decided_by,
    }  # fmt: skip
