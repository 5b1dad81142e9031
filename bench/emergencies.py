"""Emergencies: from arrival until the alert is on the wire, idle and beside routine backlogs.

Mail goes to a real server. With a backlog, so many routine messages wait before each of intake,
router and notifier at the same time, while all three work on them as fast as they can.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import aio_pika
import bson
from aio_pika.abc import AbstractChannel
from rich.console import Console

from bench import clones, complaints
from bench.alarms import Alarms, postbox
from bench.arrivals import DOORS, STAGES, Arrivals
from bench.backlog import QUEUES
from bench.clones import Template
from bench.hotline import Hotline, bench_servers, running_hotline
from bench.plan import Plan
from bench.results import Line, Result
from bench.slices import percentile, turns
from bench.slices import rates as per_second
from bench.traffic import Traffic, as_body, as_message, publish_all
from bench.triage import Triaged, measure_triage
from hotline.demo.clients import Clients
from shared.bus import EVENTS
from shared.bus.topology import INBOUND
from tests.support.bench import until
from tests.support.servers import Servers

TEMPLATES: Final = 30
WARM_UP: Final = 6
STILL_THERE: Final = 0.8
FILL_SECONDS: Final = 600.0
LONGEST_MS: Final = 1000.0
TIMES_SMALLER_BACKLOG: Final = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What was found in one turn of a condition."""

    delays: Mapping[str, list[float]]
    """Milliseconds until somebody was alerted, by the door the emergency came through."""
    everybody: list[float]
    """Milliseconds until everybody was alerted who is called at the same moment."""
    begun: Mapping[str, float]
    rates: Mapping[str, float]
    """Routine messages that each stage began a second while the emergencies came."""
    calm: Mapping[str, float]
    """The same between the emergencies during which they are counted one by one."""
    shortest: Mapping[str, int] = field(default_factory=dict)
    longest: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Condition:
    """What was found beside one backlog; without one it is idle."""

    backlog: int
    turns: list[Turn] = field(default_factory=list)

    @property
    def delays(self) -> list[float]:
        """Milliseconds of all emergencies."""
        return [ms for turn in self.turns for delays in turn.delays.values() for ms in delays]

    @property
    def p99(self) -> float:
        """Milliseconds that 99 of 100 emergencies do not exceed."""
        return percentile(self.delays, 99)

    @property
    def begun(self) -> dict[str, float]:
        """The most routine messages that each stage began during one emergency."""
        return {stage: max(turn.begun[stage] for turn in self.turns) for stage in STAGES}

    @property
    def rates(self) -> dict[str, float]:
        """Those begun a second while the emergencies came, in the middle one of the turns."""
        return {stage: median(turn.rates[stage] for turn in self.turns) for stage in STAGES}

    @property
    def calm(self) -> dict[str, float]:
        """Those begun a second without emergencies."""
        return {stage: median(turn.calm[stage] for turn in self.turns) for stage in STAGES}

    @property
    def shortest(self) -> dict[str, int]:
        """The least that was left in each queue."""
        return {
            name: min(turn.shortest[name] for turn in self.turns) for name in QUEUES if self.backlog
        }

    @property
    def name(self) -> str:
        """As it is printed."""
        return f"beside {self.backlog:,}" if self.backlog else "idle"

    def details(self) -> dict[str, Any]:
        """Everything, for machines."""
        by_door = {
            door: percentile([ms for turn in self.turns for ms in turn.delays[door]], 99)
            for door in DOORS
        }
        everybody = [ms for turn in self.turns for ms in turn.everybody]
        return {
            "emergencies": len(self.delays),
            "everybody_alerted_p99_ms": percentile(everybody, 99),
            "p99_ms_by_door": by_door,
            "p99_ms_by_turn": [
                percentile([ms for delays in turn.delays.values() for ms in delays], 99)
                for turn in self.turns
            ],
            **_percentiles(self),
            "begun": self.begun, "rates": self.rates, "calm": self.calm,
            "queues": [{"shortest": t.shortest, "longest": t.longest} for t in self.turns],
        }  # fmt: skip


@dataclass
class Queues:
    """The lengths of the queues as the process that keeps them has told."""

    wanted: int
    told: list[dict[str, int]] = field(default_factory=list)

    def are_full(self) -> bool:
        """Whether every queue has the wanted length."""
        return bool(self.told) and min(self.told[-1].values()) >= self.wanted * 0.95

    def forget(self) -> None:
        """From here on, what is told counts."""
        self.told.clear()

    def shortest(self) -> dict[str, int]:
        """The least each queue ever had."""
        return {name: min(lengths[name] for lengths in self.told) for name in QUEUES}

    def longest(self) -> dict[str, int]:
        """The most each queue ever had."""
        return {name: max(lengths[name] for lengths in self.told) for name in QUEUES}


