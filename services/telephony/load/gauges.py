"""What is true of the store now, as every replica sees it alike: `max by`, and never summed.

A replica whose loop hangs would show yesterday's longest wait for ever: a look that is older than a
minute shows nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from services.telephony.calls.domain import KeptCall
from services.telephony.calls.storage import CALLS
from services.telephony.inbound.exchanges import Exchange, Exchanges
from services.telephony.load.domain import QuarterLoad, handle_s, service_level, together
from services.telephony.load.requiring import MODELS, load_of, required_by, thresholds
from services.telephony.load.storage import BY_TIME, LOAD_QUARTERS
from shared.calls.agents import BUSY, AgentState, spells
from shared.calls.call import Call
from shared.calls.facts import Fact, Kind, fact_id
from shared.calls.fold import SILENT_TOO_LONG, fold
from shared.calls.load import ServiceLevel, counted
from shared.calls.quarters import QUARTER, quarter_of
from shared.policy.policy import Policy, ServiceLevelGoal
from shared.store import Collection, Store

STALE_SECONDS: Final = 60.0
WINDOWS: Final[Mapping[str, int]] = {"15m": 1, "1h": 4}
"""By name, how many quarter hours that are over."""
STATES: Final = tuple(state for state in AgentState if state is not AgentState.SIGNED_OFF)
MOST: Final = 5_000
_ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. Waits by line, agents by state, loads by window; `goal` is the policy's."""

    waiting: Mapping[str, Sequence[float]]
    agents: Mapping[AgentState, int]
    loads: Mapping[str, QuarterLoad]
    goal: ServiceLevelGoal


class Gauges(Collector):
    """The last look, while it is young."""

    def __init__(self) -> None:
        self._seen: Seen | None = None
        self._at = 0.0

    def show(self, seen: Seen, at: float | None = None) -> None:
        """From now on this is true."""
        self._seen, self._at = seen, time.monotonic() if at is None else at

    @override
    def collect(self) -> Iterator[Metric]:
        """Every gauge; nothing of an old look."""
        if self._seen is None or time.monotonic() - self._at > STALE_SECONDS:
            return
        yield from _of_now(self._seen)
        yield from _of_windows(self._seen)


GAUGES: Final = Gauges()
"""Those of this process."""
REGISTRY.register(GAUGES)


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
        GAUGES.show(
            Seen(
                waiting=_waiting(running, lines, now),
                agents=_agents(known, running, now),
                loads={name: await self._load(number, now) for name, number in WINDOWS.items()},
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
    """A running call as if it had just been heard of: what goes on lasts until now."""
    facts = [fact for fact in kept.facts if fact.at <= now]
    heard = Fact(
        id=fact_id(kept.exchange, "now", now, kept.channel),
        kind=Kind.DESCRIBED,
        exchange=kept.exchange,
        call=kept.channel,
        at=now,
    )
    return fold([*facts, heard])


def _waiting(
    running: Iterable[Call], lines: Iterable[str], now: datetime
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {line: [] for line in lines}
    for call in counted(running):
        if call.answered_at is None and call.outcome is None and not call.talks:
            found.setdefault(call.line, []).append((now - call.offered_at).total_seconds())
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


def _of_now(seen: Seen) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "hotline_calls_waiting", "Callers whom nobody has answered yet", labels=["line"]
    )
    longest = GaugeMetricFamily(
        "hotline_longest_wait_seconds", "For how long the first of them waits", labels=["line"]
    )
    for line, waits in sorted(seen.waiting.items()):
        waiting.add_metric([line], len(waits))
        longest.add_metric([line], max(waits, default=0.0))
    agents = GaugeMetricFamily(
        "hotline_agents", "Agents, by what the exchange tells that they do", labels=["state"]
    )
    for state in STATES:
        agents.add_metric([state.value], seen.agents.get(state, 0))
    yield from (waiting, longest, agents)
    busy = sum(seen.agents.get(state, 0) for state in BUSY)
    if at_work := busy + seen.agents.get(AgentState.READY, 0):
        yield GaugeMetricFamily(
            "hotline_occupancy_ratio", "Busy agents of those busy or ready", value=busy / at_work
        )


def _of_windows(seen: Seen) -> Iterator[Metric]:
    offered = GaugeMetricFamily(
        "hotline_offered_load_erlangs", "Offered calls a second × handle time", labels=["window"]
    )
    needed = GaugeMetricFamily(
        "hotline_agents_required", "Agents needed for the target", labels=["model", "window"]
    )
    levels = GaugeMetricFamily(
        "hotline_service_level_ratio",
        "The share answered in time, by its definition",
        labels=["definition", "threshold", "window"],
    )
    for window, load in seen.loads.items():
        quarters = WINDOWS[window]
        if handle_s(load) is not None or not load.offered:
            offered.add_metric([window], load_of(load, quarters))
            for model in MODELS:
                if (agents := required_by(model, load, quarters, seen.goal)) is not None:
                    needed.add_metric([model, window], agents)
        for name in ServiceLevel:
            for threshold in thresholds(seen.goal):
                level = service_level(load, threshold, name)
                if level is not None:
                    levels.add_metric([name.value, str(threshold), window], level)
    yield from (offered, needed, levels)
