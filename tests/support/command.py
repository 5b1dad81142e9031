"""The operator's command, as it is typed on the machine that holds a floor's data folder."""

from __future__ import annotations

import asyncio
import os
import sys

from tests.support.floor import Floor


async def hotline(floor: Floor, *arguments: str) -> tuple[int, str]:
    """Run the command on the floor's data folder: its exit code, and all it said."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.hotline", *arguments,
        env={**kept, "HOTLINE_DATA": str(floor.data)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
