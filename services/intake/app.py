"""The one place where intake's objects are built and joined."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from fastapi import APIRouter, FastAPI

from services.intake import queues
from services.intake.desk.actions import DeskActions
from services.intake.desk.api import build_actions_api, build_registering_api, build_words_api
from services.intake.desk.call_backs import CallBacks
from services.intake.desk.cases import Cases, build_cases_api
from services.intake.desk.late_dangers import LateDangers
from services.intake.desk.merging import Merging
from services.intake.desk.rung_calls import RungCalls
from services.intake.desk.wishes import Wishes
from services.intake.field.pages import ROOT, build_person_pages
from services.intake.field.visits import TRIES as LINK_TRIES
from services.intake.field.visits import PersonVisits
from services.intake.finding.api import (
    build_callers_api,
    build_finding_api,
    build_similar_api,
)
from services.intake.finding.look_ups import LookUps
from services.intake.finding.masks import Masks
from services.intake.finding.showing import Showing
from services.intake.finding.similar import Similar
from services.intake.handlers import (
    add_call_handlers,
    add_handlers,
    add_privacy_handlers,
    add_stray_handlers,
    add_wish_handlers,
)
from services.intake.inbound.arrivals import Arrivals
from services.intake.inbound.commands import Commands
from services.intake.inbound.publishers import Senders, publisher_of
from services.intake.inbound.replays import open_entry
from services.intake.inbound.replies import Replies
from services.intake.privacy.access_trace import AccessTrace
from services.intake.privacy.alarms import AlarmAnswers
from services.intake.privacy.api import (
    build_alarms_api,
    build_copies_api,
    build_holds_api,
    build_photos_api,
    build_reveals_api,
    build_tracing_api,
)
from services.intake.privacy.call_backs import CallBackCallers
from services.intake.privacy.erasure import Erasure
from services.intake.privacy.legal_holds import HOLDS, LegalHolds
from services.intake.privacy.lookup_secret import Reindex
from services.intake.privacy.old_words import OldWords
from services.intake.privacy.papers import PAPERS
from services.intake.privacy.photos import Photos
from services.intake.privacy.privacy_requests import CopyHandover, PrivacyRequests
from services.intake.privacy.retention import Retention
from services.intake.privacy.reveals import Openings
from services.intake.privacy.storage import ALARMS, READERS
from services.intake.privacy.works import COPIES_KEPT, WORKS
from services.intake.registration.api import build_preview_api
from services.intake.registration.joining import Joining
from services.intake.registration.preview import Previews
from services.intake.registration.repeat_calls import RepeatCalls
from services.intake.registration.repeated_alerts import RepeatedAlerts
from services.intake.registration.reports import Reports
from services.intake.registration.reservations import RESERVATIONS
from services.intake.registration.rung_callers import RungCallers
from services.intake.registration.storage import INDEXES, TicketPapers
from services.intake.settings import IntakeSettings
from shared.policy.policy import Policy
from shared.privacy.open import Opener
from shared.readers.people import KnownPeople
from shared.readers.tickets import TICKETS
from shared.runtime import Parts, Platform, build_service, open_platform
from shared.runtime.web import build_style

KEEPS: Final = (
    TICKETS,
    PAPERS,
    RESERVATIONS,
    HOLDS,
    READERS,
    ALARMS,
    WORKS,
    COPIES_KEPT,
    LINK_TRIES,
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
    known_people = KnownPeople(platform.store, platform.duty)
    opener = Opener(platform.vault)
    reports = Reports(
        platform.store,
        platform.tickets,
        lambda: platform.policy,
        TicketPapers(platform.sealer, platform.index),
        RepeatCalls(platform.store, platform.index),
        RepeatedAlerts(platform.store, platform.tickets, platform.index, lambda: platform.policy),
        known_people,
        joining=Joining(platform.store, platform.tickets, lambda: platform.policy),
        rung_callers=RungCallers(platform.store, platform.trail, opener),
        secret=platform.keys.index,
        alert_published=lambda: urgent.is_up,
    )
    senders = Senders(
        platform.credentials.reach_of,
        lambda: platform.policy.group,
        require_user_id=settings.require_user_id,
    )
    replies = Replies(proven=platform.replies["proven"], new=platform.replies["new"])
    arrivals = Arrivals(
        reports,
        platform.store,
        forward=routine,
        replies=replies,
        senders=senders,
        secret=platform.keys.index,
        queues=(queues.REPORTS_URGENT.name, queues.REPORTS_ROUTINE.name),
    )
    desk_actions = DeskActions(
        platform.store, platform.tickets, lambda: platform.policy, known_people
    )
    late_dangers = LateDangers(
        platform.store, platform.tickets, lambda: platform.policy, secret=platform.keys.index
    )
    wishes = Wishes(
        platform.tickets, lambda: platform.policy, late_dangers, platform.store.precedence
    )
    parked = platform.parked_relay(open_entry(opener, platform.keys.index))
    privacy_requests = PrivacyRequests(
        platform.store, platform.trail, opener, platform.sealer, platform.index
    )
    legal_holds = LegalHolds(
        platform.store, platform.trail, platform.index, secret=platform.keys.index
    )
    erasure = Erasure(platform.store, platform.trail, opener)
    retention = Retention(platform.store, erasure, legal_holds, lambda: platform.policy)
    commands = Commands(
        platform.store,
        platform.tickets,
        wishes,
        reports,
        replies,
        senders,
        secret=platform.keys.index,
    )
    add_handlers(platform.consumers, arrivals, desk_actions)
    add_stray_handlers(platform.consumers, arrivals)
    add_wish_handlers(platform.consumers, commands, wishes)
    call_backs = CallBacks(platform.store, wishes)
    add_call_handlers(
        platform.consumers, RungCalls(platform.store, platform.tickets, call_backs, wishes)
    )
    add_privacy_handlers(platform.consumers, privacy_requests)
    routers = [
        build_registering_api(reports),
        build_words_api(reports),
        *_finding_routers(platform, opener, reports),
        build_actions_api(
            platform,
            desk_actions,
            wishes,
            call_backs,
            Merging(platform.store, platform.tickets),
        ),
        build_preview_api(
            platform,
            Previews(platform.store, lambda: platform.policy, lambda: platform.duty.current),
        ),
        build_cases_api(Cases(platform.store, desk_actions, known_people)),
        build_holds_api(legal_holds),
        *_reading_routers(platform, opener),
    ]
    reindex = Reindex(platform.store, opener, platform.index)
    old_words = OldWords(platform.store)
    loops = (retention.run, reindex.run, old_words.run, replies.run)
    parts = Parts(routers, loops=loops, parked=parked)
    return build_service(platform, parts, title="Estateline intake")


def _finding_routers(platform: Platform, opener: Opener, reports: Reports) -> list[APIRouter]:
    """Lists and search, single tickets, and who calls."""
    store = platform.store

    def policy() -> Policy:
        return platform.policy

    masks = Masks(opener, lambda: platform.policy.taxonomy.contractors)
    showing = Showing(store, platform.tickets, reports, masks, policy)
    similar = Similar(store, policy, reports.classify_text)
    look_ups = LookUps(store, platform.trail, platform.index, masks, policy)
    return [
        build_similar_api(similar),
        build_finding_api(store, policy, showing),
        build_callers_api(look_ups),
    ]


def _reading_routers(platform: Platform, opener: Opener) -> list[APIRouter]:
    """Who opens persons, and who asks who did."""
    store, trail, secret = platform.store, platform.trail, platform.keys.index

    def contractors() -> Container[str]:
        return platform.policy.taxonomy.contractors

    openings = Openings(store, trail, opener, secret=secret, contractors=contractors)
    return [
        build_reveals_api(openings, CallBackCallers(store, trail, opener)),
        build_style(ROOT),
        build_person_pages(platform, PersonVisits(platform, openings)),
        build_photos_api(Photos(store, trail, opener, contractors=contractors)),
        build_copies_api(CopyHandover(store, trail, opener)),
        build_alarms_api(AlarmAnswers(store, trail)),
        build_tracing_api(AccessTrace(store, trail, platform.index)),
    ]
