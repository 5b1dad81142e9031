"""A week of a hotline as Prometheus would have kept it: quiet nights, busy days, and one hour in
which everything breaks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from shared.telemetry import metrics

Mood = Literal["quiet", "busy", "broken"]
Levels = tuple[float, float, float]
MOODS: Final[tuple[Mood, ...]] = ("quiet", "busy", "broken")
BEGAN: Final = datetime(2026, 11, 23, tzinfo=UTC)
STEP: Final = timedelta(minutes=2)
DAYS: Final = 7
BROKEN: Final = BEGAN + timedelta(days=6, hours=19)
MOMENTS: Final[Mapping[Mood, datetime]] = {
    "quiet": BEGAN + timedelta(days=6, hours=3, minutes=50),
    "busy": BEGAN + timedelta(days=6, hours=11, minutes=50),
    "broken": BROKEN + timedelta(minutes=50),
}
"""The last minutes of an hour of each."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One series: a gauge by its level, a counter by its growth in an hour, in each mood."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    labels: Mapping[str, str]
    levels: Levels
    means: Levels = (0, 0, 0)
    """Of a histogram's values, which are spread as waits are."""


def gauge(name: str, quiet: float, busy: float, broken: float, **labels: str) -> Drawn:
    return Drawn(name, "gauge", labels, (quiet, busy, broken))


def counter(name: str, quiet: float, busy: float, broken: float, **labels: str) -> Drawn:
    return Drawn(name, "counter", labels, (quiet, busy, broken))


def histogram(name: str, levels: Levels, means: Levels, **labels: str) -> Drawn:
    return Drawn(name, "histogram", labels, levels, means)


