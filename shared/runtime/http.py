"""The HTTP side every service has: how much may arrive, who asks, health, metrics, problems."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.contracts.json_body import MAX_BODY_BYTES
from shared.contracts.refusals import Away
from shared.contracts.times import written
from shared.runtime.api_documents import DocumentedApp, build_docs_page
from shared.runtime.bodies import Bodies, Larger
from shared.runtime.endpoint_rights import name_rights, open_to_all
from shared.runtime.heads import Heads
from shared.runtime.platform import Platform
from shared.runtime.problems import add_problem_handlers
from shared.runtime.request_counts import RequestCounts
from shared.runtime.routes import Routes
from shared.store import STORE_DOWN
from shared.telemetry.metrics import ESTATES

LARGEST_BODY: Final = MAX_BODY_BYTES
"""What a service accepts unless it says less: the largest report."""
Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def build_app(
    platform: Platform,
    routers: Sequence[APIRouter],
    lifespan: Lifespan,
    *,
    title: str,
    largest_body: int = LARGEST_BODY,
    larger_bodies: Sequence[Larger] = (),
) -> FastAPI:
    """One service's HTTP application; `lifespan` runs its loops and consumers."""

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        async with lifespan():
            yield

    all_routers = (*routers, _health(platform), build_metrics(), build_docs_page(title))
    app = build_bare_app(
        all_routers, run, title=title, largest_body=largest_body, larger_bodies=larger_bodies
    )
    app.state.platform = platform
    return app


def build_bare_app(
    routers: Sequence[APIRouter],
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    *,
    title: str,
    largest_body: int = LARGEST_BODY,
    larger_bodies: Sequence[Larger] = (),
) -> FastAPI:
    """An HTTP application without a platform: it owns neither store nor keys, and brings its own
    health. Every endpoint names its right, bodies are limited, errors are problem documents.
    """
    name_rights(routers)
    app = DocumentedApp(
        title=title,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # A redirect has no words, and loses the body on the way with many clients.
        redirect_slashes=False,
        # Not included but taken over: a router that is included has its routes built once more, at
        # the first request, which holds up everything else in the process.
        routes=[route for router in routers for route in router.routes],
    )
    app.add_middleware(Heads)
    app.add_middleware(Bodies, largest=largest_body, larger=larger_bodies)
    app.add_middleware(RequestCounts)
    add_problem_handlers(app)
    return app


def _health(platform: Platform) -> APIRouter:
    router = Routes(tags=["health"], dependencies=[open_to_all()])

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        """The process answers, and says what time it takes it to be."""
        now = written(platform.store.clock.now())
        return {"status": "alive", "service": platform.service, "now": now}

    @router.get("/readyz")
    async def ready() -> dict[str, str]:
        """Requests can be served, which needs the store but not the broker."""
        try:
            await platform.store.probe()
        except STORE_DOWN as error:
            raise Away(
                "store-away", "The store cannot be reached", "see that MongoDB runs"
            ) from error
        return {"status": "ready", "policy": platform.policy.version}

    @router.get("/healthz/consumers")
    async def consumers() -> dict[str, object]:
        """Every queue of ours has its consumer; a supervisor restarts us when not."""
        if missing := platform.consumers.missing():
            raise Away(
                "no-consumer",
                "Queues without a consumer",
                "see that RabbitMQ runs; if this stays, start the service again",
                queues=missing,
            )
        return {"status": "consuming"}

    return router


def build_metrics() -> Routes:
    """`/metrics`: what this process counts."""
    router = Routes(tags=["health"], dependencies=[open_to_all()])

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def build_estates_metrics() -> Routes:
    """`/metrics/estates`: what there is of each estate, to be asked for each minute."""
    router = Routes(tags=["health"], dependencies=[open_to_all()])

    @router.get("/metrics/estates", include_in_schema=False)
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(generate_latest(ESTATES), media_type=CONTENT_TYPE_LATEST)

    return router
