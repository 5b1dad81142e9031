"""The hotline under measurement: servers of its own and the very processes that operators run.

`hotline up` starts the same command lines with the same environment; here nobody starts what died,
so that a crash ends the bench instead of hiding in a figure.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.complaints import Complaint, heard
from bench.processes import Process, cpu_seconds
from hotline import topology
from hotline.embedded.ports import free_ports
from hotline.embedded.process import clean_environment
from hotline.endpoints import Endpoints
from hotline.seed import seed
from hotline.service import ALL, READY_PATHS, SERVICES
from shared.store import connect
from shared.store.store import Database
from tests.support.servers import Servers, running_servers

START_SECONDS = 180.0
POLL = 0.05
AT_ONCE = "rules: {messages_in_a_minute: null, quiet_hours: null}"
"""What is measured is how soon a message leaves, not the minute or the night that it may wait."""


class Broken(Exception):
    """What was to be measured does not work; the figures would say nothing."""


@dataclass(frozen=True, slots=True)
class Hotline:
    """One running hotline."""

    servers: Servers
    data: Path
    endpoints: Endpoints
    database: Database
    processes: Mapping[str, Process]

    async def start(self, *names: str) -> dict[str, float]:
        """Start services side by side; how many seconds each took until it was ready."""
        for name in names:
            self.processes[name].start()
        began = time.monotonic()
        return dict(
            await asyncio.gather(*(self._seconds_until_ready(name, began) for name in names))
        )

    async def _seconds_until_ready(self, name: str, began: float) -> tuple[str, float]:
        async with httpx.AsyncClient(base_url=self.endpoints.services[name]) as client:
            for path in READY_PATHS:
                while not await _is_ok(client, path):
                    self._check_start(name, began)
                    await asyncio.sleep(POLL)
        return name, time.monotonic() - began

    def _check_start(self, name: str, began: float) -> None:
        if not self.processes[name].is_running() or time.monotonic() - began > START_SECONDS:
            raise Broken(f"{name} does not become ready; see {self.processes[name].log}")

    async def stop(self, *names: str) -> None:
        """End services in order."""
        await asyncio.gather(*(asyncio.to_thread(self.processes[n].stop) for n in names))

    def check(self) -> None:
        """Raise Broken when a service has died that nobody stopped."""
        died = [name for name, process in self.processes.items() if process.has_died()]
        if died:
            raise Broken(f"{', '.join(died)} died; see the logs in {self.data / 'logs'}")

    def cpu_seconds(self) -> dict[str, float]:
        """The processor time each service and server has used."""
        pids = {name: each.pid for name, each in self.processes.items() if each.is_running()}
        pids |= {"mongod": self.servers.mongo.pid, "rabbitmq": self.servers.rabbit.pid}
        return {name: cpu_seconds(pid) for name, pid in pids.items()}

    async def state(self) -> str:
        """How far everything is, for whoever must find out why it does not go on."""
        found = {}
        for name in ("tickets", "messages"):
            statuses = {"$group": {"_id": "$status", "n": {"$sum": 1}}}
            rows = await self.database[name].aggregate([statuses]).to_list(None)
            found[name] = {row["_id"]: row["n"] for row in rows}
            waiting = await self.database[name].count_documents({"outbox.0": {"$exists": True}})
            found[name]["with unpublished events"] = waiting
        parked = await self.database["parked"].count_documents({})
        complaints = {str(complaint): n for complaint, n in self.complaints().items()}
        return f"{found}, parked {parked}, complaints {complaints}"

    def complaints(self) -> Counter[Complaint]:
        """What the services logged from warning upward, and how often."""
        found: Counter[Complaint] = Counter()
        for process in self.processes.values():
            if not process.log.exists():  # never started: not every part asks for every service
                continue
            text = process.log.read_text(encoding="utf-8", errors="replace")
            found += heard(process.name, text.splitlines())
        return found


def _kept(hotline: Hotline) -> Path:
    """The logs, saved from the folder that is about to go."""
    kept = Path(tempfile.mkdtemp(prefix="hotline-bench-logs-"))
    shutil.copytree(hotline.data / "logs", kept, dirs_exist_ok=True)
    return kept


async def _is_ok(client: httpx.AsyncClient, path: str) -> bool:
    try:
        return (await client.get(path)).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def bench_servers() -> Iterator[Servers]:
    """A broker and a database for one part of the bench, with nothing in them."""
    with (
        tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder,
        running_servers(Path(folder)) as servers,
    ):
        yield servers


@asynccontextmanager
async def running_hotline(
    servers: Servers,
    *,
    name: str = "hotline",
    environment: Mapping[str, str] | None = None,
    services: Sequence[str] = SERVICES,
    prepared: bool = True,
    overlay: str | None = None,
    notifier: str = "services.notifier",
) -> AsyncIterator[Hotline]:
    """A whole hotline in its own vhost and database while the block lasts; unless it is `prepared`
    nobody has made its exchanges and queues. `overlay` is policy YAML, `notifier` the module that
    is run as the notifier.
    """
    with tempfile.TemporaryDirectory(prefix="hotline-bench-data-") as folder:
        hotline = await _prepare(servers, Path(folder), name, environment or {}, overlay, notifier)
        if prepared:
            await topology.make(hotline.endpoints.amqp_operator, hotline.endpoints.management)
        try:
            await hotline.start(*services)
            yield hotline
        except Broken as broken:
            broken.add_note(await hotline.state())
            broken.add_note(f"the logs are kept in {_kept(hotline)}")
            raise
        finally:
            for process in hotline.processes.values():
                process.kill()
            hotline.database.client.close()


async def _prepare(
    servers: Servers,
    data: Path,
    name: str,
    environment: Mapping[str, str],
    overlay: str | None,
    notifier: str,
) -> Hotline:
    (data / "logs").mkdir()
    policy = data / "policy.yaml"
    policy.write_text(overlay or AT_ONCE, encoding="utf-8")
    # A trial: callers are told by the sandbox, which delivers nothing elsewhere.
    await seed(servers.mongo.url, data, trial=True, policy=policy, database=name)
    ports = dict(zip(ALL, free_ports(len(ALL)), strict=True))
    amqp = await asyncio.to_thread(servers.rabbit.add_vhost, name)
    endpoints = Endpoints(
        amqp=amqp,
        amqp_operator=amqp,
        mongo=servers.mongo.url,
        management=servers.rabbit.management_login_url,
        services={service: f"http://127.0.0.1:{port}" for service, port in ports.items()},
    )
    endpoints.write(data)
    told = {
        **clean_environment("HOTLINE_"),
        **endpoints.environment(data),
        "HOTLINE_DATABASE": name,
        **environment,
    }
    modules = {name: f"services.{name}" for name in ALL} | {"notifier": notifier}
    processes = {name: _service(name, module, told, data) for name, module in modules.items()}
    return Hotline(servers, data, endpoints, connect(servers.mongo.url)[name], processes)


def _service(name: str, module: str, environment: Mapping[str, str], data: Path) -> Process:
    argv = (sys.executable, "-m", module)
    return Process(name, argv, environment=environment, log=data / "logs" / f"{name}.log")
