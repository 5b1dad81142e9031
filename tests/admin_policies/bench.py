"""Policies as a test runs them: the admin service's part of them, what it put on record, and those
who draft, approve and read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from typing_extensions import override

from services.admin.app import LARGEST_BODY, build_policies_apis
from services.admin.policies.storage import KEPT
from services.admin.settings import AdminSettings
from services.survey.app import build as build_survey
from services.survey.settings import SurveySettings
from shared.audit import Entry, Trail
from shared.identity import Principal, Role
from shared.readers.policies import HEAD
from shared.runtime import Parts, Platform, ServiceSettings, build_service, open_platform
from tests.support.bench import Replica, ServiceBench, opened
from tests.support.servers import Corner

NOWHERE: Final = "amqp://guest:guest@127.0.0.1:1/"
"""Where no broker is."""
DECLINES: Final = "rules: {decline_limit: 4}"

Who = tuple[Role, str]
DRAFTER: Final[Who] = ("supervisor", "su")
SECOND_DRAFTER: Final[Who] = ("administrator", "ad")
APPROVER: Final[Who] = ("manager", "ma")
AGENT: Final[Who] = ("agent", "ag")


@dataclass
class Kept:
    """What went on record; `away` while nothing can."""

    acts: list[tuple[str, str, str]] = field(default_factory=list)
    beside: list[tuple[str | None, str | None, Mapping[str, str | int]]] = field(
        default_factory=list
    )
    away: bool = False


class Watched(Trail):
    """The trail itself, with a test looking over its shoulder."""

    def __init__(self, platform: Platform, kept: Kept) -> None:
        super().__init__(platform.store, platform.settings.audit_folder, platform.keys.audit_key)
        self._kept = kept

    @override
    async def record(
        self,
        principal: Principal,
        act: str,
        subject: tuple[str, str],
        *,
        why: str | None = None,
        source: str | None = None,
        details: Mapping[str, str | int] | None = None,
    ) -> Entry:
        if self._kept.away:
            raise OSError("no record can be kept")
        entry = await super().record(
            principal, act, subject, why=why, source=source, details=details
        )
        self._kept.acts.append((principal.id, act, subject[1]))
        self._kept.beside.append((why, source, details or {}))
        return entry


@dataclass
class Bench(ServiceBench):
    """The policies of one group, and whoever works on them."""

    records: Kept = field(default_factory=Kept)

    @override
    async def forget(self) -> None:
        await super().forget()
        self.records.acts.clear()
        self.records.beside.clear()
        self.records.away = False

    async def build(self, *, broker: bool = True) -> FastAPI:
        """The admin service's part that is about policies."""
        settings = self.at(self.settings_of(AdminSettings), broker=broker)
        platform = await open_platform("admin", settings, keeps=KEPT, indexes={})
        trail = Watched(platform, self.records)
        await trail.start()
        parts = Parts(
            build_policies_apis(platform, trail), loops=(), parked=platform.parked_relay(),
            largest_body=LARGEST_BODY,
        )  # fmt: skip
        return build_service(platform, parts, title="Policies")

    async def add_survey(self, *, broker: bool = True) -> Replica:
        """A service of another kind, which only reads policies."""
        settings = self.at(self.settings_of(SurveySettings), broker=broker)
        return await self.run(await build_survey(settings))

    def at(self, settings: Any, *, broker: bool) -> Any:
        """The same settings, or those of a service whose broker is away."""
        assert isinstance(settings, ServiceSettings)
        away = {"amqp_url": SecretStr(NOWHERE)}
        return settings if broker else settings.model_copy(update=away)

    async def run(self, app: FastAPI) -> Replica:
        """Run it, whether or not there is a broker."""
        await self.stack.enter_async_context(app.router.lifespan_context(app))
        http = await self.stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
        )
        replica = Replica(app, http)
        self.replicas.append(replica)
        return replica

    async def ask(
        self, method: str, path: str, who: Who = DRAFTER, *, at: str = "*", **body: Any
    ) -> httpx.Response:
        """Ask as somebody; what is sent, by name."""
        role, id = who
        return await self.http.request(
            method,
            f"/v1/policies{path}",
            json=body if method != "GET" else None,
            headers=self.signed_in(role, at, id=id),
        )

    async def post(self, path: str, who: Who = DRAFTER, **body: Any) -> dict[str, Any]:
        """The same where it must succeed."""
        return succeeded(await self.ask("POST", path, who, **body))

    async def get(self, path: str, who: Who = DRAFTER) -> dict[str, Any]:
        return succeeded(await self.ask("GET", path, who))

    async def draft(self, overlay: str = DECLINES, who: Who = DRAFTER) -> str:
        """A new draft; its id."""
        id: str = (await self.post("", who, title="Otherwise", overlay=overlay))["id"]
        return id

    async def submitted(self, overlay: str = DECLINES, who: Who = DRAFTER) -> str:
        id = await self.draft(overlay, who)
        await self.post(f"/{id}/submit", who)
        return id

    async def published(self, overlay: str = DECLINES, **approval: Any) -> str:
        id = await self.submitted(overlay)
        await self.post(f"/{id}/approve", APPROVER, **approval)
        return id

    async def at_once(self, overlay: str = DECLINES, **more: Any) -> httpx.Response:
        usual: dict[str, Any] = {
            "title": "At once", "reason": "the lift firm has a new number", "hours": 12,
        }  # fmt: skip
        return await self.ask("POST", "/break-glass", DRAFTER, overlay=overlay, **(usual | more))

    async def state(self, id: str) -> str:
        state: str = (await self.get(f"/{id}"))["state"]
        return state

    async def in_force(self) -> str:
        """What a service reads that looks right now."""
        await self.platform.refresh()
        return self.platform.policy.version

    async def head(self) -> list[dict[str, Any]]:
        head = await self.store.documents("policies").find_one({"_id": HEAD})
        assert head is not None
        entries: list[dict[str, Any]] = head["in_force"]
        return entries


def succeeded(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx.Response) -> str:
    """Status and kind of a refusal."""
    return f"{answer.status_code} {answer.json()['type'].rpartition(':')[2]}"


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path) -> AsyncIterator[Bench]:
    async with opened(Bench, corner, folder) as bench:
        await bench.run(await bench.build())
        await bench.listen("policy.#")
        yield bench
