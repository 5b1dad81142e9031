import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from typing_extensions import override

from hotline.embedded.folder import read_json
from hotline.embedded.ports import free_ports, listeners
from hotline.errors import PortTakenError, StartFailedError, UnusableSettingError
from hotline.patience import Patience
from hotline.probe import HttpProbe, hosts_of
from hotline.service import Service, ServiceSpec, with_ports
from hotline.settings import HotlineSettings
from hotline.supervisor import Supervisor
from tests.hotline.up_with_stand_ins import no_seed, stand_in
from tests.support.servers import Servers

pytestmark = pytest.mark.whole

SHORT = Patience(start=20.0, unwell=0.3, between_probes=0.05, failed_starts=2)


@dataclass
class Bench:
    """Supervisors over the test run's own servers, all stopped at the end."""

    data: Path
    settings: HotlineSettings
    supervisors: list[Supervisor] = field(default_factory=list)

    def supervisor(self, *services: ServiceSpec, patience: Patience = SHORT) -> Supervisor:
        made = Supervisor(
            data=self.data,
            settings=self.settings,
            services=services,
            seed=no_seed,
            trial=True,
            patience=patience,
        )
        self.supervisors.append(made)
        return made


@pytest.fixture
async def bench(servers: Servers, tmp_path: Path) -> AsyncIterator[Bench]:
    settings = HotlineSettings(
        amqp_url=SecretStr(servers.rabbit.amqp_url), mongo_url=SecretStr(servers.mongo.url)
    )
    made = Bench(data=tmp_path / "data", settings=settings)
    yield made
    for supervisor in made.supervisors:
        await supervisor.hurry()


async def until(happened: Callable[[], Any], timeout: float = 10.0) -> None:
    async with asyncio.timeout(timeout):
        while not happened():  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0.02)


def pid_of(service: Service) -> int:
    assert service.child is not None
    return service.child.pid


async def test_the_addresses_are_written_for_the_owner_alone_and_go_with_the_stop(
    bench: Bench, servers: Servers
) -> None:
    supervisor = bench.supervisor(stand_in("intake"), stand_in("router"))
    endpoints = await supervisor.start()

    file = bench.data / "endpoints.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_json(file) == {
        "amqp": servers.rabbit.amqp_url,
        "amqp_operator": servers.rabbit.amqp_url,
        "mongo": servers.mongo.url,
        "management": None,
        "prometheus": None,
        "alertmanager": None,
        **endpoints.services,
    }
    await supervisor.stop()
    assert not file.exists()
    assert read_json(bench.data / "children.json") is None


async def test_a_service_is_told_where_everything_is(bench: Bench, servers: Servers) -> None:
    endpoints = await bench.supervisor(stand_in("intake"), stand_in("router")).start()
    told = json.loads((bench.data / "intake.env").read_text(encoding="utf-8"))
    assert told["HOTLINE_AMQP_URL"] == servers.rabbit.amqp_url
    assert told["HOTLINE_MONGO_URL"] == servers.mongo.url
    assert told["HOTLINE_DATA"] == str(bench.data)
    assert told["HOTLINE_ENDPOINTS"] == str(bench.data / "endpoints.json")
    assert told["HOTLINE_TRIAL"] == "1"
    assert told["HOTLINE_ROUTER_URL"] == endpoints.services["router"]
    assert endpoints.services["router"].endswith(f":{told['HOTLINE_ROUTER_PORT']}")


async def test_a_killed_service_is_started_again(bench: Bench) -> None:
    supervisor = bench.supervisor(stand_in("intake"))
    await supervisor.start()
    (service,) = supervisor.services
    before = pid_of(service)

    assert service.child is not None
    service.child.kill()

    await until(lambda: pid_of(service) != before)
    assert read_json(bench.data / "children.json")[0]["pid"] == pid_of(service)


async def test_a_service_that_stays_unwell_is_started_again(bench: Bench) -> None:
    supervisor = bench.supervisor(stand_in("intake"))
    await supervisor.start()
    (service,) = supervisor.services
    before = pid_of(service)

    (bench.data / "intake.unwell").touch()
    await until(lambda: not service.is_running())
    (bench.data / "intake.unwell").unlink()

    await until(lambda: service.is_running() and pid_of(service) != before)


async def test_an_unwell_service_is_left_alone_while_the_broker_is_away(tmp_path: Path) -> None:
    class CountingProbe(HttpProbe):
        unwell = 0

        @override
        async def is_ok(self, address: str, paths: Any) -> bool:
            ok = await super().is_ok(address, paths)
            self.unwell += not ok and paths == ("/healthz/consumers",)
            return ok

    (tmp_path / "logs").mkdir()
    probe = CountingProbe()
    (spec,) = with_ports([stand_in("intake")])
    service = Service(
        spec,
        data=tmp_path,
        broker_url="amqp://127.0.0.1:1/",
        environment={"HOTLINE_DATA": str(tmp_path), spec.port_setting: str(spec.port)},
        changed=lambda: None,
        patience=SHORT,
        probe=probe,
    )
    keeping = asyncio.create_task(service.keep_running())
    await service.until_served()
    before = pid_of(service)

    (tmp_path / "intake.unwell").touch()
    beyond = int(SHORT.unwell / SHORT.between_probes) * 3
    await until(lambda: probe.unwell > beyond)

    assert service.is_running()
    assert pid_of(service) == before
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    service.kill()
    await probe.aclose()


