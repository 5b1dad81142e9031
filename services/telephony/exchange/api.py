"""The adapter's own HTTP: whether it hears, and what it counts. Here its objects are joined."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Final

from fastapi import FastAPI
from prometheus_client import REGISTRY

from services.telephony.exchange.listen_adapter import Adapter, utc_now
from services.telephony.exchange.listen_outgoing import Outgoing
from services.telephony.exchange.listen_series import Series
from services.telephony.exchange.listen_settings import ListenSettings
from shared.bus import INBOUND, Publisher
from shared.contracts.refusals import Away
from shared.runtime import Routes, build_bare_app, build_metrics, open_to_all
from shared.runtime.serve import die_of_failure

STOP_SECONDS: Final = 5.0
"""So long a stop waits for what the broker has not confirmed."""


async def build(settings: ListenSettings, now: Callable[[], datetime] | None = utc_now) -> FastAPI:
    """The adapter, ready to be served; it listens while it is. `now` as `Adapter` has it."""
    publisher = Publisher(settings.amqp_url.get_secret_value(), f"exchange {settings.name}")
    outgoing = Outgoing(publish=partial(_publish, publisher, settings.broker_user))
    adapter = Adapter(
        settings.described, settings.manager, outgoing, listener=settings.listener, now=now
    )
    series = Series(adapter)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        REGISTRY.register(series)
        listening = asyncio.create_task(adapter.run())
        publishing = asyncio.create_task(outgoing.run())
        connecting = asyncio.create_task(publisher.connect())
        for task in (listening, publishing):
            task.add_done_callback(die_of_failure)
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await outgoing.until_empty()
            for task in (publishing, connecting):
                task.cancel()
            await asyncio.gather(publishing, connecting, return_exceptions=True)
            await publisher.aclose()
            REGISTRY.unregister(series)

    return build_bare_app(
        [build_health(adapter), build_metrics()], lifespan, title=f"Exchange {settings.name}"
    )


async def _publish(publisher: Publisher, user: str, key: str, body: bytes) -> None:
    await publisher.publish(
        INBOUND, key, body, user_id=user, content_type="application/cloudevents+json", tries=1
    )


def build_health(adapter: Adapter) -> Routes:
    """The same paths as every service has."""
    router = Routes(tags=["health"], dependencies=[open_to_all()])

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive", "service": "exchange"}

    @router.get("/readyz")
    async def ready() -> dict[str, object]:
        """The exchange is heard, tells times, and what it says arrives."""
        if adapter.is_refused:
            raise Away(
                "exchange-refuses",
                "The telephone exchange refuses us",
                "see to the name and the secret of its manager user",
                pbx=adapter.exchange,
            )
        if not adapter.is_connected:
            raise Away(
                "exchange-away",
                "The telephone exchange is not heard",
                "see that it runs, and that its manager interface can be reached",
                pbx=adapter.exchange,
            )
        if adapter.has_no_times:
            raise Away(
                "exchange-without-times",
                "The telephone exchange tells no times, so that no call is counted",
                "set timestampevents = yes in its manager.conf",
                pbx=adapter.exchange,
            )
        if adapter.outgoing.is_refused:
            raise Away(
                "broker-away",
                "What the telephone exchange says is not taken by the broker, and waits here",
                "see that RabbitMQ runs, and to the password of this adapter's user",
                pbx=adapter.exchange,
                unpublished=len(adapter.outgoing),
            )
        return {
            "status": "ready",
            "pbx": adapter.exchange,
            "events_without_time": adapter.left_out["no_timestamp"],
            "unpublished": len(adapter.outgoing),
        }

    @router.get("/healthz/consumers")
    async def consumers() -> dict[str, str]:
        """It consumes nothing. To start it anew would lose what waits for the broker."""
        return {"status": "consuming"}

    return router
