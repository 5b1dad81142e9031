"""The whole hotline, run as an operator runs it, for tests of what it promises as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr

from hotline.demo.clients import Clients
from hotline.demo.time import forward, time_of
from hotline.embedded.ports import free_ports
from hotline.endpoints import Endpoints
from hotline.seed import seed
from hotline.service import ALL, Service, ServiceSpec
from hotline.settings import HotlineSettings
from hotline.supervisor import Supervisor
from shared.policy.documents import read_yaml, write_yaml
from shared.store import connect
from tests.support.rules import AT_ONCE

FLOOR: Final = "floor"
"""The fixture of the one that is shared, and the group of all tests that use it."""
MARK: Final = f"@{FLOOR}"
"""What the fixture adds to the name of each test: by it they are kept together. xdist's own groups
(`--dist loadgroup`) are lost, since it writes them into a name that pytest 9 no longer reads.
"""


class Postbox:
    """A real SMTP server's memory: every mail it accepted."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        parsed = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in str(mail["To"])]


@dataclass(frozen=True, slots=True)
class Floor:
    """One running hotline with everybody's hands on it."""

    data: Path
    endpoints: Endpoints
    supervisor: Supervisor
    clients: Clients
    postbox: Postbox

    def service(self, name: str) -> Service:
        return next(s for s in self.supervisor.services if s.spec.name == name)

    async def now(self) -> datetime:
        """The time of the service that is furthest behind."""
        return await time_of(self.endpoints)

    async def forward(self, span: timedelta) -> None:
        """Move everybody's clock; return when every service has the time."""
        client = connect(self.endpoints.mongo)
        try:
            await forward(self.endpoints, client["hotline"], self.clients, span)
        finally:
            client.close()


def _with_haste(overlay: str | None) -> dict[str, Any]:
    """An overlay under which no message waits."""
    found = read_yaml(overlay or "{}")
    return {**found, "rules": {**AT_ONCE, **found.get("rules", {})}}


@asynccontextmanager
async def running_floor(
    folder: Path,
    *,
    overlay: str | None = None,
    environment: Mapping[str, str] | None = None,
    amqp_url: str | None = None,
    trial: bool = True,
    mail: bool = True,
) -> AsyncIterator[Floor]:
    """Run servers, services and an SMTP server while the block lasts; `overlay` is policy YAML, and
    unless it says otherwise no message waits for others of its minute, or for the morning. And
    at `amqp_url` is a broker that the test runs itself. Without `trial` the data are real ones,
    without `mail` nobody tells the notifier of the SMTP server.
    """
    postbox = Postbox()
    port = free_ports(1)[0]
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    policy = folder / "policy.yaml"
    policy.write_text(write_yaml(_with_haste(overlay)), encoding="utf-8")
    settings = HotlineSettings(
        data=folder,
        amqp_url=SecretStr(amqp_url) if amqp_url else None,
        intake_port=0,
        router_port=0,
        notifier_port=0,
        survey_port=0,
        admin_port=0,
        console_port=0,
    )
    server = {
        "HOTLINE_NOTIFIER_SMTP_HOST": "127.0.0.1",
        "HOTLINE_NOTIFIER_SMTP_PORT": str(port),
    }
    variables = {**(server if mail else {}), **(environment or {})}
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in server.keys() - variables.keys():  # another floor may have set them
                patch.delenv(name, raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            supervisor = Supervisor(
                data=folder / "data",
                settings=settings,
                services=[ServiceSpec.of(name, 0) for name in ALL],
                seed=partial(seed, policy=policy),
                trial=trial,
            )
            try:
                endpoints = await supervisor.start()
                async with Clients(endpoints, folder / "data") as clients:
                    yield Floor(folder / "data", endpoints, supervisor, clients, postbox)
            finally:
                await supervisor.hurry()
    finally:
        controller.stop()


def caller(
    name: str = "王桂兰", phone: str = "13800138000", room: str = "3-1-502"
) -> dict[str, str]:
    """An invented caller."""
    return {"name": name, "phone": phone, "role": "owner", "room": room}


async def with_account(floor: Floor, id: str, *, role: str = "agent", **more: Any) -> str:
    """Somebody who has an account; their id."""
    body = {"id": id, "role": role, **more}
    made = await floor.clients.call("POST", "admin", "/v1/users", role="administrator", json=body)
    assert made.status_code == 201, made.text
    return id


def orders_of(ticket: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The work orders of the present round."""
    return [o for o in ticket["work_orders"] if o["round"] == ticket["round"]]
