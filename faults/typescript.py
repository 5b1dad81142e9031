"""Every service's OpenAPI document, read by a program that makes TypeScript of it.

python -m faults.typescript
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console

from faults.foreign import LIBRARY, required
from hotline.service import SERVICES
from tests.support.floor import running_floor

READER: Final = LIBRARY / "node_modules" / "openapi-typescript" / "bin" / "cli.js"


def main() -> int:
    """Run; 0 when all of them could be read."""
    console = Console(width=120 if not sys.stdout.isatty() else None)
    return 0 if asyncio.run(_run(console)) else 1


async def _run(console: Console) -> bool:
    held = True
    with tempfile.TemporaryDirectory(prefix="typescript-") as folder:
        async with running_floor(Path(folder)) as floor, httpx.AsyncClient() as http:
            for service in SERVICES:
                document = Path(folder) / f"{service}.json"
                answer = await http.get(f"{floor.endpoints.services[service]}/openapi.json")
                document.write_bytes(answer.content)
                fault = await fault_of(document)
                held = held and not fault
                console.print(
                    f"{service}'s document as TypeScript: {'NOT read' if fault else 'read'}",
                    highlight=False,
                )
                if fault:
                    console.print(fault, highlight=False, markup=False)
    return held


async def fault_of(document: Path) -> str:
    """What the reader found wrong; empty when nothing."""
    process = await asyncio.create_subprocess_exec(
        required("node"), str(READER), str(document), "-o", str(document.with_suffix(".ts")),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return said.decode() if process.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
