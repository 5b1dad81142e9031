"""Eight people at eight desks, each registering one request after the other: a load generator.

A process of its own, so that its work is not the server's; it tells its own processor time, and
whoever reads that sees whether it was what limited the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from bench.slices import percentile
from bench.traffic import Traffic, as_body
from bench.wire import wire_to

BODIES: Final = 2_000


class Desks:
    """Connections that are always busy until the time is over."""

    def __init__(self, url: str, headers: Mapping[str, str], seed: int) -> None:
        traffic = Traffic(seed)
        self._url = url
        self._headers = headers
        self._bodies = [as_body(traffic.routine()) for _ in range(BODIES)]
        self.seconds: list[float] = []
        self.refused = 0

    async def work(self, number: int, until: float) -> None:
        """One desk."""
        async with wire_to(self._url, self._headers) as wire:
            n = number
            while (began := time.monotonic()) < until:
                key = {"idempotency-key": uuid.uuid4().hex}
                body = self._bodies[n % BODIES]
                answer = await wire.ask("POST", "/v1/tickets", body=body, headers=key)
                self.seconds.append(time.monotonic() - began)
                self.refused += answer.status != 201
                n += 1


async def run(url: str, token: str, *, desks: int, seconds: float, seed: int) -> dict[str, Any]:
    """Load a server for some seconds; what came of it."""
    all_ = Desks(url, {"authorization": f"Bearer {token}"}, seed)
    processor, began = time.process_time(), time.monotonic()
    await asyncio.gather(*(all_.work(n * BODIES // desks, began + seconds) for n in range(desks)))
    took = time.monotonic() - began
    return {
        "accepted": len(all_.seconds) - all_.refused,
        "refused": all_.refused,
        "seconds": took,
        "p50_ms": percentile(all_.seconds, 50) * 1000,
        "p95_ms": percentile(all_.seconds, 95) * 1000,
        "processor": (time.process_time() - processor) / took,
    }


def main() -> None:
    """Read the command line, run, tell the outcome as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--desks", type=int, default=8)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    outcome = asyncio.run(
        run(given.url, given.token, desks=given.desks, seconds=given.seconds, seed=given.seed)
    )
    sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main()
