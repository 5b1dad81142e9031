"""Planted strings, looked for in every collection, queue, log and metric."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import typer
from rich.console import Console
from rich.table import Table

from hotline.endpoints import Endpoints
from hotline.errors import UnusableSettingError
from shared.bus.search import search_queues
from shared.store.search import Searched, search_database


def read_needles(file: Path) -> list[bytes]:
    """Return the lines of a file; raises UnusableSettingError where there is none."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableSettingError(f"{file} cannot be read as UTF-8 text: {error}") from error
    found = [line.strip().encode() for line in lines if line.strip()]
    if not found:
        raise UnusableSettingError(f"{file} has no line to look for.")
    return found


async def search_everywhere(endpoints: Endpoints, data: Path, needles: Sequence[bytes]) -> bool:
    """Look everywhere; print what was read and, by position, what was found. True: nothing."""
    table = Table("place", "read", "found (lines of the file)")
    clean = True
    async for searched in _everywhere(endpoints, data, needles):
        lines = ", ".join(str(n + 1) for n in sorted(searched.found))
        table.add_row(searched.place, str(searched.read), lines or "-")
        clean = clean and not searched.found
    Console().print(table)
    typer.echo(
        f"none of {len(needles)} planted strings found" if clean else "planted strings were FOUND"
    )
    return clean


async def _everywhere(
    endpoints: Endpoints, data: Path, needles: Sequence[bytes]
) -> AsyncIterator[Searched]:
    async for searched in search_database(endpoints.mongo, needles):
        yield searched
    if endpoints.management is not None:
        async for searched in search_queues(endpoints.amqp_operator, endpoints.management, needles):
            yield searched
    for searched in await asyncio.to_thread(_in_logs, data, needles):
        yield searched
    async with httpx.AsyncClient(timeout=10) as http:
        for name, address in endpoints.services.items():
            shown = await http.get(f"{address}/metrics")
            yield _in_bytes(f"metrics {name}", shown.content, needles)


def _in_logs(data: Path, needles: Sequence[bytes]) -> list[Searched]:
    return [
        _in_bytes(f"log {file.relative_to(data)}", file.read_bytes(), needles)
        for file in sorted(data.rglob("*.log*"))
    ]


def _in_bytes(place: str, content: bytes, needles: Sequence[bytes]) -> Searched:
    found = {n for n, needle in enumerate(needles) if needle in content}
    return Searched(place, content.count(b"\n"), frozenset(found))
