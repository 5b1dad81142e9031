"""HTTP intake: eight busy desks at our intake, and at a raw endpoint that hardly does anything.

First with intake alone on the clock: router, notifier and survey are stopped, and the events wait
in their queues. Then with everything running as in production, where the same cores also do what
follows from a ticket, while the raw endpoint has the machine for itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

import aio_pika
import httpx
from aio_pika.abc import AbstractChannel
from rich.console import Console

from bench import complaints
from bench.hotline import POLL, START_SECONDS, Broken, Hotline, bench_servers, running_hotline
from bench.plan import Plan
from bench.processes import Process, cpu_seconds, frozen
from bench.raw import QUEUE as RAW_QUEUE
from bench.results import Line, Result, spread_numbers, spread_text
from bench.sealing import SealingCost, cost_of_sealing
from bench.sides import QUEUES
from bench.slices import Slice, Spread, paired_ratios, turns
from bench.traffic import Traffic
from hotline.embedded.ports import free_ports
from hotline.embedded.process import clean_environment
from hotline.token import make_token
from tests.support.servers import Servers

GOAL: Final = 0.5
DOWNSTREAM: Final = ("router", "notifier", "survey")
DESKS: Final = 8
SEALED: Final = 400
OURS: Final = "intake"
RAW: Final = "raw"
OTHERS: Final = 1_000
BUSY: Final = 0.9
"""A load generator that uses more than this of a core may be what limits the rate."""


@dataclass
class Contest:
    """Intake and the raw endpoint in turns, under one condition."""

    hotline: Hotline
    raw_url: str
    channel: AbstractChannel
    token: str
    slices: dict[str, list[Slice]] = field(default_factory=lambda: {OURS: [], RAW: []})
    outcomes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {OURS: [], RAW: []})
    intake_ms: list[float] = field(default_factory=list)

    async def play(self, plan: Plan, console: Console, condition: str, seed: int) -> None:
        """All rounds; the first turns warm up and are not counted."""
        for name in (OURS, RAW):
            await self._turn(name, 1.0, seed)
        self.slices, self.outcomes = {OURS: [], RAW: []}, {OURS: [], RAW: []}
        self.intake_ms.clear()
        for n, names in enumerate(turns((OURS, RAW), plan.pairs), start=1):
            for name in names:
                await self._turn(name, plan.slice_seconds, seed + n)
            said = ", ".join(f"{name} {self.slices[name][-1].rate:.0f}/s" for name in names)
            console.print(f"[dim]http, {condition} {n}/{plan.pairs}: {said}[/]")

    async def _turn(self, name: str, seconds: float, seed: int) -> None:
        url = self.raw_url if name == RAW else self.hotline.endpoints.services[OURS]
        pid = self.hotline.processes[OURS].pid
        await self._empty_queues()
        with self._frozen() if name == RAW else nullcontext():
            before = cpu_seconds(pid)
            outcome = await _call(url, self.token, seconds, seed)
            used = cpu_seconds(pid) - before
        self.hotline.check()
        if outcome["refused"]:
            raise Broken(f"{name} refused {outcome['refused']} requests; see its log")
        self.slices[name].append(Slice(outcome["accepted"], outcome["seconds"]))
        self.outcomes[name].append(outcome)
        if name == OURS:
            self.intake_ms.append(used * 1000 / outcome["accepted"])

    def _frozen(self) -> AbstractContextManager[None]:
        return frozen(self.hotline.processes.values())

    async def _empty_queues(self) -> None:
        """No turn pays for what an earlier one left."""
        for name in (*(spec.name for spec in QUEUES), RAW_QUEUE):
            queue = await self.channel.get_queue(name, ensure=False)
            await queue.purge()

    def ratios(self) -> Spread:
        """Ours in proportion to raw."""
        return Spread.of(paired_ratios(self.slices[OURS], self.slices[RAW]))

    def rate(self, name: str) -> Spread:
        """Requests accepted a second."""
        return Spread.of([s.rate for s in self.slices[name]])


async def _call(url: str, token: str, seconds: float, seed: int) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.callers", "--url", url, "--token", token,
        "--desks", str(DESKS), "--seconds", str(seconds), "--seed", str(seed),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    if process.returncode:
        raise Broken(f"the load generator ended with {process.returncode}")
    outcome: dict[str, Any] = json.loads(said)
    return outcome


async def measure(plan: Plan, console: Console) -> Result:
    """Both conditions, and the cost of sealing apart."""
    with bench_servers() as servers:
        async with AsyncExitStack() as stack:
            hotline = await stack.enter_async_context(running_hotline(servers))
            raw_url = await stack.enter_async_context(_raw_endpoint(servers, hotline))
            connection = await aio_pika.connect(hotline.endpoints.amqp_operator)
            await stack.enter_async_context(connection)
            token = make_token(hotline.data, role="agent")
            parts = (hotline, raw_url, await connection.channel(), token)
            whole, alone = Contest(*parts), Contest(*parts)
            await whole.play(plan, console, "everything running", plan.seed)
            await hotline.stop(*DOWNSTREAM)
            # Other people with other matters: who says the same twice is looked up once more.
            await alone.play(plan, console, "intake alone", plan.seed + OTHERS)
            sealing = await cost_of_sealing(hotline, Traffic(plan.seed), SEALED)
            return _result(alone, whole, sealing)


@asynccontextmanager
async def _raw_endpoint(servers: Servers, hotline: Hotline) -> AsyncIterator[str]:
    """The raw endpoint under uvicorn, as one would start it."""
    port = free_ports(1)[0]
    argv = (
        sys.executable, "-m", "uvicorn", "bench.raw:app",
        "--port", str(port), "--no-access-log", "--log-level", "warning",
    )  # fmt: skip
    environment = {
        **clean_environment(),
        "RAW_MONGO": servers.mongo.url,
        "RAW_AMQP": hotline.endpoints.amqp_operator,
    }
    process = Process(RAW, argv, environment=environment, log=hotline.data / "logs" / "raw.log")
    process.start()
    try:
        url = f"http://127.0.0.1:{port}"
        await _until_served(url)
        yield url
    finally:
        process.kill()


async def _until_served(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient(base_url=url) as client:
        while time.monotonic() < until:
            try:
                await client.get("/openapi.json")
            except httpx.HTTPError:
                await asyncio.sleep(POLL)
            else:
                return
    raise Broken("the raw endpoint does not start")


def _result(alone: Contest, whole: Contest, sealing: SealingCost) -> Result:
    result = Result()
    ratio, ratio_whole = alone.ratios(), whole.ratios()
    result.figures = {"http_ratio": ratio.median, "http_ratio_whole": ratio_whole.median}
    result.lines = [
        Line("http: intake ÷ raw, intake alone", spread_text(ratio), f"≥ {GOAL}",
             ratio.median >= GOAL),
        Line("http: the same, everything running", spread_text(ratio_whole)),
        Line("  requests/s, intake alone", spread_text(alone.rate(OURS), 0)),
        Line("  requests/s, intake, everything running", spread_text(whole.rate(OURS), 0)),
        Line("  requests/s, raw", spread_text(alone.rate(RAW), 0)),
        Line("  p95 of a request, intake alone; raw", _latencies(alone)),
        _sealing_line(alone, sealing),
    ]  # fmt: skip
    for condition, contest in (("alone", alone), ("whole", whole)):
        result.details[condition] = _details(contest)
    result.details["sealing_us"] = {"elapsed": sealing.elapsed, "processor": sealing.processor}
    complaints.tell(result, whole.hotline.complaints())
    busiest = max(o["processor"] for c in (alone, whole) for o in c.outcomes[RAW])
    if busiest > BUSY:
        result.broken.append(f"the load generator used {busiest:.0%} of a core: it was the limit")
    return result


def _latencies(contest: Contest) -> str:
    p95 = {name: Spread.of([o["p95_ms"] for o in all_]) for name, all_ in contest.outcomes.items()}
    return f"{p95[OURS].median:.0f} ms; {p95[RAW].median:.0f} ms"


def _sealing_line(alone: Contest, sealing: SealingCost) -> Line:
    ticket_us = 1_000_000 / alone.rate(OURS).median
    processor_us = Spread.of(alone.intake_ms).median * 1000
    return Line(
        "  sealing one report",
        f"{sealing.elapsed:.0f} µs, {sealing.processor:.0f} µs of them processor: "
        f"{sealing.elapsed / ticket_us:.0%} of a ticket's time, "
        f"{sealing.processor / processor_us:.0%} of intake's processor time",
    )


def _details(contest: Contest) -> Mapping[str, Any]:
    return {
        "ratio": spread_numbers(contest.ratios()),
        "rates": {name: spread_numbers(contest.rate(name)) for name in (OURS, RAW)},
        "intake_cpu_ms": spread_numbers(Spread.of(contest.intake_ms)),
        "load_generator": contest.outcomes,
    }