@dataclass
class Bench:
    """Everything a condition needs."""

    hotline: Hotline
    channel: AbstractChannel
    arrivals: Arrivals
    plan: Plan
    console: Console

    async def turn(self, backlog: int, templates: Path, moments: random.Random) -> Turn:
        """One turn of a condition: services that were started for it, and its emergencies."""
        await self.hotline.stop(*self.hotline.processes)
        if not backlog:
            await self.hotline.start(*self.hotline.processes)
            return await self._emergencies(moments)
        self.console.print(f"[dim]emergencies: filling the queues with {backlog:,} each[/]")
        async with kept_backlog(self.hotline, backlog, templates, self.plan.seed) as queues:
            await until(queues.are_full, seconds=FILL_SECONDS)
            # A backlog grows over hours; what filling it in a minute left to be written to the
            # disk is not part of it.
            await self.hotline.database.client.admin.command("fsync")
            await self.hotline.start(*self.hotline.processes)
            await until(queues.are_full, seconds=FILL_SECONDS)
            found = await self._emergencies(moments, queues)
        await self.empty()
        return found

    async def _emergencies(self, moments: random.Random, queues: Queues | None = None) -> Turn:
        await asyncio.sleep(self.plan.idle_seconds)  # services that have just started are slow
        await self.arrivals.many(WARM_UP, moments)
        if queues is not None:
            queues.forget()
        before, began = await self.arrivals.begun(), time.monotonic()
        sent = await self.arrivals.many(self.plan.emergencies, moments)
        rates = per_second(before, await self.arrivals.begun(), time.monotonic() - began)
        counted = [await self.arrivals.counted() for _ in range(self.plan.counted_emergencies)]
        self.hotline.check()
        return Turn(
            delays={door: self.arrivals.delays(sent, door=door) for door in DOORS},
            everybody=self.arrivals.delays_of_all(sent),
            begun={stage: max(c.begun[stage] for c in counted) for stage in STAGES},
            rates=rates,
            calm={stage: median(c.rates[stage] for c in counted) for stage in STAGES},
            shortest=queues.shortest() if queues else {},
            longest=queues.longest() if queues else {},
        )

    async def empty(self) -> None:
        """Take what is left of a backlog away."""
        for name in QUEUES:
            await (await self.channel.get_queue(name, ensure=False)).purge()