T, R, IN, N, A, X = ("telephony", "router", "intake", "notifier", "admin", "exchange")
WEEK: Final = (
    *(gauge("up", 1, 1, job != N, job=job) for job in (T, R, IN, N, A, X, "survey", "console")),
    # calls and lines
    gauge("hotline_calls_waiting", 0, 1, 9, job=T, line="main"),
    gauge("hotline_longest_wait_seconds", 0, 12, 400, job=T, line="main"),
    gauge("hotline_agents", 1, 2, 0, job=T, state="ready"),
    gauge("hotline_agents", 0, 4, 0, job=T, state="talking"),
    gauge("hotline_agents", 0, 0, 3, job=T, state="break"),
    gauge("hotline_occupancy_ratio", 0, 0.67, 0.97, job=T),
    gauge("hotline_offered_load_erlangs", 0.1, 3.2, 9, job=T, window="1h"),
    gauge("hotline_agents_required", 1, 6, 12, job=T, model="erlang_c", window="1h"),
    gauge("hotline_agents_required", 1, 5, 11, job=T, model="erlang_a", window="1h"),
    *(
        gauge("hotline_service_level_ratio", 1, 0.9, 0.2, job=T, definition=definition,
              threshold="20", window="1h")
        for definition in ("answered", "offered", "reached", "inclusive", "fair")
    ),
    gauge("hotline_line_up", 1, 1, 0, job=T, line="main"),
    gauge("hotline_line_kind", 1, 1, 1, job=T, line="main", kind="main"),
    gauge("hotline_line_in_maintenance", 0, 0, 0, job=T, line="main"),
    gauge("hotline_line_last_call_timestamp_seconds", 1, 1, 1, job=T, line="main"),
    gauge("hotline_expected_calls", 0.3, 12, 12, job=T, line="main"),
    gauge("hotline_callbacks_open", 0, 2, 14, job=T),
    gauge("hotline_callbacks_overdue", 0, 0, 6, job=T),
    gauge("hotline_calls_undisposed", 0, 3, 40, job=T),
    counter("hotline_calls_offered_total", 2, 60, 120, job=T, line="main"),
    counter("hotline_calls_total", 2, 54, 10, job=T, line="main", outcome="answered"),
    counter("hotline_calls_total", 0, 5, 30, job=T, line="main", outcome="abandoned"),
    counter("hotline_calls_total", 0, 0, 70, job=T, line="main", outcome="blocked"),
    histogram("hotline_call_wait_seconds", (2, 54, 10), (4, 8, 200), job=T, line="main",
              outcome="answered"),
    histogram("hotline_call_wait_seconds", (0, 5, 30), (4, 30, 150), job=T, line="main",
              outcome="abandoned"),
    histogram("hotline_call_handle_seconds", (2, 54, 10), (150, 190, 240), job=T, line="main"),
    counter("hotline_rings_total", 2, 60, 20, job=T, outcome="answered"),
    counter("hotline_transfers_total", 0.1, 4, 1, job=T, kind="blind"),
    counter("hotline_queue_entries_total", 2, 58, 40, job=T, queue="hotline", how="first"),
    counter("hotline_calls_disposed_total", 0.2, 6, 1, job=T, code="wrong_number"),
    # exchanges
    counter("hotline_pbx_facts_total", 20, 600, 900, job=T, pbx="main", outcome="used"),
    counter("hotline_pbx_facts_total", 0, 0, 60, job=T, pbx="main", outcome="unknown"),
    counter("hotline_pbx_gaps_total", 0, 0, 3, job=T, pbx="main", why="connection"),
    gauge("hotline_pbx_connected", 1, 1, 0, job=X, pbx="main"),
    gauge("hotline_pbx_last_event_timestamp_seconds", 1, 1, 1, job=X, pbx="main"),
    gauge("hotline_pbx_clock_offset_seconds", 0.01, 0.02, 3, job=X, pbx="main"),
    gauge("hotline_pbx_unpublished_facts", 0, 0, 4000, job=X, pbx="main"),
    counter("hotline_pbx_left_out_total", 0, 1, 40, job=X, pbx="main", why="unknown_line"),
    counter("hotline_pbx_unheard_total", 0, 0, 3, job=X, pbx="main", why="connection"),
    # people's work
    gauge("hotline_emergencies_open", 0, 1, 1, job=R, acknowledged="yes"),
    gauge("hotline_emergencies_open", 0, 0, 2, job=R, acknowledged="no"),
    gauge("hotline_manual_queue_oldest_seconds", 60, 300, 5000, job=R, reason="unsure"),
    gauge("hotline_tickets_open", 40, 70, 90, job=R, department="engineering", urgency="routine"),
    gauge("hotline_tickets_overdue", 1, 3, 30, job=R, department="engineering"),
    gauge("hotline_estate_tickets_open", 20, 30, 40, job="router-estates", estate="jinyuan"),
    gauge("hotline_estate_tickets_overdue", 1, 2, 25, job="router-estates", estate="jinyuan"),
    counter("hotline_tickets_closed_total", 1, 20, 5, job=IN, department="engineering",
            how="closed"),
    counter("hotline_tickets_reopened_total", 0, 0.3, 4, job=IN, department="engineering"),
    *(
        counter("hotline_clock_ends_total", *levels, job=R, clock="accept",
                department="engineering", outcome=outcome)
        for outcome, levels in (("kept", (1, 20, 2)), ("broken", (0.05, 0.5, 120)))
    ),
    histogram("hotline_stage_seconds", (1, 20, 5), (600, 1200, 9000), job=R, stage="accept",
              department="engineering"),
    gauge("hotline_calendar_days_left", 395, 395, 395, job=R),
    counter("hotline_clock_total", 0, 0.2, 30, job=R, clock="response", outcome="breached"),
    counter("hotline_clock_total", 0.1, 2, 10, job=R, clock="response", outcome="warned"),
    histogram("hotline_emergency_ack_seconds", (0.05, 0.3, 2), (30, 40, 900), job=R),
    counter("hotline_emergencies_started_total", 0.05, 0.3, 2, job=R, kind="lift", known="at_once"),
    counter("hotline_emergencies_ended_total", 0.05, 0.25, 1, job=R, kind="lift",
            outcome="resolved"),
    counter("hotline_emergencies_ended_total", 0.01, 0.03, 0, job=R, kind="lift",
            outcome="false_alarm"),
    counter("hotline_incidents_total", 0, 0.1, 2, job=R, area="water", outcome="offered"),
    counter("hotline_tickets_raised_total", 0, 0.5, 6, job=R, reason="repeated"),
    counter("hotline_follow_ups_total", 0.2, 4, 2, job=R, why="share", outcome="done"),
    counter("hotline_follow_ups_total", 0, 0.05, 9, job=R, why="tell", outcome="missed"),
    counter("hotline_tickets_total", 1, 30, 10, job=IN, type="repair", urgency="routine",
            channel="telephone"),
    counter("hotline_messages_total", 3, 90, 5, job=N, channel="sms", outcome="delivered"),
    counter("hotline_messages_total", 0, 0.3, 60, job=N, channel="sms", outcome="failed"),
    *(
        counter("hotline_survey_answers_total", 0, n, n, job="survey", score=str(score))
        for score, n in ((1, 0.1), (2, 0.1), (3, 0.5), (4, 2), (5, 6))
    ),
    # the engine
    *(gauge("hotline_store_reachable", 1, 1, job != IN, job=job) for job in (R, IN, T)),
    *(gauge("hotline_broker_connected", 1, 1, job != R, job=job, lane="routine")
      for job in (R, IN, T)),
    gauge("hotline_consuming", 1, 1, 0, job=R, queue="router.tickets.urgent"),
    *(gauge("hotline_outbox_oldest_seconds", 0, 0.4, 1500, job=job) for job in (R, IN)),
    histogram("hotline_work_age_seconds", (10, 400, 100), (0.05, 0.1, 800), job=R,
              queue="router.tickets.routine"),
    gauge("rabbitmq_detailed_queue_messages_ready", 1, 2, 5000, job="rabbitmq-queues",
          queue="router.tickets.routine"),
    gauge("hotline_parked_messages", 1, 2, 60, job=IN, reason="malformed"),
    counter("hotline_consumed_total", 10, 400, 100, job=R, queue="router.tickets.routine",
            outcome="done"),
    counter("hotline_loop_faults_total", 0, 0, 5, job=R, loop="Firing.look", what="turn"),
    counter("hotline_due_acts_dropped_total", 0, 0, 1, job=R, transition="warn", clock=""),
    counter("hotline_reconciled_total", 0, 0, 4, job=R, what="ticket"),
    counter("hotline_event_unfounded_total", 0, 0, 0, job=R, event="ticket.registered"),
    *(
        histogram("hotline_request_seconds", n, (0.02, 0.04, 4), job=IN, route="/v1/tickets",
                  method="POST", status=status)
        for status, n in (("2xx", (5.0, 200.0, 20.0)), ("5xx", (0.0, 0.0, 300.0)))
    ),
    gauge("hotline_clock_offset_seconds", 0.01, 0.02, 0.02, job=IN),
    gauge("hotline_data_free_bytes", 9e10, 9e10, 3e9, job=A),
    gauge("process_resident_memory_bytes", 1.4e8, 1.6e8, 1.8e8, job=IN),
    gauge("ALERTS", 0, 0, 1, alertname="StoreAway", alertstate="firing"),
)  # fmt: skip
"""Levels of timestamps are ages: how they are drawn stands below."""
AGES: Final[Mapping[str, Levels]] = {
    "hotline_line_last_call_timestamp_seconds": (1500, 40, 3600),
    "hotline_pbx_last_event_timestamp_seconds": (3, 1, 2400),
}
GOES_AWAY: Final = frozenset({"ALERTS"})
"""What is there only while it is not 0."""


