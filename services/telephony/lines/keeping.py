"""The use cases of lines: what is said of one, what somebody found who rang it, work to come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.telephony.lines.domain import (
    Line,
    LineCheck,
    Maintenance,
    announced,
    checked,
    with_details,
)
from services.telephony.lines.storage import LINES
from shared.audit import Trail
from shared.contracts import Step
from shared.contracts.refusals import NotThere
from shared.identity import Principal
from shared.store import Collection, Store

SUBJECT: Final = "line"


class LineKeeping:
    """Keeps lines; each act is on record before it is done."""

    def __init__(self, store: Store, records: Trail) -> None:
        self._lines = Collection(store, LINES)
        self._records = records
        self._clock = store.clock

    async def put(self, details: Line, principal: Principal, source: str | None) -> Line:
        """This in place of what was said of the line; a new one is made."""
        subject = (SUBJECT, details.id)
        await self._records.record(principal, "line.change", subject, source=source)
        changed = await self._lines.change(
            details.id,
            lambda line, _: Step(with_details(line, details)),
            new=Line(id=details.id),
        )
        if changed is None:
            raise NotThere
        return changed.after

    async def check(
        self, id: str, principal: Principal, source: str | None, *, worked: bool
    ) -> Line:
        """Somebody rang it themselves; raises NotThere."""
        check = LineCheck(at=self._clock.now(), by=principal.id, worked=worked)
        return await self._changed(
            id, "line.check", principal, source, lambda line: checked(line, check)
        )

    async def announce(self, id: str, work: Maintenance, by: Principal, source: str | None) -> Line:
        """Work on it is to come; raises NotThere."""
        return await self._changed(
            id, "line.maintain", by, source, lambda line: announced(line, work)
        )

    async def _changed(
        self,
        id: str,
        act: str,
        principal: Principal,
        source: str | None,
        of: Callable[[Line], Line],
    ) -> Line:
        if await self._lines.get(id) is None:
            raise NotThere
        await self._records.record(principal, act, (SUBJECT, id), source=source)
        changed = await self._lines.change(id, lambda line, _: Step(of(line)))
        if changed is None:
            raise NotThere
        return changed.after
