"""Looks after the lines: whether each works, who is to hear of it, and which contract ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

from services.telephony.calls.storage import CALLS, NEWEST
from services.telephony.inbound.exchanges import Exchange, Exchanges
from services.telephony.lines.domain import (
    Line,
    Witnesses,
    contract_warned,
    in_maintenance,
    judged,
    last_sign,
)
from services.telephony.lines.expecting import LOOK_BACK, Known, expected_between
from services.telephony.lines.gauges import LineSeen, show
from services.telephony.lines.storage import LINES
from services.telephony.load.storage import BY_TIME, LOAD_QUARTERS
from services.telephony.ringing.domain import UNHEARD_AFTER, is_heard
from shared.bus.loops import each
from shared.calls.quarters import QUARTER, quarter_of
from shared.contracts import Step
from shared.policy.policy import Policy
from shared.store import Collection, Store

MOST: Final = 1_000
NO_LINE: Final = "unknown"
"""What no document names is no line of ours to look after."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A line as it was last looked at, and what was to come since its last sign."""

    line: Line
    heard: bool
    last_call: datetime | None
    expected: float | None
    expected_now: float | None


class Watching:
    """Judges every line; each change is said once, by whose write it is."""

    def __init__(self, store: Store, exchanges: Exchanges, policy: Callable[[], Policy]) -> None:
        self._store = store
        self._lines = Collection(store, LINES)
        self._calls = Collection(store, CALLS)
        self._quarters = Collection(store, LOAD_QUARTERS)
        self._exchanges = exchanges
        self._policy = policy
        self._known: dict[str, tuple[datetime, Known]] = {}
        self._began = time.monotonic()

    async def look(self) -> None:
        """Judge every line there is, and every line that exchanges name."""
        named = {
            line: exchange.id
            for exchange in self._exchanges.known
            for line in exchange.lines
            if line != NO_LINE
        }
        found = {line.id: line for line in await self._lines.find({}, limit=MOST)}
        new = [Line(id=id, exchange=named[id]) for id in sorted({*named} - {*found})]
        lines = {line.id: line for line in [*found.values(), *new]}
        seen: dict[str, LineSeen] = {}
        await each(partial(self._look_at, lines, seen), sorted(lines))
        show(seen)

    async def _look_at(self, lines: Mapping[str, Line], seen: dict[str, LineSeen], id: str) -> None:
        now, today = self._store.clock.now(), self._today()
        looked = await self.looked(lines[id])
        if self._is_too_early(lines[id], looked):
            return

        def decide(line: Line, _: datetime) -> Step[Line] | None:
            return judged(line, self._witnesses(line, looked), now)

        changed = await self._lines.change(id, decide, new=lines[id])
        line = changed.after if changed is not None else lines[id]
        if line.contract_until is not None:
            await self._lines.change(id, lambda kept, _: contract_warned(kept, today))
        seen[id] = LineSeen(
            verdict=line.verdict,
            kind=line.kind,
            in_maintenance=in_maintenance(line, now),
            last_call=looked.last_call,
            expected=looked.expected_now,
        )

    def _is_too_early(self, line: Line, looked: Looked) -> bool:
        """Whether the exchange's words may be on their way to a process that has just begun."""
        is_unheard = not looked.heard and self._exchange_of(line) is not None
        return is_unheard and time.monotonic() - self._began < UNHEARD_AFTER.total_seconds()

    async def looked(self, line: Line) -> Looked:
        """What is known of a line now."""
        now = self._store.clock.now()
        exchange = self._exchange_of(line)
        last_call = await self._last_call(line.id)
        known = await self._known_of(line.id, now)
        calendar = self._policy().calendar
        signs = [last_sign(line, last_call, now), _heard_since(exchange)]
        since = max([sign for sign in signs if sign is not None], default=None)
        begun = quarter_of(now)
        return Looked(
            line=line,
            heard=exchange is not None and is_heard(exchange.words, now),
            last_call=last_call,
            expected=None if since is None else expected_between(known, since, now, calendar),
            expected_now=expected_between(known, begun, begun + QUARTER, calendar),
        )

    def _witnesses(self, line: Line, looked: Looked) -> Witnesses:
        exchange = self._exchange_of(line)
        reached = () if exchange is None else exchange.reached
        return Witnesses(
            # What never had an exchange is judged by those who ring it themselves.
            heard=looked.heard or exchange is None,
            reached=[each for each in reached if each.trunk in line.trunks],
            last_call=looked.last_call,
            expected=looked.expected,
        )

    def _exchange_of(self, line: Line) -> Exchange | None:
        known = self._exchanges.known
        named = [each for each in known if each.id == line.exchange]
        return next(iter(named or [each for each in known if line.id in each.lines]), None)

    async def _last_call(self, line: str) -> datetime | None:
        found = await self._calls.find({"call.line": line}, order=NEWEST, limit=1)
        call = found[0].call if found else None
        return None if call is None else call.offered_at

    async def _known_of(self, line: str, now: datetime) -> Known:
        """Its quarter hours that are over, read anew with each."""
        quarter = quarter_of(now)
        kept = self._known.get(line)
        if kept is not None and kept[0] == quarter:
            return kept[1]
        during = {"$gte": quarter - LOOK_BACK, "$lt": quarter}
        counted = self._quarters.walk({"line": line, "quarter": during}, order=BY_TIME)
        offered = {load.quarter: load.offered async for load in counted}
        known = Known(min(offered, default=None), offered)
        self._known[line] = (quarter, known)
        return known

    def _today(self) -> date:
        return self._store.clock.now().astimezone(self._policy().calendar.zone).date()


def _heard_since(exchange: Exchange | None) -> datetime | None:
    """Since when it is heard without a gap: silence in one is ours."""
    if exchange is None:
        return None
    begun = min((word.since for word in exchange.words), default=None)
    return max([gap.ended for gap in exchange.gaps] + ([begun] if begun else []), default=None)
