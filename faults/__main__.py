"""`make faults`: a seeded storm over the whole hotline, and what it left behind.

python -m faults [--seed N] [--tickets N] [--kills N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from rich.console import Console

from faults.house import running_house
from faults.plan import Plan, full_size, make_plan
from faults.report import print_plan, print_verdict
from faults.run import Run
from faults.verdict import checks


def main() -> int:
    """Run; 0 when every promise was kept."""
    asked = _arguments()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    plan = make_plan(seed, full_size(asked.tickets, asked.kills))
    console = Console(width=120 if not sys.stdout.isatty() else None)
    print_plan(plan, console)
    held = asyncio.run(_run(plan, console, asked))
    console.print(f"again the same: make faults SEED={seed}", highlight=False)
    return 0 if held else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="of an earlier run, to have the same plan")
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=60, help="at least so many")
    parser.add_argument("--limit", type=float, default=5_400.0, help="seconds to send it all in")
    parser.add_argument("--settle", type=float, default=900.0, help="seconds to wait at the end")
    parser.add_argument("--data", type=Path, help="an empty folder to keep data and logs in")
    return parser.parse_args()


async def _run(plan: Plan, console: Console, asked: argparse.Namespace) -> bool:
    began = time.monotonic()
    say = partial(console.print, highlight=False)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        async with running_house(asked.data or Path(folder)) as house, Run(plan, house, say) as run:
            await run.send(seconds=asked.limit)
            facts = await run.settle(seconds=asked.settle)
    found = checks(facts)
    print_verdict(facts, found, console)
    held = all(check.holds for check in found)
    console.print(f"{'every promise was kept' if held else 'a promise is BROKEN'}, "
                  f"{time.monotonic() - began:.0f} s")  # fmt: skip
    return held


if __name__ == "__main__":
    sys.exit(main())
