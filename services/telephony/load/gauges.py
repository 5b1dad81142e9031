"""Calls and agents as they are now, as every replica sees them alike: `max by`, never summed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.telephony.calls.domain import KeptCall
from services.telephony.calls.storage import CALLS
from services.telephony.inbound.exchanges import Exchange, Exchanges
from services.telephony.load.domain import QuarterLoad, service_level, together
from services.telephony.load.requiring import (
    LATELY,
    MODELS,
    load_of,
    required_by,
    thresholds,
    usual_handle_s,
)
from services.telephony.load.storage import BY_TIME, LOAD_QUARTERS
from shared.calls.agents import BUSY, AgentState, spells
from shared.calls.call import Call
from shared.calls.facts import Fact, Kind, fact_id
from shared.calls.fold import SILENT_TOO_LONG, fold
from shared.calls.load import ServiceLevel, counted
from shared.calls.quarters import QUARTER, quarter_of
from shared.policy.policy import Policy, ServiceLevelGoal
from shared.store import Collection, Store
from shared.telemetry import metrics

WINDOWS: Final[Mapping[str, int]] = {"15m": 1, "1h": 4}
"""By name, how many quarter hours that are over."""
STATES: Final = tuple(state for state in AgentState if state is not AgentState.SIGNED_OFF)
MOST: Final = 5_000
AHEAD: Final = timedelta(minutes=1)
"""So far an exchange's clock may be ahead of ours; two seconds ring already."""
_ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. Waits by line, agents by state, loads by window; `goal` is the policy's."""

    waiting: Mapping[str, Sequence[float]]
    agents: Mapping[AgentState, int]
    loads: Mapping[str, QuarterLoad]
    lately: QuarterLoad
    goal: ServiceLevelGoal


class Looking:
    """Looks into the store for what the gauges show."""

    def __init__(self, store: Store, exchanges: Exchanges, policy: Callable[[], Policy]) -> None:
        self._store = store
        self._policy = policy
        self._calls = Collection(store, CALLS)
        self._quarters = Collection(store, LOAD_QUARTERS)
        self._exchanges = exchanges

    async def look(self) -> None:
        """See what is true now."""
        now = self._store.clock.now()
        running = await self._running(now)
        known = self._exchanges.known
        lines = {line for exchange in known for line in exchange.lines}
        show(
            Seen(
                waiting=_waiting(running, lines, now),
                agents=_agents(known, running, now),
                loads={name: await self._load(number, now) for name, number in WINDOWS.items()},
                lately=await self._load(LATELY // QUARTER, now),
                goal=self._policy().rules.service_level,
            )
        )

    async def _running(self, now: datetime) -> list[Call]:
        query = {
            "call.ended_at": {"$type": "null"},
            "last_at": {"$gt": now - SILENT_TOO_LONG},
        }
        found = await self._calls.find(query, limit=MOST)
        calls = (as_of(kept, now) for kept in found)
        return [call for call in calls if call is not None and call.ended_at is None]

    async def _load(self, quarters: int, now: datetime) -> QuarterLoad:
        """All lines' last quarter hours that are over."""
        until = quarter_of(now)
        since = until - quarters * QUARTER
        found = self._quarters.walk({"quarter": {"$gte": since, "$lt": until}}, order=BY_TIME)
        return together([each async for each in found], line=_ALL, quarter=since)


def as_of(kept: KeptCall, now: datetime) -> Call | None:
    """A running call as if it had just been heard of: what goes on lasts until now. An exchange
    whose clock is a little ahead tells of what is now as if it were to come.
    """
    facts = [fact for fact in kept.facts if fact.at <= now + AHEAD]
    at = max([now, *(fact.at for fact in facts)])
    heard = Fact(
        id=fact_id(kept.exchange, "now", at, kept.channel),
        kind=Kind.DESCRIBED,
        exchange=kept.exchange,
        call=kept.channel,
        at=at,
    )
    return fold([*facts, heard])


def _waiting(
    running: Iterable[Call], lines: Iterable[str], now: datetime
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {line: [] for line in lines}
    for call in counted(running):
        if call.answered_at is None and call.outcome is None and not call.talks:
            waited = (now - call.offered_at).total_seconds()
            found.setdefault(call.line, []).append(max(0.0, waited))
    return found


def _agents(
    exchanges: Sequence[Exchange], running: Sequence[Call], now: datetime
) -> dict[AgentState, int]:
    """How many are in which state, as their exchange tells it."""
    found: dict[AgentState, int] = dict.fromkeys(STATES, 0)
    known = {exchange.id: exchange for exchange in exchanges}
    for id in {*known, *(call.exchange for call in running)}:
        exchange = known.get(id, Exchange(id=id))
        calls = [call for call in running if call.exchange == id]
        lines = spells(exchange.members, calls, now, exchange.gaps)
        for line in lines.values():
            if line and line[-1].state in found:
                found[line[-1].state] += 1
    return found


def show(seen: Seen) -> None:
    """From now on this is true."""
    metrics.CALLS_WAITING.show({(line,): len(waits) for line, waits in seen.waiting.items()})
    metrics.LONGEST_WAIT.show(
        {(line,): max(waits, default=0.0) for line, waits in seen.waiting.items()}
    )
    metrics.AGENTS.show({(state.value,): seen.agents.get(state, 0) for state in STATES})
    busy = sum(seen.agents.get(state, 0) for state in BUSY)
    at_work = busy + seen.agents.get(AgentState.READY, 0)
    metrics.OCCUPANCY.show({(): busy / at_work} if at_work else {})
    _show_windows(seen)


def _show_windows(seen: Seen) -> None:
    times = {w: usual_handle_s(load, seen.lately) for w, load in seen.loads.items()}
    known = {w: load for w, load in seen.loads.items() if times[w] is not None or not load.offered}
    metrics.OFFERED_LOAD.show(
        {(w,): load_of(load, WINDOWS[w], times[w]) for w, load in known.items()}
    )
    needed = {
        (model, window): required_by(model, load, WINDOWS[window], seen.goal, times[window])
        for window, load in known.items()
        for model in MODELS
    }
    metrics.AGENTS_REQUIRED.show({key: n for key, n in needed.items() if n is not None})
    levels = {
        (name.value, str(threshold), window): service_level(load, threshold, name)
        for window, load in seen.loads.items()
        for name in ServiceLevel
        for threshold in thresholds(seen.goal)
    }
    metrics.SERVICE_LEVEL.show({key: n for key, n in levels.items() if n is not None})
