"""Counts what a change of a ticket means, at the one place where all of them are written."""

from __future__ import annotations

from shared.telemetry import metrics
from shared.tickets import Ticket
from shared.tickets.figures import clock_ends, department_of, has_ended, has_reopened


def count_change(before: Ticket | None, after: Ticket) -> None:
    """Count what this write, which was won, has ended or begun; nothing of a drill."""
    if after.test:
        return
    department = department_of(after)
    if has_ended(before, after):
        metrics.TICKETS_CLOSED.labels(department=department, how=after.status.value).inc()
    if has_reopened(before, after):
        metrics.TICKETS_REOPENED.labels(department=department).inc()
    for end in clock_ends(before, after):
        if end.outcome is not None:
            metrics.CLOCK_ENDS.labels(
                clock=end.clock.value, department=end.department, outcome=end.outcome
            ).inc()
        if end.seconds is not None:
            stage = metrics.STAGE_SECONDS.labels(stage=end.clock.value, department=end.department)
            stage.observe(end.seconds)
