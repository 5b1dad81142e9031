"""Pipeline: from a published report until owner and department have been told, ours against plain.

Both sides run on the same servers in turns of some ten seconds, each idle during the other's. The
services have no mail server here: staff's mail goes to the notifier's tray, as callers' messages
do, because the plain loop hands nothing to anybody either. Everything else is as operators run it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass, field
from typing import Final

import aio_pika
import bson
from aio_pika.abc import AbstractChannel
from rich.console import Console

from bench import complaints
from bench.counting import are_counted, counted_by_servers
from bench.hotline import Hotline, bench_servers, running_hotline
from bench.plain import Sizes
from bench.plan import Plan
from bench.results import Line, Result, counts_text, spread_numbers, spread_text
from bench.sides import Ours, Side, plain_loop
from bench.slices import (
    Slice,
    Spread,
    difference,
    harder,
    largest_difference,
    next_batch,
    paired_ratios,
    per_ticket,
    rates,
    turns,
)
from bench.traffic import Traffic, as_body
from shared.bus import EVENTS
from tests.support.servers import Servers

OURS: Final = "hotline"
VARIANTS: Final = {"sequential": 1, "concurrent": 50}
"""The plain loops, and how many messages each stage works on at the same time."""
GOAL: Final = 0.8
COUNTS_MAY_DIFFER: Final = 0.03
ONE_KIND_MAY_DIFFER: Final = 0.1
"""More: busy services do less by the clock than at rest, and the rate at rest is taken off."""
FIRST_RATES: Final = {OURS: 100.0, "sequential": 40.0, "concurrent": 100.0}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a side and the servers counted up to a moment."""

    own: Mapping[str, float]
    served: Mapping[str, float]
    at: float


def by_servers(name: str) -> str:
    """The name under which the servers' counts of a side are kept."""
    return f"{name}, as the servers count"


@dataclass
class Contest:
    """The sides in turns, with what each took and asked for."""

    servers: Servers
    hotline: Hotline
    sides: Mapping[str, Side]
    traffic: Traffic
    slices: dict[str, list[Slice]] = field(default_factory=dict)
    asked: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    cpu: list[dict[str, float]] = field(default_factory=list)
    resting: dict[str, float] = field(default_factory=dict)
    served_resting: dict[str, float] = field(default_factory=dict)

    async def rest(self, seconds: float) -> None:
        """Learn what the hotline asks for by the clock, without any ticket."""
        before = await self._counts(OURS)
        await asyncio.sleep(seconds)
        after = await self._counts(OURS)
        self.resting = rates(before.own, after.own, after.at - before.at)
        self.served_resting = rates(before.served, after.served, after.at - before.at)

    async def turn(self, name: str, tickets: int) -> Slice:
        """One side works, the others are idle."""
        bodies = [as_body(self.traffic.routine()) for _ in range(tickets)]
        with ExitStack() as others:
            for other, side in self.sides.items():
                if other != name:
                    others.enter_context(side.idle())
            before = await self._counts(name)
            cpu = self.hotline.cpu_seconds()
            done = await self.sides[name].work(bodies)
            if name == OURS:
                self.cpu.append(per_ticket(cpu, self.hotline.cpu_seconds(), tickets))
            self._note(name, done, before, await self._counts(name))
        return done

    def _note(self, name: str, done: Slice, before: Counted, after: Counted) -> None:
        seconds = after.at - before.at
        mine, all_ = ({}, {}) if name != OURS else (self.resting, self.served_resting)
        own = per_ticket(before.own, after.own, done.tickets, seconds=seconds, idle=mine)
        served = per_ticket(before.served, after.served, done.tickets, seconds=seconds, idle=all_)
        served["publish"] -= 1  # the report itself
        self.slices.setdefault(name, []).append(done)
        self.asked.setdefault(name, []).append(own)
        self.asked.setdefault(by_servers(name), []).append(served)

    async def _counts(self, name: str) -> Counted:
        own = await self.sides[name].counts()
        served = await counted_by_servers(self.servers, self.hotline.database)
        return Counted(own, served, time.monotonic())

    def counts(self, name: str) -> dict[str, float]:
        """What a ticket costs a side; as the servers counted it, while it does not count."""
        own = mean(self.asked[name])
        return own if are_counted(own) else mean(self.asked[by_servers(name)])


def mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The average of each kind."""
    return {kind: sum(row[kind] for row in rows) / len(rows) for kind in rows[0]}


async def measure(plan: Plan, console: Console) -> Result:
    """Run the contest; the ratio that counts is against the harder of the two plain loops."""
    with bench_servers() as servers:
        async with AsyncExitStack() as stack:
            hotline = await stack.enter_async_context(
                running_hotline(servers, environment={"HOTLINE_COUNT_STATEMENTS": "true"})
            )
            connection = await aio_pika.connect(hotline.endpoints.amqp_operator)
            await stack.enter_async_context(connection)
            channel = await connection.channel(publisher_confirms=True)
            traffic = Traffic(plan.seed)
            ours = Ours(hotline, channel)
            sizes = await _warm_up(hotline, ours, channel, traffic, plan)
            sides: dict[str, Side] = {OURS: ours}
            for name, at_once in VARIANTS.items():
                loop = plain_loop(servers, f"plain.{name}", at_once=at_once, sizes=sizes)
                sides[name] = await stack.enter_async_context(loop)
            contest = Contest(servers, hotline, sides, traffic)
            await _play(contest, plan, console)
            return _result(contest, sizes)


async def _warm_up(
    hotline: Hotline, ours: Ours, channel: AbstractChannel, traffic: Traffic, plan: Plan
) -> Sizes:
    """Let every cache fill, and weigh what real tickets, messages and events are like."""
    weights: list[int] = []

    async def weigh(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        weights.append(len(message.body))

    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EVENTS, "#")
    tag = await queue.consume(weigh, no_ack=True)
    await ours.work([as_body(traffic.routine()) for _ in range(plan.warm_up_tickets)])
    await queue.cancel(tag)
    await queue.delete()
    ticket = await hotline.database["tickets"].find_one({})
    messages = await hotline.database["messages"].find({}).to_list(100)
    assert ticket is not None, "it has just been worked on"
    order = len(bson.encode({"added": [ticket["work_orders"], ticket["timeline"][-1]]}))
    return Sizes(
        ticket=len(bson.encode(ticket)) - order,
        order=order,
        message=sum(len(bson.encode(m)) for m in messages) // len(messages),
        event=sum(weights) // len(weights),
    )


async def _play(contest: Contest, plan: Plan, console: Console) -> None:
    rate = dict(FIRST_RATES)
    for name in contest.sides:  # the first turn finds the speed, and is not counted
        rate[name] = (await contest.turn(name, next_batch(rate[name], 2))).rate
    for kept in (contest.slices, contest.asked, contest.cpu):
        kept.clear()
    await contest.rest(plan.idle_seconds)
    for n, names in enumerate(turns(list(contest.sides), plan.pairs), start=1):
        for name in names:
            tickets = next_batch(rate[name], plan.slice_seconds)
            rate[name] = (await contest.turn(name, tickets)).rate
        said = ", ".join(f"{name} {rate[name]:.0f}/s" for name in contest.sides)
        console.print(f"[dim]pipeline {n}/{plan.pairs}: {said}[/]")


def _result(contest: Contest, sizes: Sizes) -> Result:
    result = Result()
    plain = {name: contest.slices[name] for name in VARIANTS}
    hardest = harder(plain)
    for name in VARIANTS:
        spread = Spread.of(paired_ratios(contest.slices[OURS], plain[name]))
        key = "pipeline_ratio" if name == hardest else f"pipeline_ratio_{name}"
        result.figures[key] = spread.median
        result.details[f"ratio_{name}"] = spread_numbers(spread)
        goal = (f"≥ {GOAL}", spread.median >= GOAL) if name == hardest else ("", None)
        result.lines.append(Line(f"pipeline: hotline ÷ plain, {name}", spread_text(spread), *goal))
    for name in contest.sides:
        rate = Spread.of([s.rate for s in contest.slices[name]])
        result.details[f"rate_{name}"] = spread_numbers(rate)
        result.lines.append(Line(f"  tickets/s, {name}", spread_text(rate, 0)))
    _add_counts(result, contest)
    _add_costs(result, contest, sizes)
    complaints.tell(result, contest.hotline.complaints())
    result.details["harder"] = hardest
    return result


def _add_counts(result: Result, contest: Contest) -> None:
    ours = contest.counts(OURS)
    for name in contest.sides:
        result.lines.append(Line(f"  per ticket, {name}", counts_text(contest.counts(name))))
        for counted in (name, by_servers(name)):
            result.details[f"per_ticket {counted}"] = mean(contest.asked[counted])
    result.details["resting per second"] = contest.resting
    result.details[by_servers("resting per second")] = contest.served_resting
    result.broken += [
        f"the plain loop ({name}) does not ask for what the hotline asks for: "
        f"{counts_text(contest.counts(name))} and {counts_text(ours)}; change "
        "bench/plain.py to what the hotline does now"
        for name in VARIANTS
        if not _are_alike(ours, contest.counts(name))
    ]


def _are_alike(ours: Mapping[str, float], plain: Mapping[str, float]) -> bool:
    """Whether both sides ask for the same."""
    return (
        difference(ours, plain) <= COUNTS_MAY_DIFFER
        and largest_difference(ours, plain) <= ONE_KIND_MAY_DIFFER
    )


def _add_costs(result: Result, contest: Contest, sizes: Sizes) -> None:
    cpu = {name: seconds * 1000 for name, seconds in mean(contest.cpu).items()}
    said = ", ".join(f"{name} {ms:.2f}" for name, ms in cpu.items())
    result.lines.append(Line("  ms of processor per ticket", said))
    result.details |= {"cpu_ms": cpu, "sizes": asdict(sizes)}
