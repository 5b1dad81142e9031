"""One service as a process: what it is, and the loop that keeps it well."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import structlog

from hotline.embedded.node import log_tail
from hotline.embedded.ports import Wanted, free_ports, listeners, require_all_free
from hotline.embedded.process import Child, describe_exit
from hotline.errors import StartFailedError
from hotline.patience import BackOff, Patience, Signs, Start, Telling
from hotline.probe import HttpProbe, listens

HOST = "127.0.0.1"
# Those that keep something. In the order in which they are listed; they start together.
SERVICES = ("intake", "router", "notifier", "survey", "admin", "telephony")
# All that `hotline up` runs: the console keeps nothing, and has neither the store nor the keys.
ALL = (*SERVICES, "console")
# The adapter of a telephone exchange: of another host than we, and as many as there are exchanges.
EXCHANGE = "exchange"
MODULES = {EXCHANGE: "services.telephony.exchange.listen"}
# An adapter with an exchange of its own, which plays a drawn day: as its document names it.
DRAWN_EXCHANGE = "demo"
DRAWN_MODULE = "services.telephony.exchange.fake_trial"
READY_PATHS = ("/readyz", "/healthz/consumers")
CONSUMERS_PATHS = ("/healthz/consumers",)
STOP_GRACE = 10.0
POLL = 0.2
# A log that grew beyond this is put aside when its service starts; one older one is kept.
LONGEST_LOG = 20 * 1024 * 1024
logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service to run: its name, its command line and the port it answers on."""

    name: str
    argv: tuple[str, ...]
    port: int

    @classmethod
    def of(cls, name: str, port: int) -> Self:
        """Describe one of the project's own services."""
        module = MODULES.get(name, f"services.{name}")
        return cls(name=name, argv=(sys.executable, "-m", module), port=port)

    @classmethod
    def of_drawn_day(cls, port: int) -> Self:
        """Describe the adapter of a demo's exchange."""
        return cls(name=EXCHANGE, argv=(sys.executable, "-m", DRAWN_MODULE), port=port)

    @property
    def address(self) -> str:
        """Where it answers on this machine."""
        return f"http://{HOST}:{self.port}"

    @property
    def port_setting(self) -> str:
        """The variable that sets its port."""
        return f"HOTLINE_{self.name.upper()}_PORT"

    @property
    def wanted(self) -> Wanted:
        """Its port, where a setting names one."""
        return Wanted(
            self.port,
            f"the service {self.name}",
            f"set {self.port_setting} to another port (0 picks a free one)",
        )


def with_ports(specs: Sequence[ServiceSpec]) -> list[ServiceSpec]:
    """Return them with free ports in place of 0; raises PortTakenError naming all taken ones."""
    require_all_free([spec.wanted for spec in specs if spec.port != 0])
    return [spec if spec.port else replace(spec, port=free_ports(1)[0]) for spec in specs]