@asynccontextmanager
async def kept_backlog(
    hotline: Hotline, wanted: int, templates: Path, seed: int
) -> AsyncIterator[Queues]:
    """Keep so much routine work waiting before each service while the block lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.backlog", "--amqp", hotline.endpoints.amqp_operator,
        "--mongo", hotline.endpoints.mongo, "--database", hotline.database.name,
        "--templates", str(templates), "--wanted", str(wanted), "--seed", str(seed + wanted),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    queues = Queues(wanted)

    async def listen(lines: asyncio.StreamReader) -> None:
        async for line in lines:
            queues.told.append(json.loads(line))

    assert process.stdout is not None, "it was opened"
    listening = asyncio.create_task(listen(process.stdout))
    try:
        yield queues
    finally:
        process.kill()
        await process.wait()
        await listening


async def measure(plan: Plan, console: Console) -> Result:
    """Idle, beside each backlog, and triage."""
    with bench_servers() as servers:
        async with AsyncExitStack() as stack:
            alarms = await stack.enter_async_context(postbox())
            bench = await _open(servers, alarms, stack, plan, console)
            templates = bench.hotline.data / "templates.bson"
            clones.save(templates, await _templates(bench.hotline, bench.channel, plan))
            conditions = await _conditions(bench, templates)
            triaged = await measure_triage(
                bench.hotline, bench.channel, Traffic(plan.seed), plan.triaged,
                seconds=3 * plan.slice_seconds,
            )  # fmt: skip
            return _result(conditions, triaged, bench.hotline)


async def _conditions(bench: Bench, templates: Path) -> list[Condition]:
    """All conditions by turns: a machine that grows slower or faster meets them alike, and in a
    round the emergencies of each come at the same moments.
    """
    conditions = [Condition(backlog) for backlog in (0, *bench.plan.backlogs)]
    by_name = {condition.name: condition for condition in conditions}
    for round_, names in enumerate(turns(list(by_name), bench.plan.emergency_rounds)):
        for name in names:
            condition, moments = by_name[name], random.Random(bench.plan.seed + round_)
            condition.turns.append(await bench.turn(condition.backlog, templates, moments))
            said = f"p99 of {len(condition.delays)} {condition.p99:.0f} ms"
            bench.console.print(f"[dim]emergencies, {name}: {said}[/]")
    return conditions


async def _open(
    servers: Servers, alarms: Alarms, stack: AsyncExitStack, plan: Plan, console: Console
) -> Bench:
    mail = {"HOTLINE_NOTIFIER_SMTP_HOST": "127.0.0.1",
            "HOTLINE_NOTIFIER_SMTP_PORT": str(alarms.port)}  # fmt: skip
    hotline = await stack.enter_async_context(running_hotline(servers, environment=mail))
    clients = await stack.enter_async_context(Clients(hotline.endpoints, hotline.data))
    connection = await aio_pika.connect(hotline.endpoints.amqp_operator)
    await stack.enter_async_context(connection)
    channel = await connection.channel(publisher_confirms=True)
    arrivals = Arrivals(hotline, clients, alarms, plan.seed)
    return Bench(hotline, channel, arrivals, plan, console)


async def _templates(hotline: Hotline, channel: AbstractChannel, plan: Plan) -> list[Template]:
    """Real tickets nobody but intake has looked at, each with the event of its registration."""
    await hotline.stop("router", "notifier", "survey")
    events: dict[str, bytes] = {}

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        events[json.loads(message.body)["subject"]] = message.body

    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EVENTS, "ticket.registered.routine")
    await queue.consume(hear, no_ack=True)
    traffic = Traffic(plan.seed + 1)
    messages = [as_message(as_body(traffic.routine())) for _ in range(TEMPLATES)]
    await publish_all(channel, INBOUND, "ticket.report", messages)
    await until(lambda: len(events) == TEMPLATES)

    async def cleared() -> bool:
        # Of these alone: what the others had in hand when they were stopped waits for their return.
        waiting = {"_id": {"$in": list(events)}, "outbox.0": {"$exists": True}}
        return not await hotline.database["tickets"].count_documents(waiting, limit=1)

    await until(cleared)
    tickets = await hotline.database["tickets"].find({"_id": {"$in": list(events)}}).to_list(None)
    await hotline.start("router", "notifier", "survey")
    return [Template(t["_id"], bson.encode(t), event=events[t["_id"]]) for t in tickets]


def _result(conditions: list[Condition], triaged: Triaged, hotline: Hotline) -> Result:
    idle, loaded = conditions[0], conditions[-1]
    result = Result()
    result.figures = {
        "emergency_p99_ms": idle.p99,
        "emergency_p99_loaded_ms": loaded.p99,
        "emergency_loaded_ratio": loaded.p99 / idle.p99,
        "emergency_backlog_ratio": loaded.p99 / conditions[1].p99,
        "triage_per_second": triaged.rate,
    }
    result.lines = [_line(condition, idle) for condition in conditions]
    ratio = loaded.p99 / conditions[1].p99
    result.lines += [
        Line(f"  p99 {loaded.name} ÷ {conditions[1].name}", f"{ratio:.2f}",
             f"≤ {TIMES_SMALLER_BACKLOG}", ratio <= TIMES_SMALLER_BACKLOG),
        _begun_line(conditions),
        Line(f"  routine messages begun a second, {loaded.name}", _by_stage(loaded.rates)),
        Line(f"  the same without emergencies, {loaded.name}", _by_stage(loaded.calm)),
        Line("  triage passes on, all services at work",
             f"{triaged.rate:.0f} reports/s: behind {loaded.backlog:,} a wait of "
             f"{triaged.wait(loaded.backlog):.0f} s"),
    ]  # fmt: skip
    for condition in conditions:
        result.details[condition.name] = condition.details()
        result.broken += _too_short(condition)
    result.details["triage"] = triaged.rate
    complaints.tell(result, hotline.complaints())
    return result


def _percentiles(condition: Condition) -> dict[str, float]:
    return {f"p{share}_ms": percentile(condition.delays, share) for share in (50, 95, 99, 100)}


def _line(condition: Condition, idle: Condition) -> Line:
    p50, p95, p99, most = _percentiles(condition).values()
    said = f"p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f}, longest {most:.0f} ms"
    if condition is idle:
        return Line("emergency to alert, idle", said)
    said = f"{said}, p99 {p99 / idle.p99:.2f} × idle"
    good = p99 <= LONGEST_MS
    return Line(f"emergency to alert, {condition.name}", said, f"p99 ≤ {LONGEST_MS:.0f}", good)


def _begun_line(conditions: list[Condition]) -> Line:
    most = {stage: max(c.begun[stage] for c in conditions) for stage in STAGES}
    return Line("  routine messages begun meanwhile, at most", _by_stage(most))


def _by_stage(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{stage} {number:.0f}" for stage, number in numbers.items())


def _too_short(condition: Condition) -> list[str]:
    """A backlog that was worked off meanwhile proves nothing."""
    return [
        f"only {least} of {condition.backlog} messages were left in {name}"
        for name, least in condition.shortest.items()
        if least < condition.backlog * STILL_THERE
    ]
