"""``python -m bench``: measure the hotline on servers of its own. All parts without names."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import calls, emergencies, growth, http, memory, pipeline, report, scrubber
from bench import console as pages
from bench.hotline import Broken
from bench.plan import FULL, QUICK, Plan
from bench.results import Result

PARTS: Final[dict[str, Callable[[Plan, Console], Awaitable[Result]]]] = {
    "pipeline": pipeline.measure,
    "http": http.measure,
    "emergencies": emergencies.measure,
    "growth": growth.measure,
    "memory": memory.measure,
    "scrubber": scrubber.measure,
    "console": pages.measure,
    "calls": calls.measure,
}

WIDTH: Final = 160
"""Of the table in a file, where there is no screen to fit."""


async def run(names: Sequence[str], plan: Plan, console: Console) -> dict[str, Result]:
    """Measure these parts one after the other."""
    results = {}
    for name in names:
        console.print(f"[bold]{name}[/]")
        began = time.monotonic()
        results[name] = await PARTS[name](plan, console)
        results[name].details["seconds"] = round(time.monotonic() - began)
    return results


def main() -> int:
    """Measure, show, write; 1 when a figure must not be believed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small numbers, five minutes: whether every part works and no service logs an error; "
        "the figures are of too few tickets to be compared with anything",
    )
    parser.add_argument("--json", type=Path, default=Path(".hotline/bench.json"), metavar="PATH")
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - PARTS.keys()):
        parser.error(f"there is no part {', '.join(unknown)}; parts: {', '.join(PARTS)}")
    plan, began = QUICK if given.quick else FULL, time.monotonic()
    load = os.getloadavg()[1]
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    # Asked to end, end everything that was started: what is frozen would not hear of it by itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        results = asyncio.run(run(given.parts or list(PARTS), plan, console))
    except Broken as broken:
        console.print("\n".join((f"[red]{broken}[/]", *getattr(broken, "__notes__", ()))))
        return 1
    report.show(results, console)
    report.write(given.json, results, plan, time.monotonic() - began, load=load)
    console.print(f"written to {given.json}")
    return 1 if any(result.broken for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