def mood_at(moment: datetime) -> Mood:
    if BROKEN <= moment < BROKEN + timedelta(hours=1):
        return "broken"
    return "busy" if 8 <= moment.hour < 22 else "quiet"


def text() -> str:
    """The week as OpenMetrics."""
    return "\n".join([*_lines(), "# EOF", ""])


def _lines() -> Iterator[str]:
    moments = [BEGAN + n * STEP for n in range(int(timedelta(days=DAYS) / STEP))]
    moods = [MOODS.index(mood_at(moment)) for moment in moments]
    at = [int(moment.timestamp()) for moment in moments]
    named: dict[str, list[Drawn]] = {}
    for drawn in WEEK:
        named.setdefault(drawn.name, []).append(drawn)
    for name, several in named.items():
        family = name.removesuffix("_total")
        yield f"# TYPE {family} {several[0].kind}"
        for drawn in several:
            yield from _samples(drawn, moods, at)


def _samples(drawn: Drawn, moods: Sequence[int], at: Sequence[int]) -> Iterator[str]:
    if drawn.kind == "histogram":
        yield from _buckets(drawn, moods, at)
        return
    labels, total = _written(drawn.labels), 0.0
    for mood, moment in zip(moods, at, strict=True):
        if drawn.name in GOES_AWAY and not drawn.levels[mood]:
            continue
        total += drawn.levels[mood] * STEP.total_seconds() / 3600
        value = total if drawn.kind == "counter" else drawn.levels[mood]
        value = moment - AGES[drawn.name][mood] if drawn.name in AGES else value
        yield f"{drawn.name}{labels} {float(value)} {moment}"


def _buckets(drawn: Drawn, moods: Sequence[int], at: Sequence[int]) -> Iterator[str]:
    bounds = [*upper_bounds(drawn.name), math.inf]
    growth = [n * STEP.total_seconds() / 3600 for n in drawn.levels]
    for bound in bounds:
        le = "+Inf" if math.isinf(bound) else str(float(bound))
        labels, total = _written({**drawn.labels, "le": le}), 0.0
        for mood, moment in zip(moods, at, strict=True):
            total += growth[mood] * (1 - math.exp(-bound / drawn.means[mood]))
            yield f"{drawn.name}_bucket{labels} {total} {moment}"
    labels, count, summed = _written(drawn.labels), 0.0, 0.0
    counts: list[str] = []
    for mood, moment in zip(moods, at, strict=True):
        count += growth[mood]
        summed += growth[mood] * drawn.means[mood]
        counts.append(f"{drawn.name}_count{labels} {count} {moment}")
        yield f"{drawn.name}_sum{labels} {summed} {moment}"
    yield from counts


def upper_bounds(name: str) -> Sequence[float]:
    """Those of the histogram that the services have."""
    [found] = [m for m in vars(metrics).values() if getattr(m, "_name", None) == name]
    return [bound for bound in found._upper_bounds if not math.isinf(bound)]


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
