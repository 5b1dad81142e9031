"""Every service, asked by made-up requests for minutes: each answers as its document says.

python -m faults.documents [--seed N] [--examples N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console

from hotline.service import SERVICES
from hotline.token import make_token
from tests.support.documents import faults_against
from tests.support.floor import Floor, running_floor

ROLES: Final = (None, "agent", "supervisor", "privacy_officer", "administrator")
"""Nobody, and those who may do most, each in their own way."""
PHASES: Final = "coverage,fuzzing,stateful"


def main() -> int:
    """Run; 0 when nothing answered otherwise."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="of an earlier run, to make up the same requests")
    parser.add_argument("--examples", type=int, default=30, help="requests for each operation")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    console = Console(width=120 if not sys.stdout.isatty() else None)
    held = asyncio.run(_run(seed, asked.examples, console))
    console.print(f"again the same: make faults SEED={seed}", highlight=False)
    return 0 if held else 1


async def _run(seed: int, examples: int, console: Console) -> bool:
    held = True
    with tempfile.TemporaryDirectory(prefix="documents-") as folder:
        async with running_floor(Path(folder)) as floor:
            for service in SERVICES:
                for role in ROLES:
                    began = time.monotonic()
                    found = await _faults(floor, service, role, Path(folder), seed, examples)
                    held = held and not found
                    console.print(
                        f"{service} asked by {role or 'nobody'}: "
                        f"{'answers OTHERWISE' if found else 'as its document says'}, "
                        f"{time.monotonic() - began:.0f} s", highlight=False
                    )  # fmt: skip
                    if found:
                        console.print(found, highlight=False, markup=False)
    return held


async def _faults(
    floor: Floor, service: str, role: str | None, folder: Path, seed: int, examples: int
) -> str:
    token = make_token(floor.data, role=role, id=f"asks-{role}") if role else None
    return await faults_against(
        floor.endpoints.services[service], folder, token=token, examples=examples, seed=seed,
        phases=PHASES,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
