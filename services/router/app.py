"""The one place where the router's objects are built and joined."""

from __future__ import annotations

from fastapi import FastAPI

from services.router.alerting import Alerting
from services.router.api import (
    build_boards_api,
    build_emergencies_api,
    build_times_api,
    build_work_orders_api,
)
from services.router.attending import Attending
from services.router.deadlines import Deadlines
from services.router.handlers import add_handlers
from services.router.loops import Loops
from services.router.routing import Routing
from services.router.settings import RouterSettings
from services.router.storage import INDEXES
from shared.runtime import Parts, build_service, open_platform


async def build(settings: RouterSettings) -> FastAPI:
    """The router, ready to be served."""
    platform = await open_platform("router", settings, indexes=INDEXES)
    routing, alerting = Routing(platform), Alerting(platform)
    add_handlers(platform.consumers, routing, alerting)
    loops = Loops(platform, Deadlines(platform), alerting, settings.look_every)
    routers = [
        build_work_orders_api(routing),
        build_times_api(routing),
        build_boards_api(platform, routing),
        build_emergencies_api(platform, alerting, Attending(platform, alerting)),
    ]
    parts = Parts(routers, loops=(loops.run,), parked=platform.parked_relay())
    return build_service(platform, parts, title="Estateline router")
