"""Lines as a scrape sees them: alike at every replica, `max by`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.telephony.lines.domain import Kind, LineState
from shared.telemetry import metrics

_VALUE: Final = {LineState.UP: 1.0, LineState.DEGRADED: 0.5, LineState.DOWN: 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSeen:
    """A line at one look; `expected`: calls in the quarter hour that runs."""

    verdict: LineState
    kind: Kind = "main"
    in_maintenance: bool = False
    last_call: datetime | None = None
    expected: float | None = None


def show(seen: Mapping[str, LineSeen]) -> None:
    """From now on this is true; what is not known of a line is not there."""
    metrics.LINE_UP.show({(line,): _VALUE[each.verdict] for line, each in seen.items()})
    metrics.LINE_KIND.show({(line, each.kind): 1 for line, each in seen.items()})
    metrics.LINE_IN_MAINTENANCE.show(
        {(line,): float(each.in_maintenance) for line, each in seen.items()}
    )
    metrics.LINE_LAST_CALL.show(
        {(line,): each.last_call.timestamp() for line, each in seen.items() if each.last_call}
    )
    metrics.EXPECTED_CALLS.show(
        {(line,): each.expected for line, each in seen.items() if each.expected is not None}
    )
