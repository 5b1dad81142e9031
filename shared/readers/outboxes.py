"""Whose outboxes there are, for those who look into all of them: the sweep and the auditor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KIND_OF: Final[Mapping[str, str]] = {
    "tickets": "ticket",
    "emergencies": "emergency",
    "messages": "message",
    "surveys": "survey",
    "parked": "parked",
    "rosters": "roster",
    "shifts": "shift",
    "incidents": "incident",
    "follow_ups": "follow_up",
    "reading_alarms": "reading_alarm",
    "privacy_works": "privacy_work",
    "privacy_requests": "privacy_request",
}
"""The collections whose documents have events, and what begins the ids of these. A test compares it
with what the services keep."""
URGENT: Final = ("tickets", "emergencies", "messages", "surveys", "parked")
"""Those among whose events some may be urgent."""
