"""What the services logged from warning upward. An error belongs into no figure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from typing_extensions import override

from bench.results import Result

QUIET = frozenset({"debug", "info"})
BEARABLE = frozenset({"warning"})
UNFORMATTED = "unformatted"
"""The level of a line that no logger wrote: a traceback, or a library's own words."""


class Complaint(NamedTuple):
    """One kind of line in one service's log."""

    service: str
    level: str
    said: str

    @override
    def __str__(self) -> str:
        return f"{self.service}: {self.level}: {self.said}"


def heard(service: str, log: Iterable[str]) -> Counter[Complaint]:
    """What one service complained of, and how often."""
    lines = (_complaint(service, line) for line in log)
    return Counter(complaint for complaint in lines if complaint is not None)


def _complaint(service: str, line: str) -> Complaint | None:
    try:
        entry = json.loads(line)
        level = entry["level"]
    except (ValueError, TypeError, KeyError):
        said = line[:120].strip()
        return Complaint(service, UNFORMATTED, said) if said else None
    if level in QUIET:
        return None
    said = " ".join(str(entry[key]) for key in ("event", "why", "error") if key in entry)
    return Complaint(service, level, said)


def tell(result: Result, complaints: Counter[Complaint]) -> None:
    """Add them to the part's outcome: all to its details, and errors to what breaks it."""
    result.details["complaints"] = {str(complaint): n for complaint, n in complaints.items()}
    result.broken += [
        f"logged {times} times: {complaint}"
        for complaint, times in complaints.items()
        if complaint.level not in BEARABLE
    ]
