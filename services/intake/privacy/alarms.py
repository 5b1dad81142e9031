"""Use case: alarms about how persons are opened are read, and answered by somebody else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.intake.privacy.domain import Alarm, Answered, Finding, Status
from services.intake.privacy.storage import ALARMS, alarms_within_reach, answered
from shared.audit import Trail
from shared.contracts import Step
from shared.contracts.refusals import NotNow, NotThere, NotYours
from shared.contracts.times import written
from shared.identity import Principal
from shared.readers.visibility import hidden
from shared.store import Collection, Page, Store


class AlarmAnswers:
    """Reads and answers alarms within a principal's reach."""

    def __init__(self, store: Store, trail: Trail) -> None:
        self._store = store
        self._trail = trail
        self._alarms = Collection(store, ALARMS)

    async def page(
        self, asking: Principal, *, status: Status | None, after: str | None, limit: int
    ) -> Page[Alarm]:
        """Alarms, newest first, and the cursor of the next page."""
        listing = await alarms_within_reach(self._store, asking, status)
        return await self._alarms.page(listing, after=after, limit=limit)

    async def answer(
        self, id: str, asking: Principal, reason: Finding, *, source: str | None
    ) -> Alarm:
        """Say what was found. The first answer counts, nobody answers for themselves.

        Raises NotNow, NotYours and NotThere; the same one for what is missing and what is foreign.
        """
        alarm = await self._within_reach(id, asking)
        if alarm.reader == asking.id:
            raise NotYours(
                "own-alarm",
                "This alarm is about you; somebody else answers it",
                "leave it to another supervisor or privacy officer",
            )
        recorded = False

        async def decide(alarm: Alarm, now: datetime) -> Step[Alarm]:
            nonlocal recorded
            if alarm.answer is not None:
                raise NotNow(
                    "already-answered",
                    "Somebody has answered this alarm",
                    "read it again: the first answer counts",
                    set_by=alarm.answer.by,
                    at=written(alarm.answer.at),
                )
            if not recorded:
                await self._trail.record(
                    asking,
                    "reading_alarm.answered",
                    ("reading_alarm", id),
                    why=reason,
                    source=source,
                )
                recorded = True
            return answered(alarm, Answered(at=now, by=asking.id, reason=reason))

        changed = await self._alarms.change(id, decide)
        assert changed is not None, "alarms are never deleted"
        return changed.after

    async def _within_reach(self, id: str, asking: Principal) -> Alarm:
        alarm = await self._alarms.get(id)
        # Asked in any case, as the notifier does: what is missing must cost what is foreign costs.
        not_theirs = await hidden(self._store, asking, [alarm.number if alarm else id])
        if alarm is None or not_theirs or not asking.reaches(alarm.estate):
            raise NotThere
        return alarm


def alarm_view(alarm: Alarm) -> dict[str, Any]:
    """An alarm for whoever has to answer it."""
    answer = alarm.answer
    return {
        "id": alarm.id,
        "at": alarm.at,
        "reader": alarm.reader,
        "role": alarm.role,
        "sign": alarm.sign,
        "count": alarm.count,
        "number": alarm.number,
        "estate": alarm.estate,
        "answer": {"at": answer.at, "by": answer.by, "reason": answer.reason} if answer else None,
    }