class Service:
    """Runs one service, starts it again when it ends or stays unwell, and can tell that it serves.

    ``changed`` is called whenever its process is another one.
    """

    def __init__(
        self,
        spec: ServiceSpec,
        *,
        data: Path,
        broker_url: str,
        environment: Mapping[str, str],
        changed: Callable[[], None],
        patience: Patience,
        probe: HttpProbe,
    ) -> None:
        self.spec = spec
        self.child: Child | None = None
        self.log = data / "logs" / f"{spec.name}.log"
        self._broker_url = broker_url
        self._environment = environment
        self._changed = changed
        self._patience = patience
        self._probe = probe
        self._failures = 0
        self._served = asyncio.Event()

    async def keep_running(self) -> None:
        """Run it until cancelled; the process itself is ended by ``stop`` or ``kill``."""
        back_off = BackOff()
        while True:
            started = time.monotonic()
            reason = await self._run_once()
            delay = back_off.next_delay(ran_for=time.monotonic() - started)
            self._failures += 1
            logger.warning(
                "service starts again",
                service=self.spec.name,
                reason=reason,
                delay=delay,
                log=str(self.log),
            )
            await asyncio.sleep(delay)

    async def until_served(self) -> None:
        """Return once it has answered; raises StartFailedError when it keeps failing instead."""
        began = time.monotonic()
        telling = Telling(began, self._patience.told_every)
        while not self._served.is_set():
            now = time.monotonic()
            if self._failures >= self._patience.failed_starts or (
                now - began > self._patience.start
            ):
                raise StartFailedError(
                    f"The service {self.spec.name} does not become ready ({self._failures} failed "
                    f"starts). Its log {self.log} ends so:\n{log_tail(self.log)}"
                )
            if telling.is_due(now):
                await self._tell_what_is_waited_for(now - began)
            await asyncio.sleep(POLL)

    def is_running(self) -> bool:
        """Tell whether its process is there."""
        return self.child is not None and self.child.is_running()

    async def stop(self, grace: float = STOP_GRACE) -> None:
        """Ask it to end, after the grace make it."""
        if self.child is not None:
            await asyncio.to_thread(self.child.end, grace)

    def kill(self) -> None:
        """End it at once."""
        if self.child is not None:
            self.child.kill()

    async def _run_once(self) -> str:
        """Run it until it fails and return why, with nothing of it left."""
        try:
            child = self._start()
        except OSError as error:
            return f"it cannot be started: {error}"
        reason = await self._until_it_fails(child)
        await asyncio.to_thread(child.end, STOP_GRACE)
        return reason

    def _start(self) -> Child:
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        child = Child.start(
            self.spec.name,
            self.spec.argv,
            env=self._environment,
            folder=Path.cwd(),
            log=self.log,
            marker=" ".join(self.spec.argv[1:]),
        )
        self.child = child
        self._changed()
        return child

    async def _until_it_fails(self, child: Child) -> str:
        watch = asyncio.create_task(self._until_unwell(child))
        try:
            while not watch.done():
                code = child.returncode()
                if code is not None:
                    return describe_exit(code)
                await asyncio.sleep(POLL)
            return watch.result()
        finally:
            watch.cancel()

    async def _until_unwell(self, child: Child) -> str:
        """Return how it stayed unwell, counting only time in which the broker could be reached."""
        if (why := await self._why_not_ready(child)) is not None:
            return why
        self._served.set()
        well = time.monotonic()
        while time.monotonic() - well < self._patience.unwell:
            await asyncio.sleep(self._patience.between_probes)
            # Without a broker no restart helps, and the desk still takes requests over HTTP.
            if await self._is_ok(CONSUMERS_PATHS) or not await listens(self._broker_url):
                well = time.monotonic()
        return f"/healthz/consumers not 200 for {self._patience.unwell:.0f} s"

    async def _why_not_ready(self, child: Child) -> str | None:
        """Return None once it is ready, or why it is waited for no more."""
        start = Start(self._patience, time.monotonic())
        while True:
            # Whoever took its port before it could may well answer like one of ours.
            if await self._is_ok(READY_PATHS) and self._has_its_port(child):
                return None
            if not await listens(self._broker_url):
                start.begin_anew(time.monotonic())
            if (why := start.why_broken(self._signs(child), time.monotonic())) is not None:
                return why
            await asyncio.sleep(POLL)

    def _signs(self, child: Child) -> Signs:
        """What changes while it gets on. Loading it writes no log for long, but it computes."""
        return (self.log.stat().st_size if self.log.exists() else 0, child.seconds_computed())

    async def _tell_what_is_waited_for(self, waited: float) -> None:
        is_away = not await listens(self._broker_url)
        missing = await self._probe.missing(self.spec.address, READY_PATHS)
        logger.info(
            "still starting",
            service=self.spec.name,
            waited=f"{waited:.0f} s",
            waits_for="the broker, which does not answer" if is_away else missing or "its port",
            log=str(self.log),
        )

    def _has_its_port(self, child: Child) -> bool:
        return child.pid in {process.pid for process in listeners(self.spec.port)}

    async def _is_ok(self, paths: tuple[str, ...]) -> bool:
        return await self._probe.is_ok(self.spec.address, paths)
