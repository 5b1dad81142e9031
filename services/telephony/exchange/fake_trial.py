"""``python -m services.telephony.exchange.fake_trial``: a drawn day and the adapter that hears it.

For a demo: an exchange of its own in the same process, by the hotline's time. When that is moved
forward by a day, the day's calls are said at once, each at its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from fastapi import FastAPI
from pydantic import Field, SecretStr

from services.telephony.exchange.api import build
from services.telephony.exchange.fake import SECRET, FakeExchange
from services.telephony.exchange.fake_day import Day
from services.telephony.exchange.listen_settings import ListenSettings
from shared.runtime import run_service
from shared.telemetry import logger

LASTS: Final = timedelta(days=3)
SEED: Final = 22
AT_MOST: Final = 300.0
"""Events a second of a day that is behind: a demo's machine has the rest of the hotline, too."""
START_SECONDS: Final = 240.0
LOOK_SECONDS: Final = 1.0


class TrialSettings(ListenSettings):
    """Those of an adapter, with an exchange that is there."""

    name: str = "demo"
    document: Path = Path(__file__).with_name("fake_exchange.yaml")
    manager_secret: SecretStr | None = SecretStr(SECRET)
    intake_url: str = Field(
        "http://127.0.0.1:8001",
        validation_alias="HOTLINE_INTAKE_URL",
        description="Who tells the hotline's time.",
    )


class HotlineTime:
    """What the hotline takes the time to be: in a trial it may be ahead of ours."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._ahead = timedelta()

    def now(self) -> datetime:
        """As it was last asked."""
        return datetime.now(UTC) + self._ahead

    async def look(self) -> None:
        """Ask; raises HTTPError."""
        answer = await self._http.get("/healthz")
        self._ahead = datetime.fromisoformat(
            answer.raise_for_status().json()["now"]
        ) - datetime.now(UTC)

    async def keep_looking(self) -> None:
        """Until cancelled; while nobody answers the time goes on as it was."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._told()

    async def begin(self) -> None:
        """Return when it was told once; raises TimeoutError."""
        async with asyncio.timeout(START_SECONDS):
            while not await self._told():  # noqa: ASYNC110 - nobody says that intake is there
                await asyncio.sleep(LOOK_SECONDS)

    async def _told(self) -> bool:
        try:
            await self.look()
        except httpx.HTTPError as error:
            logger.info("time_not_told", why=type(error).__name__)
            return False
        return True


async def build_trial(settings: TrialSettings) -> FastAPI:
    """The adapter, and beside it the exchange that it listens to."""
    http = httpx.AsyncClient(base_url=settings.intake_url, timeout=5, trust_env=False)
    time = HotlineTime(http)
    await time.begin()
    steps = Day(time.now(), time.now() + LASTS, SEED).drawn()
    fake = FakeExchange(steps, clock=time.now, at_most=AT_MOST)
    await fake.__aenter__()
    app = await build(settings.model_copy(update={"manager_port": fake.port}), now=None)
    hears = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(time.keep_looking())
        try:
            async with hears(app):
                yield
        finally:
            looking.cancel()
            await fake.__aexit__(None, None, None)
            await http.aclose()

    app.router.lifespan_context = lifespan
    return app


if __name__ == "__main__":
    run_service("exchange", TrialSettings, build_trial)
