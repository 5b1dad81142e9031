"""The one place where intake's objects are built and joined."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from fastapi import APIRouter, FastAPI

from services.intake import queues
from services.intake.desk.actions import Following
from services.intake.desk.api import build_actions_api, build_registering_api, build_tickets_api
from services.intake.desk.cases import Cases, build_cases_api
from services.intake.handlers import add_command_handlers, add_handlers, add_privacy_handlers
from services.intake.inbound.arrivals import Arriving
from services.intake.inbound.commands import Commanding
from services.intake.inbound.publishers import Replying, publisher_of
from services.intake.inbound.replays import open_entry
from services.intake.privacy.answering import Answering
from services.intake.privacy.api import (
    build_alarms_api,
    build_copies_api,
    build_holds_api,
    build_photos_api,
    build_reveals_api,
    build_tracing_api,
)
from services.intake.privacy.erasure import Erasing
from services.intake.privacy.holding import HOLDS, Holding
from services.intake.privacy.lookup_secret import Reindexing
from services.intake.privacy.papers import PAPERS
from services.intake.privacy.photos import Photos
from services.intake.privacy.privacy_requests import Handing, PrivacyRequests
from services.intake.privacy.retention import Retaining
from services.intake.privacy.reveals import Revealing
from services.intake.privacy.storage import ALARMS, READERS
from services.intake.privacy.tracing import Tracing
from services.intake.privacy.works import COPIES_KEPT, WORKS
from services.intake.registration.repeats import Repeating
from services.intake.registration.reports import Registering
from services.intake.registration.reservations import RESERVATIONS
from services.intake.registration.storage import INDEXES, TicketPapers
from services.intake.settings import IntakeSettings
from shared.privacy.open import Opener
from shared.readers.tickets import TICKETS
from shared.runtime import Parts, Platform, build_service, open_platform

KEEPS: Final = (
    TICKETS,
    PAPERS,
    RESERVATIONS,
    HOLDS,
    READERS,
    ALARMS,
    WORKS,
    COPIES_KEPT,
)


async def build(settings: IntakeSettings) -> FastAPI:
    """Intake, ready to be served."""
    platform = await open_platform(
        "intake",
        settings,
        keeps=KEEPS,
        indexes=INDEXES,
        seals_parked=True,
        sender_of=publisher_of,
        classifies=True,
    )
    urgent, routine = platform.publishers["urgent"], platform.publishers["routine"]
    registering = Registering(
        platform.store,
        platform.tickets,
        lambda: platform.policy,
        TicketPapers(platform.sealer, platform.index),
        Repeating(platform.store, platform.index),
        secret=platform.keys.index,
        alert_published=lambda: urgent.is_up,
    )
    replying = Replying(urgent)
    arriving = Arriving(
        registering,
        platform.store,
        forward=routine,
        replying=replying,
        secret=platform.keys.index,
        queues=(queues.REPORTS_URGENT.name, queues.REPORTS_ROUTINE.name),
        require_user_id=settings.require_user_id,
    )
    following = Following(platform.store, platform.tickets, lambda: platform.policy)
    opener = Opener(platform.vault)
    parked = platform.parked_relay(open_entry(opener, platform.keys.index))
    privacy_requests = PrivacyRequests(
        platform.store, platform.trail, opener, platform.sealer, platform.index
    )
    holding = Holding(platform.store, platform.trail, platform.index, secret=platform.keys.index)
    erasing = Erasing(platform.store, platform.trail, opener)
    retaining = Retaining(platform.store, erasing, holding, lambda: platform.policy)
    commanding = Commanding(platform.store, following, replying, secret=platform.keys.index)
    add_handlers(platform.consumers, arriving, following)
    add_command_handlers(platform.consumers, commanding)
    add_privacy_handlers(platform.consumers, privacy_requests)
    routers = [
        build_registering_api(registering),
        build_tickets_api(platform, registering),
        build_actions_api(platform, following),
        build_cases_api(Cases(platform.store, following)),
        build_holds_api(holding),
        *_reading_routers(platform, opener),
    ]
    reindexing = Reindexing(platform.store, opener, platform.index)
    parts = Parts(routers, loops=(retaining.run, reindexing.run), parked=parked)
    return build_service(platform, parts, title="Estateline intake")


def _reading_routers(platform: Platform, opener: Opener) -> list[APIRouter]:
    """Who opens persons, and who asks who did."""
    store, trail, secret = platform.store, platform.trail, platform.keys.index

    def contractors() -> Container[str]:
        return platform.policy.taxonomy.contractors

    return [
        build_reveals_api(Revealing(store, trail, opener, secret=secret, contractors=contractors)),
        build_photos_api(Photos(store, trail, opener, contractors=contractors)),
        build_copies_api(Handing(store, trail, opener)),
        build_alarms_api(Answering(store, trail)),
        build_tracing_api(Tracing(store, trail, platform.index)),
    ]
