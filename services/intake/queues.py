"""Queues of intake. Reports come by two keys; triage sorts the routine key by what they say."""

from __future__ import annotations

from typing import Final

from shared.bus import INBOUND, QueueSpec, event_queue
from shared.bus.topology import DEAD_QUEUE, UNROUTED_QUEUE
from shared.contracts import notifier, privacy, router, survey

TRIAGE: Final = QueueSpec(
    "intake.triage", "routine", ((INBOUND, "ticket.report"),), prefetch=200, bounded=True
)
"""Only parses, classifies and passes on: an emergency under the routine key hardly waits."""

ARRIVALS_URGENT: Final = QueueSpec(
    "intake.arrivals.urgent",
    "urgent",
    ((INBOUND, "ticket.report.urgent"),),
    bounded=True,
    alerts=True,
)
"""A queue of its own: publishers can write to it, so its headers are not believed."""

REPORTS_URGENT: Final = QueueSpec("intake.reports.urgent", "urgent", alerts=True)
REPORTS_ROUTINE: Final = QueueSpec("intake.reports.routine", "routine")

COMMAND_OF: Final = {
    f"intake.{purpose}.routine": key
    for purpose, key in (
        ("supplements", "ticket.supplement"),
        ("urges", "ticket.urge"),
        ("cancellations", "ticket.cancel"),
        ("reopenings", "ticket.reopen"),
        ("cleared_alarms", "alarm.cleared"),
    )
}
"""What a system says of its own tickets. A queue for each, since a message that is put back into
its queue has lost its key.
"""
COMMANDS: Final = tuple(
    QueueSpec(name, "routine", ((INBOUND, key),), bounded=True) for name, key in COMMAND_OF.items()
)

FEEDBACK: Final = event_queue(
    "intake",
    "feedback",
    "routine",
    notifier.MessageReceived,
    notifier.MessageDelivered,
    notifier.MessageFailed,
)
DISSATISFIED_ROUTINE: Final = event_queue(
    "intake", "dissatisfied", "routine", survey.SurveyDissatisfied
)
DISSATISFIED_URGENT: Final = event_queue(
    "intake", "dissatisfied", "urgent", survey.SurveyDissatisfied
)

DANGERS: Final = event_queue(
    "intake", "dangers", "urgent", survey.SurveyDangerTold, router.FollowUpDangerTold, alerts=True
)

CALLS_ROUTINE: Final = event_queue("intake", "calls", "routine", router.FollowUpRung)
CALLS_URGENT: Final = event_queue("intake", "calls", "urgent", router.FollowUpRung, alerts=True)
"""What came of calls to callers whom no message reached; urgent where it tells of a danger."""

PRIVACY_REQUESTS: Final = event_queue(
    "intake", "privacy_requests", "routine", privacy.PrivacyRequestGranted
)

DEAD: Final = DEAD_QUEUE
UNROUTED: Final = UNROUTED_QUEUE

QUEUES: Final = (
    TRIAGE,
    ARRIVALS_URGENT,
    REPORTS_URGENT,
    REPORTS_ROUTINE,
    *COMMANDS,
    FEEDBACK,
    DISSATISFIED_ROUTINE,
    DISSATISFIED_URGENT,
    DANGERS,
    CALLS_ROUTINE,
    CALLS_URGENT,
    PRIVACY_REQUESTS,
    DEAD,
    UNROUTED,
)
BY_KEY: Final = {
    key: spec.name for spec in QUEUES for exchange, key in spec.bindings if exchange == INBOUND
}
"""Which queue a key of publishers leads to."""
