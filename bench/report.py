"""The table on the screen and the file for machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.plan import Plan
from bench.results import Result


def show(results: Mapping[str, Result], console: Console) -> None:
    """Print what was found, and what must not be believed."""
    table = Table(title="Estateline, measured", title_justify="left")
    table.add_column("what")
    table.add_column("median and spread")
    table.add_column("goal")
    for result in results.values():
        for line in result.lines:
            mark = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[line.good]
            table.add_row(line.subject, line.value, f"{line.goal} {mark}".strip())
        table.add_section()
    console.print(table)
    for name, result in results.items():
        for why in result.broken:
            console.print(f"[red]{name}: {why}[/]")
        for complaint, times in result.details["complaints"].items():
            console.print(f"[yellow]{name}: logged {times} times: {complaint}[/]")


def write(
    path: Path, results: Mapping[str, Result], plan: Plan, seconds: float, *, load: float
) -> None:
    """Write the figures on top and everything else beside them."""
    document: dict[str, Any] = {}
    for result in results.values():
        document |= {name: round(value, 4) for name, value in result.figures.items()}
    document |= {
        "quick": plan.quick,
        "seed": plan.seed,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "machine": _machine() | {"load_before": load},
        "broken": [why for result in results.values() for why in result.broken],
        "details": {name: result.details for name, result in results.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 1024**2,
        "system": platform.platform(),
        "python": platform.python_version(),
    }
