"""One event of each kind, as its publisher would say it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.contracts.admin import PolicyPublished, PolicyReminded, PolicyUnconfirmed
from shared.contracts.incidents import (
    IncidentAnnounced,
    IncidentDueSoon,
    IncidentOffered,
    IncidentOverdue,
    IncidentSpread,
)
from shared.contracts.intake import (
    LinkLocked,
    ReadingAlarmRaised,
    TicketCancelRequested,
    TicketMerged,
    TicketRegistered,
    TicketReopened,
    TicketSupplemented,
    TicketUrged,
)
from shared.contracts.notifier import MessageUnreached
from shared.contracts.parked import ParkedUrgent
from shared.contracts.router import (
    ClockBreached,
    ClockWarned,
    EmergencyAlerted,
    EmergencyDowngraded,
    EmergencyReplanned,
    EmergencySlowed,
    FollowUpMissed,
    FollowUpOpened,
    GapFound,
    ShiftCut,
    ShiftOffered,
    ShiftStruck,
    ShiftTaken,
    TicketRaised,
    TicketResolved,
    WorkOrderAppointed,
    WorkOrderConsentRecorded,
    WorkOrderDispatched,
    WorkOrderExtended,
    WorkOrderExtensionAsked,
    WorkOrderExtensionRefused,
    WorkOrderNoted,
    WorkOrderQuoted,
)
from shared.contracts.survey import SurveyAsked
from shared.contracts.telephony import LineContractEnding, LineDegraded, LineDown, LineUp

DUE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
_TICKET: dict[str, Any] = {
    "number": "26-1", "estate": "jinyuan", "type": "repair", "area": "elevator",
}  # fmt: skip
ASSIGNEE, ASSIGNEES_MAIL = "jy-engineering-1", "jy.engineering.1@duty.example"


def registered(**more: Any) -> TicketRegistered:
    return TicketRegistered(**_TICKET | {"promised": {"resolve": DUE}} | more)


def dispatched(**more: Any) -> WorkOrderDispatched:
    facts = {"work_order": "26-1-1", "department": "engineering", "assignee": ASSIGNEE,
             "due": {"resolve": DUE}}  # fmt: skip
    return WorkOrderDispatched(**_TICKET | facts | more)


def warned(**more: Any) -> ClockWarned:
    facts = {"clock": "resolve", "due": DUE, "work_order": "26-1-1", "recipients": (ASSIGNEE,),
             "department": "engineering"}  # fmt: skip
    return ClockWarned(**_TICKET | facts | {"assignee": ASSIGNEE} | more)


def breached(**more: Any) -> ClockBreached:
    facts = {"clock": "resolve", "due": DUE, "work_order": "26-1-1", "department": "engineering",
             "recipients": (ASSIGNEE, "jy-engineering-3")}  # fmt: skip
    return ClockBreached(**_TICKET | facts | {"assignee": ASSIGNEE} | more)


def alerted(**more: Any) -> EmergencyAlerted:
    facts = {"number": "26-1", "kind": "elevator_entrapment", "estate": "jinyuan",
             "recipients": (ASSIGNEE, "jy-security-1", "chain-1")}  # fmt: skip
    return EmergencyAlerted(**facts | more)


def slowed(**more: Any) -> EmergencySlowed:
    facts = {"number": "26-1", "kind": "elevator_entrapment", "estate": "jinyuan", "step": 10,
             "next_at": DUE, "recipients": ("jy-manager",)}  # fmt: skip
    return EmergencySlowed(**facts | more)


def replanned(**more: Any) -> EmergencyReplanned:
    facts = {"number": "26-1", "kind": "gas_leak", "before": "elevator_entrapment", "step": 2,
             "estate": "jinyuan", "recipients": ("lift-firm-1",)}  # fmt: skip
    return EmergencyReplanned(**facts | more)


def downgraded(**more: Any) -> EmergencyDowngraded:
    facts = {"number": "26-1", "kind": "gas_leak", "estate": "jinyuan", "reason": "steam",
             "step": 3, "recipients": ("lift-firm-1",)}  # fmt: skip
    return EmergencyDowngraded(**facts | more)


def appointed(**more: Any) -> WorkOrderAppointed:
    facts = {"work_order": "26-1-1", "department": "engineering", "at": DUE,
             "until": DUE + timedelta(hours=2)}  # fmt: skip
    return WorkOrderAppointed(**_TICKET | facts | more)


def extended(**more: Any) -> WorkOrderExtended:
    facts = {"work_order": "26-1-1", "department": "engineering", "until": DUE}
    return WorkOrderExtended(**_TICKET | facts | more)


def extension_asked(**more: Any) -> WorkOrderExtensionAsked:
    facts = {"work_order": "26-1-1", "department": "engineering", "until": DUE, "reason": "parts",
             "recipients": ("group-desk-1",)}  # fmt: skip
    return WorkOrderExtensionAsked(**_TICKET | facts | more)


def extension_refused(**more: Any) -> WorkOrderExtensionRefused:
    facts = {"work_order": "26-1-1", "department": "engineering", "assignee": ASSIGNEE, "due": DUE}
    return WorkOrderExtensionRefused(**_TICKET | facts | more)


def reading_alarm(**more: Any) -> ReadingAlarmRaised:
    facts = {"alarm": "a-1", "reader": "jy-customer-service-1", "sign": "one_flat",
             "number": "26-1", "estate": "jinyuan",
             "recipients": ("jy-customer-service-2",)}  # fmt: skip
    return ReadingAlarmRaised(**facts | more)


_POLICY: dict[str, Any] = {"policy": "2026-11-23-abcd", "begins": DUE, "recipients": (ASSIGNEE,)}


def policy_published(**more: Any) -> PolicyPublished:
    return PolicyPublished(**_POLICY | more)


def policy_reminded(**more: Any) -> PolicyReminded:
    return PolicyReminded(**_POLICY | more)


def policy_unconfirmed(**more: Any) -> PolicyUnconfirmed:
    facts = {"recipients": ("jy-engineering-3",), "missing": (ASSIGNEE, "jy-engineering-2")}
    return PolicyUnconfirmed(**_POLICY | facts | more)


def resolved(**more: Any) -> TicketResolved:
    return TicketResolved(**_TICKET | more)


def reopened(**more: Any) -> TicketReopened:
    return TicketReopened(**_TICKET | {"round": 2, "reason": "caller"} | more)


def merged(**more: Any) -> TicketMerged:
    return TicketMerged(**_TICKET | {"into": "26-2"} | more)


def asked(**more: Any) -> SurveyAsked:
    return SurveyAsked(**{"survey": "s-1", "number": "26-1"} | more)


_SHIFT: dict[str, Any] = {
    "shift": "26-1", "revision": 3, "place": "jinyuan", "department": "security",
    "person": "jy-security-2", "begins": DUE, "ends": DUE + timedelta(hours=12),
}  # fmt: skip


def gap_found(**more: Any) -> GapFound:
    facts = {"place": "jinyuan", "department": "security", "revision": 3, "begins": DUE,
             "ends": DUE + timedelta(hours=12), "missing": 1, "gaps": 2,
             "recipients": ("jy-security-3",)}  # fmt: skip
    return GapFound(**facts | more)


def shift_offered(**more: Any) -> ShiftOffered:
    return ShiftOffered(**_SHIFT | {"recipients": ("jy-security-1",)} | more)


def shift_taken(**more: Any) -> ShiftTaken:
    return ShiftTaken(**_SHIFT | {"recipients": ("jy-security-1",)} | more)


def shift_struck(**more: Any) -> ShiftStruck:
    return ShiftStruck(**_SHIFT | {"recipients": ("jy-security-2",), "reason": "leave"} | more)


def shift_cut(**more: Any) -> ShiftCut:
    return ShiftCut(**_SHIFT | {"recipients": ("jy-security-2",)} | more)


_INCIDENT: dict[str, Any] = {
    "incident": "26-1", "revision": 3, "estate": "jinyuan", "area": "plumbing",
    "buildings": ("3",), "recipients": ("group-desk-1",),
}  # fmt: skip


def incident_offered(**more: Any) -> IncidentOffered:
    return IncidentOffered(**_INCIDENT | {"households": 7} | more)


def incident_spread(**more: Any) -> IncidentSpread:
    return IncidentSpread(**_INCIDENT | {"beyond": ("5", "6")} | more)


def incident_due_soon(**more: Any) -> IncidentDueSoon:
    return IncidentDueSoon(**_INCIDENT | {"restore_by": DUE} | more)


def incident_overdue(**more: Any) -> IncidentOverdue:
    return IncidentOverdue(**_INCIDENT | {"restore_by": DUE} | more)


def incident_announced(**more: Any) -> IncidentAnnounced:
    facts = {"recipients": (), "notice": 1, "numbers": ("26-1", "26-2"), "restore_by": DUE}
    return IncidentAnnounced(**_INCIDENT | facts | more)


def raised(**more: Any) -> TicketRaised:
    facts = {"level": 2, "reason": "repeated", "contacts": 4, "recipients": ("group-manager",)}
    return TicketRaised(**_TICKET | facts | more)


def noted(**more: Any) -> WorkOrderNoted:
    facts = {"work_order": "26-1-1", "department": "engineering", "public": True, "tell_at": DUE}
    return WorkOrderNoted(**_TICKET | facts | more)


_TASK: dict[str, Any] = {
    "follow_up": "5f2c8d1a9b3e4f60aa17c3d4e5f60718", "why": "share", "reason": "limit_nears",
    "due": DUE, "person": "jy-customer-service-1", "recipients": ("jy-customer-service-1",),
}  # fmt: skip


def follow_up_opened(**more: Any) -> FollowUpOpened:
    return FollowUpOpened(**_TICKET | _TASK | more)


def follow_up_missed(**more: Any) -> FollowUpMissed:
    return FollowUpMissed(**_TICKET | _TASK | {"recipients": ("group-desk-1",)} | more)


def quoted(**more: Any) -> WorkOrderQuoted:
    facts = {"work_order": "26-1-1", "department": "engineering", "assignee": ASSIGNEE, "quote": 1,
             "total": 9_050, "payer": "owner", "needs_consent": True,
             "recipients": ("jy-customer-service-1",)}  # fmt: skip
    return WorkOrderQuoted(**_TICKET | facts | more)


def consented(**more: Any) -> WorkOrderConsentRecorded:
    facts = {"work_order": "26-1-1", "department": "engineering", "assignee": ASSIGNEE, "quote": 1,
             "total": 9_050, "given": True, "how": "phone"}  # fmt: skip
    return WorkOrderConsentRecorded(**_TICKET | facts | more)


_WISH: dict[str, Any] = _TICKET | {"recipients": (ASSIGNEE,), "at": DUE}


def urged(**more: Any) -> TicketUrged:
    return TicketUrged(**_WISH | more)


def supplemented(**more: Any) -> TicketSupplemented:
    return TicketSupplemented(**_WISH | more)


def cancel_requested(**more: Any) -> TicketCancelRequested:
    return TicketCancelRequested(**_WISH | more)


def parked(**more: Any) -> ParkedUrgent:
    facts = {"parked": "0f1e2d3c", "service": "intake", "queue": "intake.arrivals.urgent",
             "reason": "malformed", "publisher": "lift-sensors",
             "recipients": ("jy-customer-service-2",)}  # fmt: skip
    return ParkedUrgent(**facts | more)


def line_down(**more: Any) -> LineDown:
    facts = {"line": "hotline", "kind": "main", "why": "trunk", "at": DUE,
             "recipients": ("jy-customer-service-2",)}  # fmt: skip
    return LineDown(**facts | more)


def line_degraded(**more: Any) -> LineDegraded:
    return LineDegraded(**line_down().model_dump() | {"why": "unheard"} | more)


def line_up(**more: Any) -> LineUp:
    return LineUp(**line_down().model_dump() | {"why": None} | more)


def line_contract_ending(**more: Any) -> LineContractEnding:
    facts = {"line": "hotline", "kind": "main", "days": 30, "until": date(2026, 12, 31),
             "recipients": ("jy-customer-service-2",)}  # fmt: skip
    return LineContractEnding(**facts | more)


def unreached(**more: Any) -> MessageUnreached:
    facts = {"message": "m", "number": "26-1", "recipient": ASSIGNEE, "purpose": "assignment",
             "about": "ticket", "estate": "jinyuan", "department": "engineering",
             "reason": "refused", "recipients": ("jy-engineering-3",)}  # fmt: skip
    return MessageUnreached(**facts | more)


def link_locked(**more: Any) -> LinkLocked:
    facts = {"number": "26-1", "estate": "jinyuan", "link": f"work/26-1-1/{ASSIGNEE}",
             "person": ASSIGNEE, "recipients": ("jy-engineering-3",)}  # fmt: skip
    return LinkLocked(**facts | more)
