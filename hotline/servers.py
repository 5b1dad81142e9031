"""The two servers under the services: our own embedded pair, or those the settings name."""

import asyncio
import time
from pathlib import Path

import structlog

from hotline.embedded import MongoNode, RabbitNode
from hotline.embedded.node import READY_TIMEOUT, EmbeddedServer
from hotline.errors import HotlineError
from hotline.patience import BackOff, Telling
from hotline.probe import require_reachable
from hotline.settings import HotlineSettings

POLL = 0.2

logger = structlog.get_logger()


class Servers:
    """RabbitMQ and MongoDB as the services see them, whoever runs them."""

    def __init__(self, data: Path, settings: HotlineSettings) -> None:
        self._settings = settings
        self._rabbit: RabbitNode | None = None
        self._mongo: MongoNode | None = None
        if settings.amqp_url is None:
            self._rabbit = RabbitNode.prepare(data / "rabbitmq")
        if settings.mongo_url is None:
            self._mongo = MongoNode.prepare(data / "mongodb")

    @property
    def embedded(self) -> list[EmbeddedServer]:
        """Those that are ours to start, watch and stop."""
        return [server for server in (self._mongo, self._rabbit) if server is not None]

    @property
    def amqp_url(self) -> str:
        """Where the services connect to the broker."""
        if self._settings.amqp_url is not None:
            return self._settings.amqp_url.get_secret_value()
        assert self._rabbit is not None
        return self._rabbit.amqp_url

    @property
    def mongo_url(self) -> str:
        """Where the services connect to the database."""
        if self._settings.mongo_url is not None:
            return self._settings.mongo_url.get_secret_value()
        assert self._mongo is not None
        return self._mongo.url

    @property
    def management_url(self) -> str | None:
        """The broker's management API with its password, where it is known."""
        if self._rabbit is not None:
            return self._rabbit.management_login_url
        given = self._settings.management_url
        return given.get_secret_value() if given else None

    @property
    def exporter_url(self) -> str | None:
        """Where the broker's own figures are, where it is ours."""
        return self._rabbit.prometheus_url if self._rabbit is not None else None

    async def start(self) -> None:
        """Return when both serve; raises a HotlineError otherwise."""
        for server in self.embedded:
            server.launch()
        if self._rabbit is None:
            await require_reachable(self.amqp_url, "HOTLINE_AMQP_URL")
        if self._mongo is None:
            await require_reachable(self.mongo_url, "HOTLINE_MONGO_URL")
        for server in self.embedded:
            await until_ready(server)

    async def stop(self) -> None:
        """End ours in order; the data stays."""
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in self.embedded))

    def kill(self) -> None:
        """End ours at once; journals and the broker's log make that safe for the data."""
        for server in self.embedded:
            if server.is_running():
                server.kill()


async def until_ready(server: EmbeddedServer, timeout: float = READY_TIMEOUT) -> None:
    """Return when the server serves; raises StartFailedError when it ended or takes too long."""
    began = time.monotonic()
    telling = Telling(began)
    while not await asyncio.to_thread(server.is_ready):
        waited = time.monotonic() - began
        if waited > timeout:
            raise server.not_ready_after(timeout)
        if telling.is_due(began + waited):
            logger.info(
                "still starting",
                server=server.server,
                waited=f"{waited:.0f} s",
                log=str(server.log),
            )
        await asyncio.sleep(POLL)


async def keep_running(server: EmbeddedServer) -> None:
    """Start the server again whenever its process is gone, until cancelled."""
    back_off = BackOff()
    while True:
        started = time.monotonic()
        reason = await _until_it_fails(server)
        delay = back_off.next_delay(ran_for=time.monotonic() - started)
        logger.warning(
            "server starts again",
            server=server.server,
            reason=reason,
            delay=delay,
            log=str(server.log),
        )
        await asyncio.sleep(delay)
        try:
            server.launch()
            await until_ready(server)
        except (HotlineError, OSError) as error:  # a full disk or a lost folder may come back
            logger.warning("server did not start", server=server.server, reason=str(error))


async def _until_it_fails(server: EmbeddedServer) -> str:
    while server.is_running():  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(POLL)
    return server.how_it_ended()
