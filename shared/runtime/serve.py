"""Running one service: read settings, build, serve, stop cleanly."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from typing_extensions import override

from shared.bus import ParkedRelay
from shared.bus.reconciliation import Untaken, reconcile
from shared.runtime.bodies import Larger
from shared.runtime.http import LARGEST_BODY, build_app
from shared.runtime.parked import build_parked_api
from shared.runtime.platform import Platform
from shared.runtime.settings import ProcessSettings
from shared.telemetry import configure_logs, logger, trace_of

S = TypeVar("S", bound=ProcessSettings)

GRACE_SECONDS: Final = 5
"""Open streams may hold a stop no longer than this."""
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than clients and proxies keep an idle connection (5 s, 60 s): whoever closes first must
not be us, or a request that is on its way meets a closed door.
"""
GARBAGE_AFTER: Final = 20_000
"""So many new objects before the young ones are looked through: some thirty messages' worth."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service adds to the platform: its pages and APIs, its loops, its parked relay, what it
    looks for in the store because no message may have brought it.
    """

    routers: Sequence[APIRouter]
    loops: Sequence[Callable[[], Coroutine[Any, Any, None]]]
    parked: ParkedRelay
    untaken: Sequence[Untaken] = ()
    largest_body: int = LARGEST_BODY
    larger_bodies: Sequence[Larger] = ()


def build_service(platform: Platform, parts: Parts, *, title: str) -> FastAPI:
    """The application of a service; its loops run while it serves."""

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        running = [
            asyncio.create_task(platform.run(parts.parked)),
            asyncio.create_task(reconcile(platform.store, platform.consumers, parts.untaken)),
            *(asyncio.create_task(loop()) for loop in parts.loops),
        ]
        for task in running:
            task.add_done_callback(die_of_failure)
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await platform.aclose()

    routers = [*parts.routers, build_parked_api(platform.parked, parts.parked, platform.trail)]
    app = build_app(
        platform,
        routers,
        lifespan,
        title=title,
        largest_body=parts.largest_body,
        larger_bodies=parts.larger_bodies,
    )
    app.state.untaken = parts.untaken
    return app


def die_of_failure(task: asyncio.Task[None]) -> None:
    """A loop that ended by itself leaves promises unkept: let the supervisor start us afresh."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("loop_died", error=type(error).__name__, trace=trace_of(error))
        sys.exit(1)


def run_service(
    service: str, settings: Callable[[], S], build: Callable[[S], Awaitable[FastAPI]]
) -> None:
    """Serve until SIGTERM or SIGINT; exit 2 with a sentence for settings that cannot work."""
    try:
        chosen = settings()
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            # A rule over several settings names none.
            where = variable_of(settings, str(item["loc"][0])) if item["loc"] else "settings"
            said = item["msg"].removeprefix("Value error, ")
            sys.stderr.write(f"{service}: {where}: {said}\n")
        sys.exit(2)
    configure_logs(service, chosen.log_level)
    # Whoever interrupts before it serves has said what they want, and needs no trace of it.
    with (
        suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(service, chosen, build))


def variable_of(settings: Callable[[], ProcessSettings], name: str) -> str:
    """The variable that says a setting, as an operator writes it."""
    prefix = getattr(settings, "model_config", {}).get("env_prefix", "")
    return name if name.isupper() else f"{prefix}{name}".upper()


def _leave_what_stays() -> None:
    """The policy, the lexicon and the modules live as long as we: to look through them again and
    again for garbage would cost more than what is found.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


def server_config(app: FastAPI, settings: ProcessSettings) -> uvicorn.Config:
    """How a service is served. Only its own proxies are believed about who asks: anybody can write
    a header, and the address is what tries are counted by and what stands in the audit.
    """
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )


async def _serve(service: str, settings: S, build: Callable[[S], Awaitable[FastAPI]]) -> None:
    app = await build(settings)
    platform: Platform | None = getattr(app.state, "platform", None)
    if platform is not None:  # the console has none
        await platform.trail.begin()
    _leave_what_stays()
    config = server_config(app, settings)
    logger.info("serving", service=service, host=settings.host, port=settings.port)
    await _Server(config, getattr(app.state, "stopping", None)).serve()


class _Server(uvicorn.Server):
    """Says that it stops before it waits for what is open: a stream would not end by itself."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._stopping = stopping

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._stopping is not None:
            self._stopping()
        await super().shutdown(sockets)
