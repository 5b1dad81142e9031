"""The queue on which requests end."""

from __future__ import annotations

from typing import Final

from shared.bus import event_queue
from shared.contracts import intake

PRIVACY_REQUESTS: Final = event_queue(
    "admin", "privacy_requests", "routine", intake.PrivacyRequestCarriedOut
)

QUEUES: Final = (PRIVACY_REQUESTS,)
