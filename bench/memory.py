"""Memory of each service, idle and under load, and how long everything takes to start."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aio_pika
from rich.console import Console

from bench import complaints
from bench.hotline import POLL, Broken, Hotline, bench_servers, running_hotline
from bench.plan import Plan
from bench.results import Line, Result
from bench.sides import Ours
from bench.traffic import Traffic, as_body
from hotline.embedded.process import clean_environment, dies_with
from hotline.endpoints import Endpoints
from hotline.service import ALL, SERVICES

LOOK_SECONDS: Final = 0.5
PORTION: Final = 500
UP_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0


@dataclass
class Watch:
    """The most each service held in memory while it was watched."""

    hotline: Hotline
    most: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            for name, megabytes in held(self.hotline).items():
                self.most[name] = max(self.most.get(name, 0), megabytes)
            await asyncio.sleep(LOOK_SECONDS)


def held(hotline: Hotline) -> dict[str, float]:
    """What each service holds in memory now, in megabytes."""
    return {name: process.megabytes for name, process in hotline.processes.items()}


async def measure(plan: Plan, console: Console) -> Result:
    """Idle, under load, and starting: each service alone, and `hotline up` as a whole."""
    with bench_servers() as servers:
        async with AsyncExitStack() as stack:
            hotline = await stack.enter_async_context(running_hotline(servers))
            connection = await aio_pika.connect(hotline.endpoints.amqp_operator)
            await stack.enter_async_context(connection)
            side = Ours(hotline, await connection.channel(publisher_confirms=True))
            await asyncio.sleep(plan.idle_seconds)
            idle = held(hotline)
            loaded = await _under_load(hotline, side, plan, console)
            starts = {name: await _start_alone(hotline, name) for name in SERVICES}
            heard = hotline.complaints()
    console.print("[dim]memory: hotline up[/]")
    whole = await _start_of_all()
    result = _result(idle, loaded, starts, whole)
    complaints.tell(result, heard)
    return result


async def _under_load(
    hotline: Hotline, side: Ours, plan: Plan, console: Console
) -> dict[str, float]:
    watch, traffic = Watch(hotline), Traffic(plan.seed)
    watching = asyncio.create_task(watch.run())
    for done in range(0, plan.load_tickets, PORTION):
        portion = min(PORTION, plan.load_tickets - done)
        await side.work([as_body(traffic.routine()) for _ in range(portion)])
        console.print(f"[dim]memory: {done + portion:,} of {plan.load_tickets:,} tickets[/]")
    watching.cancel()
    return watch.most


async def _start_alone(hotline: Hotline, name: str) -> float:
    await hotline.stop(name)
    return (await hotline.start(name))[name]


async def _start_of_all() -> float:
    """Seconds from `hotline up` in an empty folder until everything is ready."""
    with tempfile.TemporaryDirectory(prefix="hotline-bench-up-") as folder:
        began = time.monotonic()
        up = _hotline_up(Path(folder))
        try:
            while Endpoints.read(Path(folder)) is None:
                if up.poll() is not None or time.monotonic() - began > UP_SECONDS:
                    raise Broken("`hotline up` does not become ready")
                await asyncio.sleep(POLL)
            return time.monotonic() - began
        finally:
            up.send_signal(signal.SIGINT)
            await asyncio.to_thread(up.wait, STOP_SECONDS)


def _hotline_up(folder: Path) -> subprocess.Popen[bytes]:
    ports = {f"HOTLINE_{name.upper()}_PORT": "0" for name in ALL}
    return subprocess.Popen(
        [sys.executable, "-m", "hotline", "up", "--data", str(folder)],
        env={**clean_environment("HOTLINE_"), **ports},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=dies_with(os.getpid()),  # noqa: PLW1509 - takes no lock
    )  # fmt: skip


def _result(
    idle: dict[str, float],
    loaded: dict[str, float],
    starts: dict[str, float],
    whole: float,
) -> Result:
    memory = ", ".join(f"{name} {idle[name]:.0f} → {loaded[name]:.0f}" for name in SERVICES)
    ready = ", ".join(f"{name} {seconds:.1f}" for name, seconds in starts.items())
    return Result(
        figures={"rss_mb": max(loaded.values()), "start_seconds": whole},
        lines=[
            Line("memory in MB, idle → under load", memory),
            Line("seconds until ready, alone", ready),
            Line("seconds until `hotline up` is ready", f"{whole:.1f}"),
        ],
        details={"idle_mb": idle, "loaded_mb": loaded, "start_seconds": starts},
    )  # fmt: skip
