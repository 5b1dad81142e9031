"""The administration as a test runs it: replicas, and people who sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from typing_extensions import override

from services.admin.app import build
from services.admin.settings import AdminSettings
from tests.support.bench import Replica, ServiceBench, opened
from tests.support.servers import Corner

PASSWORD = "vier Pferde ziehen am Mond"
OTHER_PASSWORD = "drei Kessel voller Regen"
CHEAP = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)


@dataclass
class Bench(ServiceBench):
    """Replicas of the administration over one database."""

    secrets: dict[str, str] = field(default_factory=dict)

    @override
    async def forget(self) -> None:
        await super().forget()
        self.secrets.clear()

    async def add_replica(self, **settings: Any) -> Replica:
        with pytest.MonkeyPatch.context() as patch:  # one test looks at the real ones
            patch.setattr("services.admin.sessions.passwords.PasswordHasher", CHEAP)
            app = await build(self.settings_of(AdminSettings, **settings))
        return await self.serve(app)

    def boss(self) -> dict[str, str]:
        """The headers of the operator on the machine."""
        return self.signed_in("administrator", id="operator:administrator")

    async def ask(
        self, method: str, path: str, who: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        return await self.http.request(method, path, headers=who or self.boss(), **more)

    async def done(
        self, method: str, path: str, who: dict[str, str] | None = None, **more: Any
    ) -> Any:
        """The answer of what must succeed."""
        answer = await self.ask(method, path, who, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def invite(self, id: str, role: str = "agent", **facts: Any) -> str:
        """A new account's invitation."""
        made = await self.done("POST", "/v1/users", json={"id": id, "role": role, **facts})
        return str(made["invitation"])

    async def accept(self, invitation: str, password: str = PASSWORD) -> httpx.Response:
        body = {"invitation": invitation, "password": password}
        return await self.http.post("/v1/session/password", json=body)

    async def hire(self, id: str, role: str = "agent", **facts: Any) -> None:
        """An account with a password."""
        answer = await self.accept(await self.invite(id, role, **facts))
        assert answer.status_code == 204, answer.text

    async def sign_in(
        self,
        id: str,
        password: str = PASSWORD,
        *,
        code: str | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> httpx.Response:
        body = {"id": id, "password": password} | ({"code": code} if code else {})
        return await (http or self.http).post("/v1/session", json=body)

    async def tokens(self, id: str, **how: Any) -> dict[str, Any]:
        answer = await self.sign_in(id, **how)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, refresh_token: str) -> httpx.Response:
        body = {"refresh_token": refresh_token}
        return await self.http.post("/v1/session/refresh", json=body)

    async def secure(self, id: str) -> list[str]:
        """Set a second factor up for somebody who has none; the recovery codes."""
        who = bearer(await self.tokens(id))
        self.secrets[id] = (await self.done("POST", "/v1/session/factor", who, json={}))["secret"]
        body = {"code": self.code(id)}
        shown = await self.done("POST", "/v1/session/factor/confirm", who, json=body)
        codes: list[str] = shown["recovery_codes"]
        return codes

    def code(self, id: str, *, steps: int = 0) -> str:
        """The code that somebody's device shows, so many steps from now."""
        now = int(self.store.clock.outside().timestamp())
        return pyotp.TOTP(self.secrets[id]).at(now, counter_offset=steps)

    async def hear(self) -> None:
        """Every replica reads what was taken back."""
        for replica in self.replicas:
            await replica.platform.credentials.refresh()

    async def who(self, who: dict[str, str]) -> httpx.Response:
        return await self.http.get("/v1/session", headers=who)

    async def from_address(self, address: str) -> httpx.AsyncClient:
        """Somebody elsewhere."""
        transport = httpx.ASGITransport(self.replicas[0].app, client=(address, 4711))
        client = httpx.AsyncClient(transport=transport, base_url="http://service")
        return await self.stack.enter_async_context(client)


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path) -> AsyncIterator[Bench]:
    """A bench without a replica yet."""
    async with opened(Bench, corner, folder) as bench:
        yield bench
