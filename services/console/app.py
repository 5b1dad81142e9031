"""The one place where the console's objects are built and joined."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, get_args

import httpx
from fastapi import APIRouter, FastAPI

from services.console.call_backs.live import call_backs_source
from services.console.call_backs.pages import ENTRY as CALL_BACKS
from services.console.call_backs.pages import build_call_back_pages
from services.console.clients.admin import AdminClient, OwnKey
from services.console.clients.answers import ServiceName
from services.console.clients.cases import CasesClient
from services.console.clients.colleagues import People
from services.console.clients.desk import DeskClient
from services.console.clients.names import HotlineClock, NameBook
from services.console.clients.own import OwnClient
from services.console.clients.router import RouterClient
from services.console.clients.service import CONNECTIONS, LIMIT, ServiceClient
from services.console.clients.telephony import TelephonyClient
from services.console.clients.tickets import TicketsClient
from services.console.clients.told import NotifierClient, SurveyClient
from services.console.desk.calls import calls_source
from services.console.desk.pages import ENTRY as DESK
from services.console.desk.pages import build_desk_pages
from services.console.emergencies.live import emergencies_source
from services.console.emergencies.pages import ENTRY as EMERGENCIES
from services.console.emergencies.pages import build_emergencies_pages
from services.console.enrolment.pages import build_enrolment_pages
from services.console.frame.assets import assets
from services.console.frame.health import build_health
from services.console.frame.house import House
from services.console.frame.pages import build_frame_pages
from services.console.frame.rail import RailEntry
from services.console.frame.troubles import add_troubles
from services.console.hand_over.pages import build_hand_over_pages
from services.console.help.pages import build_help_pages
from services.console.lines.live import lines_source
from services.console.lines.pages import ENTRY as LINES
from services.console.lines.pages import build_line_pages
from services.console.live.hub import Hub, Source
from services.console.live.lifetime import live
from services.console.live.pages import build_live_pages
from services.console.me.pages import build_me_pages
from services.console.mine.live import mine_source
from services.console.mine.pages import ENTRY as MINE
from services.console.mine.pages import build_mine_pages
from services.console.queue.live import queue_source
from services.console.queue.pages import ENTRY as QUEUE
from services.console.queue.pages import build_queue_pages
from services.console.session.pages import build_session_pages
from services.console.session.sessions import BrowserSessions
from services.console.settings import ConsoleSettings
from services.console.tickets.live import tickets_source
from services.console.tickets.pages import ENTRY as TICKETS
from services.console.tickets.pages import WORK, build_tickets_pages
from shared.runtime import build_bare_app, build_metrics

SERVICES: Final[tuple[ServiceName, ...]] = get_args(ServiceName)


@dataclass(frozen=True, slots=True)
class Room:
    """A page, or several of one subject: what builds them, and their place in the rail."""

    build: Callable[[House], APIRouter]
    entry: RailEntry | None = None
    sources: Mapping[str, Callable[[House], Source]] = field(default_factory=dict)
    """Its lists that are kept up to date in browsers, by topic."""
    more: tuple[RailEntry, ...] = ()
    """What it is called besides, for others."""

    @property
    def entries(self) -> tuple[RailEntry, ...]:
        """All its places in the rail."""
        return (*((self.entry,) if self.entry else ()), *self.more)


ROOMS: Final = (
    Room(build_frame_pages),
    Room(build_session_pages),
    Room(build_enrolment_pages),
    Room(build_help_pages),
    Room(build_me_pages),
    Room(build_desk_pages, DESK, {"calls": calls_source}),
    Room(build_emergencies_pages, EMERGENCIES, {"emergencies": emergencies_source}),
    Room(build_queue_pages, QUEUE, {"queue": queue_source}),
    Room(build_call_back_pages, CALL_BACKS, {"call_backs": call_backs_source}),
    Room(build_line_pages, LINES, {"lines": lines_source}),
    Room(build_mine_pages, MINE, {"mine": mine_source}),
    Room(build_hand_over_pages),
    Room(build_tickets_pages, TICKETS, {"ticket": tickets_source}, (WORK,)),
)
"""A new page is a line here: the rail, the beginning and the search follow from it."""


async def build(
    settings: ConsoleSettings,
    rooms: Sequence[Room] = ROOMS,
    transports: dict[ServiceName, httpx.AsyncBaseTransport] | None = None,
) -> FastAPI:
    """The console, ready to be served. `transports` lead to services in the same process."""
    assets()  # raises now, not at the first page, where they were not made
    stack = AsyncExitStack()
    # One list of who is trusted for all: a megabyte each, and nothing else is in it.
    trusted = ssl.create_default_context()
    services = {
        name: ServiceClient(
            name,
            await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=settings.address_of(name),
                    timeout=LIMIT,
                    limits=CONNECTIONS,
                    transport=(transports or {}).get(name),
                    trust_env=False,
                    verify=trusted,
                )
            ),
        )
        for name in SERVICES
    }
    house = _house(services, settings, rooms)
    sources = {topic: make(house) for room in rooms for topic, make in room.sources.items()}
    hub = Hub(sources, house.clock.now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with stack, live(house, hub, settings):
            yield

    routers = [
        *(room.build(house) for room in rooms),
        build_live_pages(house, hub),
        build_health(house, services["intake"]),
        build_metrics(),
    ]
    app = build_bare_app(routers, lifespan, title="Estateline console")
    app.state.hub = hub
    app.state.stopping = hub.stop
    app.state.house = house
    add_troubles(app, house)
    return app


def _house(
    services: dict[ServiceName, ServiceClient], settings: ConsoleSettings, rooms: Sequence[Room]
) -> House:
    admin = AdminClient(services["admin"], OwnKey(settings.key_path))
    return House(
        admin=admin,
        router=RouterClient(services["router"]),
        cases=CasesClient(services["intake"]),
        tickets=TicketsClient(services["intake"]),
        notifier=NotifierClient(services["notifier"]),
        survey=SurveyClient(services["survey"]),
        desk=DeskClient(services["intake"]),
        telephony=TelephonyClient(services["telephony"]),
        own=OwnClient(services["admin"]),
        sessions=BrowserSessions(admin),
        names=NameBook(admin),
        people=People(admin),
        clock=HotlineClock(admin),
        entries=[entry for room in rooms for entry in room.entries],
    )
