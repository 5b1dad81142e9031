"""Growth: the same work in a store of few and of many tickets, and the lists of both.

Two hotlines on the same servers, each with its database and its past, take turns; while one works
or is looked at, the other is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

import aio_pika
from rich.console import Console

from bench import complaints
from bench.hotline import Hotline, bench_servers, running_hotline
from bench.lists import LOOKS, Look, p95_of
from bench.past import live_through, multiply
from bench.plan import Plan
from bench.results import Line, Result, spread_numbers, spread_text
from bench.sides import Ours
from bench.slices import Slice, Spread, next_batch, paired_ratios, turns
from bench.traffic import Traffic, as_body
from hotline.demo.clients import Clients
from tests.support.servers import Servers

SMALL: Final = "small"
LARGE: Final = "large"
GOAL: Final = 1.15
LIST_GOAL_MS: Final = 30.0
FIRST_RATE: Final = 50.0


@dataclass
class Grown:
    """One hotline with its past."""

    hotline: Hotline
    side: Ours
    numbers: Sequence[str]
    slices: list[Slice] = field(default_factory=list)
    rate: float = FIRST_RATE

    async def work(self, traffic: Traffic, seconds: float) -> None:
        """One turn."""
        tickets = next_batch(self.rate, seconds)
        done = await self.side.work([as_body(traffic.routine()) for _ in range(tickets)])
        self.slices.append(done)
        self.rate = done.rate


async def measure(plan: Plan, console: Console) -> Result:
    """Grow both, then alternate; then look at every list of both."""
    with bench_servers() as servers:
        async with AsyncExitStack() as stack:
            counts = {SMALL: plan.tickets_small, LARGE: plan.tickets_large}
            grown = {
                name: await _grow(servers, stack, name, count, plan, console)
                for name, count in counts.items()
            }
            await _alternate(grown, plan, console)
            lists = {name: await _look(grown, name, plan, console) for name in grown}
            return _result(grown, counts, lists)


async def _grow(
    servers: Servers, stack: AsyncExitStack, name: str, count: int, plan: Plan, console: Console
) -> Grown:
    hotline = await stack.enter_async_context(running_hotline(servers, name=name))
    connection = await aio_pika.connect(hotline.endpoints.amqp_operator)
    await stack.enter_async_context(connection)
    side = Ours(hotline, await connection.channel(publisher_confirms=True))
    async with Clients(hotline.endpoints, hotline.data) as clients:
        past = await live_through(hotline, clients, Traffic(plan.seed))
    numbers = await multiply(hotline, past, count, plan.seed, console)
    return Grown(hotline, side, numbers)


async def _alternate(grown: Mapping[str, Grown], plan: Plan, console: Console) -> None:
    traffic = Traffic(plan.seed + 2)
    for name in (SMALL, LARGE):  # the first turns find the speed and fill the caches
        with grown[_other(name)].side.idle():
            await grown[name].work(traffic, 3)
        grown[name].slices.clear()
    for n, names in enumerate(turns((SMALL, LARGE), plan.pairs), start=1):
        for name in names:
            with grown[_other(name)].side.idle():
                await grown[name].work(traffic, plan.slice_seconds)
        said = ", ".join(f"{name} {each.rate:.0f}/s" for name, each in grown.items())
        console.print(f"[dim]growth {n}/{plan.pairs}: {said}[/]")


def _other(name: str) -> str:
    return LARGE if name == SMALL else SMALL


async def _look(
    grown: Mapping[str, Grown], name: str, plan: Plan, console: Console
) -> dict[Look, float]:
    console.print(f"[dim]growth: looking at the lists of the {name} store[/]")
    one = grown[name]
    with grown[_other(name)].side.idle():
        return {
            look: await p95_of(one.hotline, look, one.numbers, plan.list_requests) for look in LOOKS
        }


def _result(
    grown: Mapping[str, Grown], counts: Mapping[str, int], lists: Mapping[str, Mapping[Look, float]]
) -> Result:
    small, large = grown[SMALL], grown[LARGE]
    # A ratio of times per ticket, so upside down as a ratio of rates.
    ratio = Spread.of(paired_ratios(small.slices, large.slices))
    slowest = max(lists[LARGE].values())
    sizes = f"{counts[LARGE]:,} ÷ {counts[SMALL]:,} tickets"
    result = Result(figures={"growth_ratio": ratio.median, "list_p95_ms": slowest})
    result.lines = [
        Line(f"growth: time per ticket, {sizes}", spread_text(ratio), f"≤ {GOAL}",
             ratio.median <= GOAL),
        *(_rate_line(grown[name], counts[name]) for name in grown),
        Line("slowest list, p95", f"{slowest:.0f} ms", f"≤ {LIST_GOAL_MS:.0f}",
             slowest <= LIST_GOAL_MS),
        *(_list_line(look, lists) for look in LOOKS),
    ]  # fmt: skip
    result.details = {
        "tickets": dict(counts),
        "ratio": spread_numbers(ratio),
        "lists_p95_ms": {n: {str(look): ms for look, ms in lists[n].items()} for n in lists},
    }
    complaints.tell(result, small.hotline.complaints() + large.hotline.complaints())
    return result


def _rate_line(one: Grown, count: int) -> Line:
    rate = Spread.of([s.rate for s in one.slices])
    return Line(f"  tickets/s with {count:,} in the store", spread_text(rate, 0))


def _list_line(look: Look, lists: Mapping[str, Mapping[Look, float]]) -> Line:
    small, large = lists[SMALL][look], lists[LARGE][look]
    return Line(f"  {look}", f"{small:.0f} ms, {large:.0f} ms", "", None)
