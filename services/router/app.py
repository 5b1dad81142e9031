"""The one place where the router's objects are built and joined."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from services.router.contractors.pages import ROOT, build_work_pages
from services.router.contractors.visiting import Visiting
from services.router.deadlines.falling_due import DEADLINE_INDEXES
from services.router.deadlines.firing import Deadlines
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.api import build_emergencies_api
from services.router.emergencies.attending import Attending
from services.router.emergencies.storage import EMERGENCIES
from services.router.follow_ups.api import build_follow_ups_api
from services.router.follow_ups.desk_tasks import DeskTasks
from services.router.follow_ups.reminding import Reminding
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.handlers import add_erasure_handlers, add_handlers, add_task_handlers
from services.router.incidents.api import build_incidents_api, build_running_incidents_api
from services.router.incidents.deciding import Deciding
from services.router.incidents.finding import Finding
from services.router.incidents.running_incidents import RunningIncidents
from services.router.incidents.storage import INCIDENTS
from services.router.incidents.storage import TICKET_INDEXES as OF_INCIDENTS
from services.router.loops import Loops
from services.router.proofs.api import build_proofs_api
from services.router.proofs.proving import Proving
from services.router.proofs.reading import LARGER_BODIES
from services.router.proofs.storage import PROOFS
from services.router.rosters.api import build_leaves_api, build_rosters_api, build_shifts_api
from services.router.rosters.fitness import Fitness
from services.router.rosters.leaving import Leaving
from services.router.rosters.listing import Listing
from services.router.rosters.rostering import Rostering
from services.router.rosters.storage import LEAVES, LISTS, SHIFTS
from services.router.rosters.watching import Watching
from services.router.settings import RouterSettings
from services.router.work_orders.api import (
    build_boards_api,
    build_costs_api,
    build_times_api,
    build_work_orders_api,
)
from services.router.work_orders.raising import Raising
from services.router.work_orders.routing import REFRESH_EVERY, Routing, Workload
from services.router.work_orders.storage import TICKET_INDEXES
from shared.readers.certificates import CertificateReader
from shared.readers.tickets import TICKETS
from shared.runtime import Parts, build_service, open_platform
from shared.runtime.web import build_style

KEEPS: Final = (TICKETS, EMERGENCIES, FOLLOW_UPS, INCIDENTS, LEAVES, LISTS, PROOFS, SHIFTS)
INDEXES: Final = {"tickets": (*TICKET_INDEXES, *DEADLINE_INDEXES, *OF_INCIDENTS)}


async def build(settings: RouterSettings) -> FastAPI:
    """The router, ready to be served."""
    platform = await open_platform("router", settings, keeps=KEEPS, indexes=INDEXES)
    workload, running_incidents = Workload(platform.store), RunningIncidents(platform)
    routing, alerting = (
        Routing(platform, workload, lambda: running_incidents.running),
        Alerting(platform),
    )
    reminding = Reminding(platform)
    add_handlers(platform.consumers, routing, alerting, Raising(platform), reminding)
    add_task_handlers(platform.consumers, reminding)
    proving = Proving(platform)
    add_erasure_handlers(platform.consumers, proving)
    attending = Attending(platform, alerting)
    fitness = Fitness(platform, CertificateReader(platform.store))
    listing = Listing(platform)
    rostering = Rostering(platform, listing, fitness)
    watching = Watching(platform, fitness)
    deadlines = Deadlines(platform)
    loops = Loops(
        platform,
        {
            deadlines.fire_due: settings.look_every,
            deadlines.fire_due_of_emergencies: settings.look_every,
            alerting.alert_overdue: settings.look_every,
            reminding.look: settings.look_at_follow_ups_every,
            Finding(platform).look: settings.look_for_incidents_every,
            running_incidents.look: settings.look_for_incidents_every,
            watching.look: settings.look_at_rosters_every,
            workload.refresh: REFRESH_EVERY,
        },
    )
    deciding = Deciding(platform, running_incidents)
    routers = [
        build_work_orders_api(routing, proving),
        build_proofs_api(proving),
        build_times_api(routing),
        build_costs_api(routing),
        build_boards_api(platform, routing),
        build_emergencies_api(platform, alerting, attending),
        build_incidents_api(deciding),
        build_running_incidents_api(deciding),
        build_style(ROOT),
        build_work_pages(platform, Visiting(platform, routing, attending, proving)),
        build_rosters_api(platform, listing, rostering),
        build_shifts_api(platform, rostering),
        build_follow_ups_api(DeskTasks(platform, reminding)),
        build_leaves_api(Leaving(platform)),
    ]
    parts = Parts(
        routers,
        loops=(loops.run,),
        parked=platform.parked_relay(),
        larger_bodies=LARGER_BODIES,
    )
    return build_service(platform, parts, title="Estateline router")
