"""The console as a test runs it: before the real services that it asks, and browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from typing_extensions import override

from services.admin.accounts.domain import NEED_FACTOR
from services.admin.app import build as build_admin
from services.admin.settings import AdminSettings
from services.console.app import build as build_console
from services.console.settings import ConsoleSettings
from services.intake.app import build as build_intake
from services.intake.settings import IntakeSettings
from services.router.app import build as build_router
from services.router.settings import RouterSettings
from services.telephony.app import build as build_telephony
from services.telephony.settings import TelephonySettings
from shared.readers.console_key import FILE_NAME, make_console_key
from tests.support.bench import ServiceBench, opened, until
from tests.support.servers import Corner

PASSWORD: Final = "vier Pferde ziehen am Mond"
CHEAP: Final = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
HERE: Final = "http://127.0.0.1:8000"
FROM_HERE: Final = {"sec-fetch-site": "same-origin"}
LIFT: Final = {"estate": "jinyuan", "text": "三号楼电梯困人了，快来人"}
CALLER: Final = {"name": "王桂兰", "phone": "13800138000", "role": "owner", "room": "3-1-502"}


@dataclass
class Bench(ServiceBench):
    """One replica of the services that the console asks, and the console."""

    services: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    console: FastAPI = field(default_factory=FastAPI)
    transports: Any = None
    """They lead from a console to the services."""

    async def open(self, **admin: Any) -> None:
        """Start everything, the administration with these settings; the console's key is made as
        seeding makes it.
        """
        secret = self.keys.derived("api-keys")
        database = self.store._database
        _, shown = await make_console_key(database, secret, now=self.store.clock.now())
        (self.key_file.parent / FILE_NAME).write_text(shown)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("services.admin.sessions.passwords.PasswordHasher", CHEAP)
            apps = {
                "admin": await build_admin(self.settings_of(AdminSettings, **admin)),
                "intake": await build_intake(self.settings_of(IntakeSettings)),
                "router": await build_router(self.settings_of(RouterSettings)),
                "telephony": await build_telephony(self.settings_of(TelephonySettings)),
            }
        for name, app in apps.items():
            self.services[name] = (await self.serve(app)).http
        self.transports = {name: httpx.ASGITransport(app) for name, app in apps.items()}
        await self.add_console(self.transports)

    async def add_console(self, transports: Any) -> FastAPI:
        """A console, with nothing in its memory."""
        settings = ConsoleSettings(data=self.key_file.parent)
        self.console = await build_console(settings, transports=transports)
        await self.stack.enter_async_context(self.console.router.lifespan_context(self.console))
        return self.console

    @override
    async def forget(self) -> None:
        await super().forget()
        self.secrets.clear()
        self.console.state.house.sessions._known.clear()

    async def hear(self) -> None:
        """Every service reads what was taken back."""
        for replica in self.replicas:
            await replica.platform.credentials.refresh()

    async def done(self, path: str, who: dict[str, str] | None = None, **body: Any) -> Any:
        """What the administration answers to what must succeed."""
        headers = who or self.signed_in("administrator", id="operator:administrator")
        answer = await self.services["admin"].post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def hire(self, id: str, role: str = "agent", **facts: Any) -> str:
        """An account with a password; with a second factor where the role needs one."""
        invited = await self.done("/v1/users", id=id, role=role, **facts)
        await self.done("/v1/session/password", invitation=invited["invitation"], password=PASSWORD)
        if role in NEED_FACTOR:
            await self._secure(id)
        return id

    async def _secure(self, id: str) -> None:
        tokens = await self.done("/v1/session", id=id, password=PASSWORD)
        who = {"Authorization": f"Bearer {tokens['access_token']}"}
        self.secrets[id] = (await self.done("/v1/session/factor", who))["secret"]
        await self.done("/v1/session/factor/confirm", who, code=self.code(id))
        await self.hear()

    def code(self, id: str, *, steps: int = 0) -> str:
        """What somebody's device shows, so many steps from now."""
        now = int(self.store.clock.outside().timestamp())
        return pyotp.TOTP(self.secrets[id]).at(now, counter_offset=steps)

    async def browser(self, address: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
        """Somebody's browser, on this machine; its requests come from the console's own pages."""
        transport = httpx.ASGITransport(self.console, client=(address, 4711))
        client = httpx.AsyncClient(
            transport=transport, base_url=HERE, headers={**FROM_HERE, **headers}
        )
        return await self.stack.enter_async_context(client)

    async def signed_in_browser(
        self, id: str, *, address: str = "127.0.0.1", **headers: str
    ) -> httpx.AsyncClient:
        """The browser of somebody who has signed in."""
        browser = await self.browser(address, **headers)
        answer = await self.sign_in(browser, id)
        assert answer.status_code == 303, answer.text
        return browser

    async def sign_in(
        self, browser: httpx.AsyncClient, id: str, password: str = PASSWORD, **more: str
    ) -> httpx.Response:
        code = {"code": self.code(id, steps=1)} if id in self.secrets else {}
        form = {"id": id, "password": password, **code, **more}
        return await browser.post("/session", data=form)

    async def emergency(self, **report: Any) -> str:
        """An emergency that runs; its number."""
        headers = self.signed_in("agent")
        body = {**LIFT, "caller": CALLER, **report}
        answer = await self.services["intake"].post("/v1/tickets", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        number = str(answer.json()["number"])

        async def runs() -> bool:
            return await self.store.get("emergencies", number) is not None

        await until(runs)
        return number

    async def forward_to_another_minute(self) -> None:
        """So that what begins next is seen to be later."""
        await self.forward(timedelta(minutes=1))


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path, **admin: Any) -> AsyncIterator[Bench]:
    """A bench whose services run, the administration with these settings."""
    async with opened(Bench, corner, folder) as bench:
        await bench.open(**admin)
        yield bench
