"""The one place where intake's objects are built and joined."""

from __future__ import annotations

from fastapi import FastAPI

from services.intake import queues
from services.intake.api import build_actions_api, build_registering_api, build_tickets_api
from services.intake.arriving import Arriving
from services.intake.following import Following
from services.intake.handlers import add_handlers
from services.intake.registering import Registering
from services.intake.replaying import open_entry
from services.intake.settings import IntakeSettings
from services.intake.storage import INDEXES, TicketPapers
from shared.privacy.open import Opener
from shared.runtime import Parts, build_service, open_platform


async def build(settings: IntakeSettings) -> FastAPI:
    """Intake, ready to be served."""
    platform = await open_platform("intake", settings, indexes=INDEXES, seals_parked=True)
    urgent, routine = platform.publishers["urgent"], platform.publishers["routine"]
    registering = Registering(
        platform.store,
        platform.tickets,
        lambda: platform.policy,
        TicketPapers(platform.sealer, platform.index),
        secret=platform.keys.index,
        alert_published=lambda: urgent.is_up,
    )
    arriving = Arriving(
        registering,
        platform.store,
        forward=routine,
        reply=urgent,
        secret=platform.keys.index,
        queues=(queues.REPORTS_URGENT.name, queues.REPORTS_ROUTINE.name),
        require_user_id=settings.require_user_id,
    )
    following = Following(platform.store, platform.tickets, lambda: platform.policy)
    parked = platform.parked_relay(open_entry(Opener(platform.vault), platform.keys.index))
    add_handlers(platform.consumers, arriving, following)
    routers = [
        build_registering_api(registering),
        build_tickets_api(platform, registering),
        build_actions_api(platform, following),
    ]
    return build_service(
        platform, Parts(routers, loops=(), parked=parked), title="Estateline intake"
    )
