"""Everything of a run under one roof: the hotline on servers of ours, each behind a wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import SecretStr

from faults.broker import Broker
from faults.members import ReplicaSet, prepare_members
from faults.receivers import Receivers, running_receivers
from faults.wires import running_wires
from hotline.demo.clients import Clients
from hotline.embedded import RabbitNode
from hotline.endpoints import Endpoints
from hotline.seed import seed
from hotline.service import SERVICES, Service, ServiceSpec
from hotline.settings import HotlineSettings
from hotline.supervisor import Supervisor
from shared.readers.rosters import seed_duty
from shared.store import connect

DATABASE: Final = "hotline"
KINDS: Final = ("elevator_entrapment", "fire", "gas_leak", "electric_shock")
"""The kinds of the emergencies that are sent."""


def _seconds(**limits: int) -> dict[str, Any]:
    return {clock: {"for": f"PT{seconds}S", "on": "wall"} for clock, seconds in limits.items()}


# Limits of seconds for complaints, emergencies and the manual queue: they run out by the thousand
# while the run lasts. Repairs keep a day, so that not every ticket brings two mails more.
OVERLAY: Final = {
    "rules": {
        "undecided_limit": {"for": "PT20S", "on": "wall"},
        "acknowledge_within": "PT20S",
        # Whoever kills a notifier at night waits for no morning.
        "quiet_hours": None,
    },
    "taxonomy": {
        "types": [
            {"id": "complaint", "limits": {"normal": _seconds(accept=15)}},
            {"id": "repair", "limits": {"normal": _seconds(accept=86_400)}},
        ],
        "emergency_kinds": [
            {"id": kind, "limits": _seconds(accept=15, arrive=20, control=25)} for kind in KINDS
        ],
    },
}
ENVIRONMENT: Final[Mapping[str, str]] = {
    "HOTLINE_NOTIFIER_SENDING_LIMIT": "PT12S",
    "HOTLINE_NOTIFIER_SMTP_TIMEOUT": "PT10S",
}


@dataclass(frozen=True, slots=True)
class House:
    """One running hotline, the servers below it and everybody's hands on it."""

    data: Path
    endpoints: Endpoints
    supervisor: Supervisor
    broker: Broker
    members: ReplicaSet
    receivers: Receivers
    clients: Clients

    def service(self, name: str) -> Service:
        """One of the services, to kill it or to ask whether it is well."""
        return next(s for s in self.supervisor.services if s.spec.name == name)


@asynccontextmanager
async def running_house(folder: Path) -> AsyncIterator[House]:
    """Run servers, wires, receivers and services while the block lasts."""
    async with AsyncExitStack() as stack:
        receivers = await stack.enter_async_context(running_receivers())
        node, prepared = RabbitNode.prepare(folder / "rabbitmq"), prepare_members(folder)
        far_ports = [node.ports.amqp, *(member.port for member in prepared)]
        wires = await stack.enter_async_context(running_wires(far_ports))
        broker, members = Broker(node, wires[0]), ReplicaSet(prepared, wires[1:])
        stack.push_async_callback(broker.stop)
        stack.push_async_callback(members.stop)
        await asyncio.gather(broker.start(), members.start())
        supervisor = _supervisor(folder, broker, members, receivers)
        stack.push_async_callback(supervisor.hurry)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in _environment(receivers).items():
            patch.setenv(name, value)
        endpoints = await supervisor.start()
        clients = await stack.enter_async_context(Clients(endpoints, folder / "data"))
        yield House(folder / "data", endpoints, supervisor, broker, members, receivers, clients)


def _environment(receivers: Receivers) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "HOTLINE_NOTIFIER_SMTP_HOST": "127.0.0.1",
        "HOTLINE_NOTIFIER_SMTP_PORT": str(receivers.mail_port),
        "HOTLINE_NOTIFIER_WEBHOOK_PLAIN_HOSTS": f"127.0.0.1:{receivers.hook_port}",
    }


async def _seed(
    mongo_url: str,
    data: Path,
    trial: bool,  # noqa: FBT001 - the supervisor hands it on by position
    *,
    policy: Path,
    duty: Mapping[str, Any],
) -> None:
    """The run's own duty list first; what is there already stays as it is."""
    client = connect(mongo_url)
    try:
        await seed_duty(client[DATABASE], duty)
    finally:
        client.close()
    await seed(mongo_url, data, trial, policy=policy)


def _supervisor(
    folder: Path, broker: Broker, members: ReplicaSet, receivers: Receivers
) -> Supervisor:
    policy = folder / "policy.yaml"
    policy.write_text(json.dumps(OVERLAY), encoding="utf-8")
    settings = HotlineSettings(
        data=folder / "data",
        amqp_url=SecretStr(broker.url),
        mongo_url=SecretStr(members.url),
        management_url=SecretStr(broker.node.management_login_url),
        intake_port=0,
        router_port=0,
        notifier_port=0,
        survey_port=0,
        admin_port=0,
    )
    return Supervisor(
        data=folder / "data",
        settings=settings,
        services=[ServiceSpec.of(name, 0) for name in SERVICES],
        seed=partial(_seed, policy=policy, duty=receivers.duty()),
        trial=True,  # callers are told by the sandbox, which delivers nothing elsewhere
    )
