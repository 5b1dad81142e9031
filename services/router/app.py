"""The one place where the router's objects are built and joined."""

from __future__ import annotations

from fastapi import FastAPI

from services.router.alerting import Alerting
from services.router.api import (
    build_boards_api,
    build_emergencies_api,
    build_leaves_api,
    build_proofs_api,
    build_rosters_api,
    build_shifts_api,
    build_times_api,
    build_work_orders_api,
)
from services.router.attending import Attending
from services.router.contractors.pages import ROOT, build_work_pages
from services.router.contractors.visiting import Visiting
from services.router.deadlines import Deadlines
from services.router.handlers import add_erasure_handlers, add_handlers
from services.router.loops import Loops
from services.router.proofs.proving import Proving
from services.router.proofs.reading import LARGER_BODIES
from services.router.proofs.storage import PROOF_INDEXES
from services.router.raising import Raising
from services.router.rosters.fitness import Fitness
from services.router.rosters.leaving import Leaving
from services.router.rosters.listing import Listing
from services.router.rosters.rostering import Rostering
from services.router.rosters.storage import ROSTER_INDEXES, RosterBook
from services.router.rosters.watching import Watching
from services.router.routing import Routing
from services.router.settings import RouterSettings
from services.router.storage import INDEXES
from services.router.workload import Workload
from shared.runtime import Parts, build_service, open_platform
from shared.runtime.web import build_style
from shared.store.certificates import CertificateReader


async def build(settings: RouterSettings) -> FastAPI:
    """The router, ready to be served."""
    platform = await open_platform(
        "router", settings, indexes={**INDEXES, **ROSTER_INDEXES, **PROOF_INDEXES}
    )
    workload = Workload(platform.store)
    routing, alerting = Routing(platform, workload), Alerting(platform)
    proving = Proving(platform)
    add_handlers(platform.consumers, routing, alerting, Raising(platform))
    add_erasure_handlers(platform.consumers, proving)
    attending = Attending(platform, alerting)
    book = RosterBook(platform.store)
    fitness = Fitness(platform, book, CertificateReader(platform.store))
    listing = Listing(platform, book)
    rostering = Rostering(platform, book, listing, fitness)
    watching = Watching(platform, book, fitness)
    loops = Loops(platform, Deadlines(platform), alerting, watching, workload, settings)
    routers = [
        build_work_orders_api(routing, proving),
        build_proofs_api(proving),
        build_times_api(routing),
        build_boards_api(platform, routing),
        build_emergencies_api(platform, alerting, attending),
        build_style(ROOT),
        build_work_pages(platform, Visiting(platform, routing, attending, proving)),
        build_rosters_api(platform, listing, rostering),
        build_shifts_api(platform, rostering),
        build_leaves_api(Leaving(platform, book)),
    ]
    parts = Parts(
        routers,
        loops=(loops.run,),
        parked=platform.parked_relay(),
        larger_bodies=LARGER_BODIES,
    )
    return build_service(platform, parts, title="Estateline router")