async def test_a_service_that_never_starts_is_named_with_its_log(bench: Bench) -> None:
    supervisor = bench.supervisor(stand_in("intake"))
    (bench.data / "intake.broken").touch()
    with pytest.raises(StartFailedError, match=r"(?s)service intake.*broken on purpose"):
        await supervisor.start()


async def test_a_slow_start_is_waited_for_while_it_gets_on_and_what_for_is_told(
    bench: Bench,
) -> None:
    patience = Patience(start=60.0, standstill=1.5, told_every=0.5, failed_starts=1)
    supervisor = bench.supervisor(stand_in("intake"), patience=patience)
    (bench.data / "intake.slow").touch()
    with capture_logs() as logs:
        await supervisor.start()
    told = [line for line in logs if line["event"] == "still starting"]
    assert told
    assert told[0]["service"] == "intake"
    assert told[0]["waits_for"] == "an answer of /readyz"


async def test_a_service_that_stands_still_is_not_waited_for(bench: Bench) -> None:
    patience = Patience(start=60.0, standstill=0.5, failed_starts=1)
    supervisor = bench.supervisor(stand_in("intake"), patience=patience)
    (bench.data / "intake.asleep").touch()
    with pytest.raises(StartFailedError, match="service intake does not become ready"):
        await supervisor.start()


async def test_a_service_is_not_ready_because_somebody_else_answers_well_on_its_port(
    bench: Bench,
) -> None:
    (port,) = free_ports(1)
    supervisor = bench.supervisor(stand_in("intake", port), stand_in("router", port))
    with pytest.raises(StartFailedError, match=r"(?s)service (intake|router).*already in use"):
        await supervisor.start()


async def test_a_service_listens_on_its_port_and_not_once_it_was_killed(bench: Bench) -> None:
    """Also while its process is not yet buried."""
    supervisor = bench.supervisor(stand_in("intake"))
    await supervisor.start()
    (service,) = supervisor.services
    pid, port = pid_of(service), service.spec.port

    assert pid in {process.pid for process in listeners(port)}
    os.kill(pid, signal.SIGKILL)
    # It has ended, and who would bury it has no turn meanwhile.
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222
    assert pid not in {process.pid for process in listeners(port)}


async def test_a_taken_service_port_is_named_with_its_setting(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        supervisor = bench.supervisor(stand_in("intake", port))
        with pytest.raises(PortTakenError) as caught:
            await supervisor.start()
    for part in (f"Port {port}", f"process {os.getpid()}", "HOTLINE_INTAKE_PORT"):
        assert part in str(caught.value)


async def test_all_ports_that_are_taken_are_named_at_once(bench: Bench) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        ports = [taken.getsockname()[1] for taken in (one, other)]
        supervisor = bench.supervisor(stand_in("intake", ports[0]), stand_in("router", ports[1]))
        with pytest.raises(PortTakenError) as caught:
            await supervisor.start()
    for part in (*(f"Port {port}" for port in ports), "HOTLINE_INTAKE_PORT", "HOTLINE_ROUTER_PORT"):
        assert part in str(caught.value)


async def test_a_hurried_end_does_not_wait_for_a_stubborn_service(bench: Bench) -> None:
    supervisor = bench.supervisor(stand_in("intake"))
    (bench.data / "intake.stubborn").touch()
    await supervisor.start()
    (service,) = supervisor.services
    stopping = asyncio.create_task(supervisor.stop())
    await asyncio.sleep(0)

    began = time.monotonic()
    stopping.cancel()
    await supervisor.hurry()

    assert not service.is_running()
    assert time.monotonic() - began < 5.0
    await asyncio.gather(stopping, return_exceptions=True)


async def test_a_server_that_does_not_answer_is_named_with_its_setting(tmp_path: Path) -> None:
    from hotline.probe import require_reachable

    with pytest.raises(UnusableSettingError, match=r"HOTLINE_AMQP_URL.*127\.0\.0\.1:1\b"):
        await require_reachable("amqp://u:secret@127.0.0.1:1/", "HOTLINE_AMQP_URL", timeout=0.1)
    with pytest.raises(UnusableSettingError, match="HOTLINE_AMQP_URL is not an address"):
        await require_reachable("http://u:secret@127.0.0.1:1/", "HOTLINE_AMQP_URL")


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("amqp://u:p@broker/", [("broker", 5672)]),
        ("amqps://broker:7/v", [("broker", 7)]),
        ("mongodb://u:p@a:1,b/?replicaSet=r", [("a", 1), ("b", 27017)]),
        ("mongodb+srv://u:p@cluster/", []),
    ],
)
def test_the_hosts_of_an_address(url: str, hosts: list[tuple[str, int]]) -> None:
    assert hosts_of(url) == hosts
