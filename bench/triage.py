"""How fast triage passes reports on, and so how long an emergency under the routine key waits."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from aio_pika.abc import AbstractChannel

from bench.hotline import Broken, Hotline
from bench.sides import queued
from bench.traffic import Traffic, as_body, as_message, publish_all
from services.intake.queues import TRIAGE
from shared.bus.topology import INBOUND

LOOK_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 60.0
WARM_UP: Final = 400
"""Reports passed on before the clock starts: twice what is taken from the queue at once."""


@dataclass(frozen=True, slots=True)
class Triaged:
    """How many reports a second were passed on while all services worked."""

    rate: float

    def wait(self, before: int) -> float:
        """Seconds until a report is looked at that has so many before it."""
        return before / self.rate


async def measure_triage(
    hotline: Hotline, channel: AbstractChannel, traffic: Traffic, reports: int, seconds: float
) -> Triaged:
    """Let reports wait while intake is down, and watch for some seconds how they are passed on
    when it is back.
    """
    await hotline.stop("intake")
    bodies = [as_body(traffic.routine()) for _ in range(reports)]
    await publish_all(channel, INBOUND, "ticket.report", [as_message(body) for body in bodies])
    hotline.processes["intake"].start()
    await _until_down_to(channel, reports - WARM_UP, seconds=LONGEST_SECONDS)
    waiting, began = await queued(channel, TRIAGE.name), time.monotonic()
    await _until_down_to(channel, reports // 10, seconds=seconds)
    left, took = await queued(channel, TRIAGE.name), time.monotonic() - began
    await (await channel.get_queue(TRIAGE.name, ensure=False)).purge()
    if left == waiting:
        raise Broken("triage was done before it could be timed, or does nothing")
    return Triaged((waiting - left) / took)


async def _until_down_to(channel: AbstractChannel, few: int, *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if await queued(channel, TRIAGE.name) <= few:
            return
        await asyncio.sleep(LOOK_SECONDS)
