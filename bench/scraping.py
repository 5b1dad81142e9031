"""Reading what services and the broker show under /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.hotline import Hotline

SECONDS = 20.0


def summed(page: str, series: str, *, by: str = "") -> dict[str, float]:
    """A series' samples added up by one label; under the empty name without one."""
    found: dict[str, float] = {}
    lines = "\n".join(line for line in page.splitlines() if line.startswith(series))
    for family in text_string_to_metric_families(lines):
        for sample in family.samples:
            if sample.name == series:
                value = sample.labels.get(by, "")
                found[value] = found.get(value, 0) + sample.value
    return found


def total(page: str, series: str) -> float:
    """All samples of a series together."""
    return sum(summed(page, series).values())


async def metrics_of(hotline: Hotline, services: Iterable[str]) -> dict[str, str]:
    """The metrics of services, all asked at the same moment."""

    async def page(name: str) -> tuple[str, str]:
        answer = await client.get(f"{hotline.endpoints.services[name]}/metrics")
        return name, answer.text

    async with httpx.AsyncClient(timeout=SECONDS) as client:
        return dict(await asyncio.gather(*(page(name) for name in services)))
