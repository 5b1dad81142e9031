"""The one place where the router's objects are built and joined."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from services.router.deadlines.falling_due import DEADLINE_INDEXES
from services.router.deadlines.firing import Deadlines
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.api import build_emergencies_api
from services.router.emergencies.attending import Attending
from services.router.emergencies.room import EmergencyRoom
from services.router.emergencies.storage import EMERGENCIES, JOINED_INDEX
from services.router.emergencies.untaken import untaken_emergencies
from services.router.field.api import build_calls_api
from services.router.field.call_visits import CallVisits
from services.router.field.calls_at_desk import CallsAtDesk
from services.router.field.pages import ROOT, build_field_pages, build_field_script
from services.router.field.thumbnails import Thumbnails
from services.router.field.visits import FieldVisits
from services.router.follow_ups.api import build_follow_ups_api
from services.router.follow_ups.call_results import CallResults
from services.router.follow_ups.desk_tasks import DeskTasks
from services.router.follow_ups.reminders import Reminders
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.handlers import add_erasure_handlers, add_handlers, add_task_handlers
from services.router.incidents.api import build_incidents_api, build_running_incidents_api
from services.router.incidents.decisions import IncidentDecisions
from services.router.incidents.detection import IncidentDetection
from services.router.incidents.running_incidents import RunningIncidents
from services.router.incidents.storage import INCIDENTS
from services.router.incidents.storage import TICKET_INDEXES as OF_INCIDENTS
from services.router.loops import Loops
from services.router.proofs.api import build_proofs_api
from services.router.proofs.photos import WorkPhotos
from services.router.proofs.storage import PROOFS
from services.router.proofs.uploads import LARGER_BODIES
from services.router.rosters.api import (
    build_leaves_api,
    build_lists_api,
    build_lost_telephones_api,
    build_plans_api,
    build_shifts_api,
)
from services.router.rosters.duty_lists import DutyLists
from services.router.rosters.fitness import Fitness
from services.router.rosters.gaps import GapWatch
from services.router.rosters.leave_requests import LeaveRequests
from services.router.rosters.lost_telephones import LostTelephones
from services.router.rosters.shift_plans import ShiftPlans
from services.router.rosters.storage import LEAVES, LISTS, SHIFTS
from services.router.settings import RouterSettings
from services.router.work_orders.api import (
    build_boards_api,
    build_costs_api,
    build_times_api,
    build_work_orders_api,
)
from services.router.work_orders.repeat_calls import RepeatCalls
from services.router.work_orders.routing import Routing
from services.router.work_orders.storage import TICKET_INDEXES
from services.router.work_orders.untaken import untaken_tickets
from services.router.work_orders.work_lists import WorkLists
from services.router.work_orders.workload import REFRESH_EVERY, Workload
from shared.privacy.open import Opener
from shared.readers.certificates import CertificateReader
from shared.readers.changes import CHANGE_INDEXES
from shared.readers.people import KnownPeople
from shared.readers.tickets import TICKETS
from shared.runtime import Parts, build_service, open_platform
from shared.runtime.http import build_estates_metrics
from shared.runtime.web import build_style

KEEPS: Final = (TICKETS, EMERGENCIES, FOLLOW_UPS, INCIDENTS, LEAVES, LISTS, PROOFS, SHIFTS)
INDEXES: Final = {
    "tickets": (*TICKET_INDEXES, *DEADLINE_INDEXES, *OF_INCIDENTS, JOINED_INDEX, *CHANGE_INDEXES)
}


async def build(settings: RouterSettings) -> FastAPI:
    """The router, ready to be served."""
    platform = await open_platform(
        "router", settings, keeps=KEEPS, indexes=INDEXES, classifies=True
    )
    workload, running_incidents = Workload(platform.store), RunningIncidents(platform)
    routing, alerting = (
        Routing(platform, workload, lambda: running_incidents.running),
        Alerting(platform),
    )
    reminders = Reminders(platform)
    desk_tasks = DeskTasks(platform, reminders)
    add_handlers(platform.consumers, routing, alerting, RepeatCalls(platform), reminders)
    add_task_handlers(platform.consumers, reminders)
    work_photos = WorkPhotos(platform)
    add_erasure_handlers(platform.consumers, work_photos)
    call_results = CallResults(platform, reminders, desk_tasks)
    call_visits = CallVisits(platform, call_results)
    attending = Attending(platform, alerting)
    fitness = Fitness(platform, CertificateReader(platform.store))
    lost_telephones = LostTelephones(platform)
    duty_lists = DutyLists(platform, KnownPeople(platform.store, platform.duty), lost_telephones)
    shift_plans = ShiftPlans(platform, duty_lists, fitness)
    gap_watch = GapWatch(platform, fitness)
    deadlines = Deadlines(platform, workload)
    loops = Loops(
        platform,
        {
            deadlines.fire_due: settings.look_every,
            deadlines.fire_due_of_emergencies: settings.look_every,
            alerting.alert_overdue: settings.look_every,
            alerting.joins.look: settings.look_every,
            reminders.look: settings.look_at_follow_ups_every,
            IncidentDetection(platform).look: settings.look_for_incidents_every,
            running_incidents.look: settings.look_for_incidents_every,
            gap_watch.look: settings.look_at_rosters_every,
            workload.refresh: REFRESH_EVERY,
        },
    )
    incident_decisions = IncidentDecisions(platform, running_incidents)
    routers = [
        build_work_orders_api(routing, work_photos),
        build_proofs_api(work_photos),
        build_times_api(routing),
        build_costs_api(routing),
        build_boards_api(WorkLists(platform), routing),
        build_emergencies_api(EmergencyRoom(platform, alerting), alerting, attending),
        build_incidents_api(incident_decisions),
        build_running_incidents_api(incident_decisions),
        build_estates_metrics(),
        build_style(ROOT),
        build_field_script(),
        build_field_pages(
            platform,
            FieldVisits(platform, routing, alerting, attending, work_photos),
            Thumbnails(platform, Opener(platform.vault)),
            call_visits,
            person_url=settings.person_url.rstrip("/"),
        ),
        build_lists_api(platform, duty_lists),
        build_lost_telephones_api(lost_telephones),
        build_plans_api(platform, duty_lists, shift_plans),
        build_shifts_api(platform, shift_plans),
        build_follow_ups_api(desk_tasks),
        build_calls_api(platform, CallsAtDesk(platform, call_visits, call_results)),
        build_leaves_api(LeaveRequests(platform)),
    ]
    parts = Parts(
        routers,
        loops=(loops.run,),
        parked=platform.parked_relay(),
        untaken=(
            untaken_emergencies(platform, alerting, routing),
            untaken_tickets(platform, routing, reminders),
        ),
        larger_bodies=LARGER_BODIES,
    )
    return build_service(platform, parts, title="Estateline router")
