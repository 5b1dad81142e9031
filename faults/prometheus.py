"""Debian's Prometheus, unpacked: it scrapes each second what it is told to, and is asked."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from hotline.embedded.ports import free_ports

PROJECT: Final = Path(__file__).parents[1]
UNPACKED: Final = PROJECT / "build" / "prometheus" / "usr" / "bin" / "prometheus"
"""Where `deploy/setup.sh faults` puts Debian's."""
START_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    http: httpx.AsyncClient

    async def value(self, query: str, at: float) -> float:
        """What a query answers at a moment (Unix seconds); 0 where it answers nothing."""
        asked = await self.http.post("/api/v1/query", data={"query": query, "time": str(at)})
        found = asked.raise_for_status().json()["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0

    async def values(self, query: str, label: str, at: float) -> dict[str, float]:
        """The same by a label's values."""
        asked = await self.http.post("/api/v1/query", data={"query": query, "time": str(at)})
        found = asked.raise_for_status().json()["data"]["result"]
        return {each["metric"].get(label, ""): float(each["value"][1]) for each in found}

    async def is_ready(self) -> bool:
        """Whether it answers questions."""
        try:
            return (await self.http.get("/-/ready")).is_success
        except httpx.HTTPError:
            return False


@asynccontextmanager
async def scraping(folder: Path, targets: Sequence[str]) -> AsyncIterator[Prometheus]:
    """Scrape these (`host:port`) each second while the block lasts."""
    program = shutil.which("prometheus") or str(UNPACKED)
    config = folder / "prometheus.json"  # JSON is YAML, too
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                "scrape_configs": [
                    {"job_name": "telephony", "static_configs": [{"targets": [*targets]}]}
                ],
            }
        ),
        encoding="utf-8",
    )
    [port] = free_ports(1)
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False
        ) as http:
            prometheus = Prometheus(http)
            async with asyncio.timeout(START_SECONDS):
                while not await prometheus.is_ready():  # noqa: ASYNC110 - it calls nobody
                    await asyncio.sleep(0.2)
            yield prometheus
    finally:
        process.kill()
        await process.wait()
