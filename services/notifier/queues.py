"""Queues of the notifier: all that somebody is told, by lane, so that alerts wait for nothing."""

from __future__ import annotations

from typing import Final

from services.notifier.domain import NOTIFYING
from shared.bus import event_queue

MESSAGES_ROUTINE: Final = event_queue("notifier", "messages", "routine", *NOTIFYING)
MESSAGES_URGENT: Final = event_queue("notifier", "messages", "urgent", *NOTIFYING, alerts=True)

QUEUES: Final = (MESSAGES_ROUTINE, MESSAGES_URGENT)
