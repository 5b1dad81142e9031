"""The series of this product (docs/architecture/health.md lists them). No label names a person."""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from shared.telemetry.looks import StoreGauge

# When a series was born is of no use to anybody here, and is one series more for each.
disable_created_metrics()  # type: ignore[no-untyped-call]

ESTATES: Final = CollectorRegistry()
"""What there is of each estate, which is asked for less often: `/metrics/estates` of the router."""
ESTATE_OPEN: Final = StoreGauge(
    "hotline_estate_tickets_open", "Tickets with open work", ["estate"], registry=ESTATES
)
ESTATE_OVERDUE: Final = StoreGauge(
    "hotline_estate_tickets_overdue",
    "Tickets with open work whose time is past",
    ["estate"],
    registry=ESTATES,
)

CONSUMED: Final = Counter(
    "hotline_consumed_total", "Messages taken from queues", ["queue", "outcome"]
)
UNFOUNDED: Final = Counter(
    "hotline_event_unfounded_total",
    "Events that no document of ours has said: somebody else published them, and nothing was done",
    ["event"],
)
BEGUN: Final = Counter("hotline_begun_total", "Messages whose handling began", ["lane"])
PUBLISHED: Final = Counter("hotline_published_total", "Publishes that were confirmed", ["lane"])
STORE_OPERATIONS: Final = Counter(
    "hotline_store_operations_total",
    "Statements sent to the database; each one of a batch counts",
    ["operation"],
)
REQUEST_SECONDS: Final = Histogram(
    "hotline_request_seconds",
    "From a request to the beginning of its answer",
    ["route", "method", "status"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
WORK_AGE_SECONDS: Final = Histogram(
    "hotline_work_age_seconds",
    "How old an event was when its handling began, by the database's clock",
    ["queue"],
    buckets=(0.1, 0.5, 1, 3, 10, 60, 600, 3600),
)
HANDLING_SECONDS: Final = Histogram(
    "hotline_handling_seconds",
    "Time a handler took",
    ["queue"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
LOOP_FAULTS: Final = Counter(
    "hotline_loop_faults_total",
    "What a loop could not do though store and broker were there; its log says why",
    ["loop", "what"],
)
TICKETS: Final = Counter(
    "hotline_tickets_total", "Tickets registered", ["type", "urgency", "channel"]
)
TICKETS_OPEN: Final = StoreGauge(
    "hotline_tickets_open",
    "Tickets with open work by department and urgency",
    ["department", "urgency"],
)
EMERGENCIES_OPEN: Final = StoreGauge(
    "hotline_emergencies_open",
    "Emergencies that are not over, drills left out, by whether somebody has taken them",
    ["acknowledged"],
)
MANUAL_QUEUE: Final = StoreGauge(
    "hotline_manual_queue", "Tickets that wait for a person to decide, by reason", ["reason"]
)
MANUAL_QUEUE_OLDEST: Final = StoreGauge(
    "hotline_manual_queue_oldest_seconds",
    "For how long the one that waits longest has waited, by reason",
    ["reason"],
)
CALENDAR_DAYS: Final = StoreGauge(
    "hotline_calendar_days_left",
    "Days until the first calendar ends; after it holidays count as workdays. 100000: none ends",
)
TICKETS_CLOSED: Final = Counter(
    "hotline_tickets_closed_total", "Tickets that are over, by how", ["department", "how"]
)
TICKETS_REOPENED: Final = Counter(
    "hotline_tickets_reopened_total", "Tickets of which another round began", ["department"]
)
TICKETS_OVERDUE: Final = StoreGauge(
    "hotline_tickets_overdue", "Tickets with open work whose time is past", ["department"]
)
CLOCK_ENDS: Final = Counter(
    "hotline_clock_ends_total",
    "Clocks whose outcome is known: kept, broken, or void where the work was passed on",
    ["clock", "department", "outcome"],
)
STAGE_SECONDS: Final = Histogram(
    "hotline_stage_seconds",
    "From the beginning of a clock to its stop, in real time with its pauses",
    ["stage", "department"],
    buckets=(60, 600, 3600, 14400, 86400, 259200, 1209600),
)
CLOCKS: Final = Counter("hotline_clock_total", "Deadlines fired", ["clock", "outcome"])
DROPPED: Final = Counter(
    "hotline_due_acts_dropped_total",
    "What fell due and was refused by the table: it was not done, and is not tried again",
    ["transition", "clock"],
)
EMERGENCY_ACK_SECONDS: Final = Histogram(
    "hotline_emergency_ack_seconds",
    "From the alert to its acknowledgement",
    buckets=(5, 10, 20, 30, 60, 120, 300, 600),
)
EMERGENCIES_STARTED: Final = Counter(
    "hotline_emergencies_started_total",
    "Emergencies by whether they were known as such at once or missed at first",
    ["kind", "known"],
)
EMERGENCIES_ENDED: Final = Counter(
    "hotline_emergencies_ended_total",
    "Emergencies that are over, by how; the share of false alarms is that of this outcome",
    ["kind", "outcome"],
)
INCIDENTS: Final = Counter(
    "hotline_incidents_total",
    "Outages that many reported, by what became of them",
    ["area", "outcome"],
)
RAISED: Final = Counter(
    "hotline_tickets_raised_total",
    "Tickets taken further up: the caller came back, or what was reported as done was not",
    ["reason"],
)
FOLLOW_UPS: Final = Counter(
    "hotline_follow_ups_total", "Follow-up tasks, by what became of them", ["why", "outcome"]
)
MESSAGES: Final = Counter(
    "hotline_messages_total", "Messages to people, by what became of them", ["channel", "outcome"]
)
ALARMS: Final = Counter(
    "hotline_alarms_total",
    "Alerts that Alertmanager told of, by what became of it",
    ["status", "outcome"],
)
SURVEY_ANSWERS: Final = Counter("hotline_survey_answers_total", "Survey answers", ["score"])
RECONCILED: Final = Counter(
    "hotline_reconciled_total", "What no message brought and the store was asked for", ["what"]
)
UNLOOKED: Final = Gauge(
    "hotline_unlooked_seconds",
    "For how long the store was not asked for what no message brought, since messages waited",
    ["what"],
)
PARKED: Final = StoreGauge("hotline_parked_messages", "Messages that wait in `parked`", ["reason"])
OUTBOX_PENDING: Final = StoreGauge(
    "hotline_outbox_pending", "Documents with events that are not yet published"
)
OUTBOX_OLDEST: Final = StoreGauge(
    "hotline_outbox_oldest_seconds",
    "For how long the oldest event that is not yet published has waited; 0: none waits",
)
REPLIES: Final = Counter(
    "hotline_replies_total", "Answers to reports on the queue, by what became of them", ["outcome"]
)
REPORTS: Final = Counter(
    "hotline_reports_total", "Reports by what became of them", ["source", "outcome"]
)
SIGN_INS: Final = Counter("hotline_sign_ins_total", "Sign-ins by what became of them", ["outcome"])
LOCKS: Final = Counter(
    "hotline_account_locks_total", "Locks after too many failed sign-ins", ["scope"]
)
SESSIONS_ENDED: Final = Counter("hotline_sessions_ended_total", "Sessions that were ended", ["why"])
STREAMS: Final = Gauge("hotline_console_streams", "Browsers whose pages are kept up to date")
UPSTREAM_SECONDS: Final = Histogram(
    "hotline_console_upstream_seconds", "What the console waited for a service", ["service"]
)
REVEALS: Final = Counter("hotline_reveals_total", "Wishes to open a person", ["outcome"])
LOOK_UPS: Final = Counter("hotline_look_ups_total", "Look-ups of who calls", ["outcome"])
READING_ALARMS: Final = Counter(
    "hotline_reading_alarms_total", "Alarms about how persons are opened", ["sign"]
)
PERSONS_ERASED: Final = Counter(
    "hotline_persons_erased_total", "Persons of tickets whose sealed data are gone", ["why"]
)
CALLS_OFFERED: Final = Counter("hotline_calls_offered_total", "Calls offered", ["line"])
CALLS: Final = Counter(
    "hotline_calls_total", "Calls that have ended, by what became of them", ["line", "outcome"]
)
CALLS_DISPOSED: Final = Counter(
    "hotline_calls_disposed_total", "Answered calls without a ticket, by what they were", ["code"]
)
CALLBACKS: Final = Counter(
    "hotline_callbacks_total", "Calls back that are over, by what became of them", ["outcome"]
)
CALL_WAIT_SECONDS: Final = Histogram(
    "hotline_call_wait_seconds",
    "From the first ring to the first agent, or to the end without one; greeting included",
    ["line", "outcome"],
    buckets=(1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600),
)
CALL_HANDLE_SECONDS: Final = Histogram(
    "hotline_call_handle_seconds",
    "Talk and hold of all agents of an answered call that was heard to its end; no wrap-up",
    ["line"],
    buckets=(30, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1800),
)
RINGS: Final = Counter(
    "hotline_rings_total", "Agents' telephones that rang, by what came of it", ["outcome"]
)
TRANSFERS: Final = Counter("hotline_transfers_total", "Calls handed on", ["kind"])
QUEUE_ENTRIES: Final = Counter(
    "hotline_queue_entries_total",
    "Callers who came into a queue: for the first time on their call, or again",
    ["queue", "how"],
)
PBX_FACTS: Final = Counter(
    "hotline_pbx_facts_total", "What exchanges told, by what became of it", ["pbx", "outcome"]
)
PBX_GAPS: Final = Counter(
    "hotline_pbx_gaps_total", "Times in which nobody heard an exchange", ["pbx", "why"]
)
LINE_UP: Final = StoreGauge(
    "hotline_line_up", "1 where the line works, 0.5 in part or where nobody knows, 0 not", ["line"]
)
LINE_KIND: Final = StoreGauge("hotline_line_kind", "1: what the line is for", ["line", "kind"])
LINE_IN_MAINTENANCE: Final = StoreGauge(
    "hotline_line_in_maintenance", "1 while work on the line was announced for now", ["line"]
)
LINE_LAST_CALL: Final = StoreGauge(
    "hotline_line_last_call_timestamp_seconds", "When it last rang", ["line"]
)
EXPECTED_CALLS: Final = StoreGauge(
    "hotline_expected_calls",
    "Calls in the quarter hour that runs, as on its last like days",
    ["line"],
)
CALLS_UNDISPOSED: Final = StoreGauge(
    "hotline_calls_undisposed", "Answered calls with neither a ticket nor a word what they were"
)
CALLBACKS_OPEN: Final = StoreGauge("hotline_callbacks_open", "Callers who are to be rung back")
CALLBACKS_OVERDUE: Final = StoreGauge(
    "hotline_callbacks_overdue", "Those of them who should have been"
)
CALLS_WAITING: Final = StoreGauge(
    "hotline_calls_waiting", "Callers whom nobody has answered yet", ["line"]
)
LONGEST_WAIT: Final = StoreGauge(
    "hotline_longest_wait_seconds", "For how long the first of them waits", ["line"]
)
AGENTS: Final = StoreGauge(
    "hotline_agents", "Agents, by what the exchange tells that they do", ["state"]
)
OCCUPANCY: Final = StoreGauge("hotline_occupancy_ratio", "Busy agents of those busy or ready")
OFFERED_LOAD: Final = StoreGauge(
    "hotline_offered_load_erlangs", "Offered calls a second × handle time", ["window"]
)
AGENTS_REQUIRED: Final = StoreGauge(
    "hotline_agents_required", "Agents needed for the target", ["model", "window"]
)
SERVICE_LEVEL: Final = StoreGauge(
    "hotline_service_level_ratio",
    "The share answered in time, by its definition",
    ["definition", "threshold", "window"],
)
DATA_FREE: Final = StoreGauge("hotline_data_free_bytes", "Free bytes where the data lie")
CERTIFICATE_DAYS: Final = StoreGauge(
    "hotline_certificate_days_left", "Days until the certificate that browsers are shown ends"
)
BACKUP_AGE: Final = StoreGauge("hotline_backup_age_seconds", "How old the newest backup is")
