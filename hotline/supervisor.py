"""Everything of one hotline on one machine: started in order, kept running, stopped in order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from hotline import publishers, topology
from hotline.embedded.folder import FolderLock, private_folder
from hotline.embedded.process import ChildrenFile, clean_environment
from hotline.endpoints import Endpoints
from hotline.patience import Patience
from hotline.probe import HttpProbe
from hotline.servers import Servers, keep_running
from hotline.service import (
    DRAWN_EXCHANGE,
    EXCHANGE,
    STOP_GRACE,
    Service,
    ServiceSpec,
    with_ports,
)
from hotline.settings import HotlineSettings
from hotline.watchers import Watchers

# What is done between the servers' start and the services': keys, policy, duty list; and whether
# the data are a trial's.
Seed = Callable[[str, Path, bool], Awaitable[None]]
# RabbitMQ flushes a new quorum queue's registration half a second after its declaration; killed
# before that it forgets the queue with all it confirmed. Nobody is told to publish any sooner.
QUEUES_SETTLE = 1.0

logger = structlog.get_logger()


class Supervisor:
    """Owns one data folder and every process that works on it.

    ``start`` returns when all serve; until ``stop`` or ``hurry`` whatever dies is started again.
    One of the two must follow, also after a ``start`` that failed or was cancelled.
    """

    def __init__(
        self,
        *,
        data: Path,
        settings: HotlineSettings,
        services: Sequence[ServiceSpec],
        seed: Seed,
        trial: bool = False,
        watch: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self.data = private_folder(data)
        self._lock = FolderLock(self.data, "A hotline")
        self._children = ChildrenFile(self.data / "children.json")
        self._settings = settings
        self._specs = services
        self._seed = seed
        self._trial = trial
        self._patience = patience or Patience()
        self._probe = HttpProbe()
        self._servers: Servers | None = None
        self._watchers = Watchers.prepare(self.data) if watch else None
        self._services: list[Service] = []
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def owns_data(self) -> bool:
        """Tell whether the data folder is this one's, from ``start`` to the end of stopping."""
        return self._lock.held

    @property
    def services(self) -> Sequence[Service]:
        """The services that are kept running."""
        return self._services

    async def start(self) -> Endpoints:
        """Start everything and return where it answers; raises a HotlineError otherwise.

        The file with the addresses appears last, so whoever waits for it finds all serving.
        """
        self._claim()
        specs = with_ports(self._specs)
        self._servers = Servers(self.data, self._settings)
        await self._servers.start()
        await topology.make(self._servers.amqp_url, self._servers.management_url)
        await self._seed(self._servers.mongo_url, self.data, self._trial)
        endpoints = Endpoints(
            amqp=await self._publishers_address(self._servers),
            amqp_operator=self._servers.amqp_url,
            mongo=self._servers.mongo_url,
            management=self._servers.management_url,
            services={spec.name: spec.address for spec in specs},
            prometheus=self._watchers.prometheus.url if self._watchers else None,
            alertmanager=self._watchers.alertmanager.url if self._watchers else None,
        )
        self._keep(specs, endpoints, await self._exchange_environment(specs, self._servers))
        await asyncio.gather(*(service.until_served() for service in self._services))
        await asyncio.sleep(QUEUES_SETTLE)
        if self._watchers is not None:
            await self._watchers.start(endpoints, self._servers.exporter_url)
            self._keep_on(keep_running(server) for server in self._watchers.servers)
        endpoints.write(self.data)
        return endpoints

    async def _publishers_address(self, servers: Servers) -> str:
        """Nobody makes a user for trials at a broker that others use for their work."""
        is_for_trials = self._trial or self._settings.amqp_url is None
        management = servers.management_url if is_for_trials else None
        return await publishers.trial_address(servers.amqp_url, management)

    async def stop(self) -> None:
        """End the services, then the servers, in order; the data stays."""
        await self._stop_keeping()
        if self._watchers is not None:
            await self._watchers.stop()
        await asyncio.gather(*(service.stop(STOP_GRACE) for service in self._services))
        if self._servers is not None:
            await self._servers.stop()
        self._release()

    async def hurry(self) -> None:
        """End everything at once; what was acknowledged is kept."""
        await self._stop_keeping()
        if self._watchers is not None:
            await self._watchers.stop()
        for service in self._services:
            service.kill()
        if self._servers is not None:
            self._servers.kill()
            await self._servers.stop()
        self._release()

    def _claim(self) -> None:
        self._lock.acquire()
        try:
            left_over = self._children.end_left_over(STOP_GRACE)
        except BaseException:
            self._lock.release()
            raise
        Endpoints.remove(self.data)
        # Keys and passwords lie in here, and the folder may be inside somebody's checkout.
        (self.data / ".gitignore").write_text("*\n", encoding="utf-8")
        for identity in left_over:
            logger.warning("left-over process ended", service=identity.name, pid=identity.pid)

    def _release(self) -> None:
        """Give the folder back; harmless when it was never claimed."""
        if self._lock.held:
            self._children.forget()
            self._lock.release()

    async def _exchange_environment(
        self, specs: Sequence[ServiceSpec], servers: Servers
    ) -> Mapping[str, str]:
        """What the adapter of a demo's exchange is told: its own broker user."""
        if EXCHANGE not in {spec.name for spec in specs} or servers.management_url is None:
            return {}
        address = await publishers.exchange_address(
            servers.amqp_url, servers.management_url, DRAWN_EXCHANGE
        )
        return {"HOTLINE_EXCHANGE_AMQP_URL": address}

    def _keep(
        self, specs: Sequence[ServiceSpec], endpoints: Endpoints, exchange: Mapping[str, str]
    ) -> None:
        assert self._servers is not None
        private_folder(self.data / "logs")
        environment = {
            **clean_environment(),
            **endpoints.environment(self.data),
            "HOTLINE_TRIAL": "1" if self._trial else "0",
        }
        self._services = [
            Service(
                spec,
                data=self.data,
                broker_url=endpoints.amqp_operator,
                environment=_environment_of(spec, environment, exchange),
                changed=self._record,
                patience=self._patience,
                probe=self._probe,
            )
            for spec in specs
        ]
        work = [keep_running(server) for server in self._servers.embedded]
        work += [service.keep_running() for service in self._services]
        self._keep_on(work)

    def _keep_on(self, work: Iterable[Coroutine[Any, Any, None]]) -> None:
        for each in work:
            keeper = asyncio.create_task(each)
            keeper.add_done_callback(_report_end)
            self._keepers.append(keeper)

    def _record(self) -> None:
        children = [service.child for service in self._services if service.child is not None]
        self._children.record(child for child in children if child.is_running())

    async def _stop_keeping(self) -> None:
        if self._lock.held:
            Endpoints.remove(self.data)
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        await self._probe.aclose()


def _environment_of(
    spec: ServiceSpec, environment: Mapping[str, str], exchange: Mapping[str, str]
) -> dict[str, str]:
    """What a service is told: all, but that the console and an exchange's adapter do not learn
    where the store is, and that the latter has the broker by its own user alone.
    """
    if spec.name == EXCHANGE:
        left_out = {"HOTLINE_MONGO_URL", "HOTLINE_AMQP_URL", "HOTLINE_MANAGEMENT_URL"}
        return {n: value for n, value in {**environment, **exchange}.items() if n not in left_out}
    withheld = {"HOTLINE_MONGO_URL"} if spec.name == "console" else set()
    return {name: value for name, value in environment.items() if name not in withheld}


def _report_end(keeper: "asyncio.Task[None]") -> None:
    """Log the error that ended a task which should never end by itself."""
    if not keeper.cancelled() and keeper.exception() is not None:
        logger.error("a watch ended", exc_info=keeper.exception())
