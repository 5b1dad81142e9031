"""What the administration's `app.py` joins in: the use cases, their queue and their API."""

from __future__ import annotations

from fastapi import APIRouter

from services.admin.privacy import queues
from services.admin.privacy.api import build_requests_api
from services.admin.privacy.requesting import Requesting
from shared.bus import Delivery
from shared.contracts.intake import PrivacyRequestCarriedOut
from shared.runtime import Platform


def build_privacy(platform: Platform) -> APIRouter:
    """Subscribe to what became of granted requests; the API of all of them."""
    requesting = Requesting(
        platform.store,
        platform.tickets,
        platform.trail,
        platform.sealer,
        lambda estate: platform.policy.at(estate).calendar,
        secret=platform.keys.index,
    )

    @platform.consumers.on_event(queues.PRIVACY_REQUESTS)
    async def on_carried_out(delivery: Delivery) -> None:
        """End the request that intake carried out."""
        if isinstance(delivery.event, PrivacyRequestCarriedOut):
            await requesting.conclude(delivery.event)

    return build_requests_api(requesting, platform.store.clock)
