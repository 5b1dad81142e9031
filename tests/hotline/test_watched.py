"""A whole hotline with Prometheus and Alertmanager beside it: what is seen, and what is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from hotline.cli import build_app
from hotline.endpoints import Endpoints
from hotline.seed import seed
from hotline.service import ALL, ServiceSpec
from hotline.settings import HotlineSettings
from hotline.supervisor import Supervisor

pytestmark = pytest.mark.whole
SEEN_SECONDS: Final = 90.0


@pytest_asyncio.fixture(scope="module")
async def watched(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Path, Endpoints]]:
    data = tmp_path_factory.mktemp("watched") / "data"
    supervisor = Supervisor(
        data=data,
        settings=HotlineSettings(),
        services=[ServiceSpec.of(name, 0) for name in ALL],
        seed=partial(seed, policy=None, database="hotline"),
        trial=True,
        watch=True,
    )
    try:
        yield data, await supervisor.start()
    finally:
        await supervisor.stop()
    below = str(data)
    assert [p.pid for p in psutil.process_iter(["cmdline"]) if below in _said(p)] == []


def _said(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or ())


async def asked(endpoints: Endpoints, query: str) -> list[dict[str, Any]]:
    assert endpoints.prometheus is not None
    async with httpx.AsyncClient(base_url=endpoints.prometheus, trust_env=False) as http:
        answer = await http.get("/api/v1/query", params={"query": query})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return found


async def until_seen(endpoints: Endpoints, query: str, count: int) -> list[dict[str, Any]]:
    until = time.monotonic() + SEEN_SECONDS
    while len(found := await asked(endpoints, query)) < count:
        assert time.monotonic() < until, (query, found)
        await asyncio.sleep(1)
    return found


async def test_every_process_is_scraped_under_its_own_name(
    watched: tuple[Path, Endpoints],
) -> None:
    _, endpoints = watched
    jobs = {*ALL, "prometheus", "rabbitmq", "rabbitmq-queues", "router-estates"}

    found = await until_seen(endpoints, "up == 1", len(jobs))

    assert {each["metric"]["job"] for each in found} == jobs
    assert await asked(endpoints, "up == 0") == []


async def test_rules_are_read_and_alerts_lead_to_alertmanager(
    watched: tuple[Path, Endpoints],
) -> None:
    _, endpoints = watched
    await until_seen(endpoints, 'ALERTS{alertname="Watchdog",alertstate="firing"}', 1)
    assert await until_seen(endpoints, "prometheus_notifications_alertmanagers_discovered == 1", 1)
    assert endpoints.alertmanager is not None
    async with httpx.AsyncClient(base_url=endpoints.alertmanager, trust_env=False) as http:
        until = time.monotonic() + SEEN_SECONDS
        while not (found := (await http.get("/api/v2/alerts")).json()):
            assert time.monotonic() < until
            await asyncio.sleep(1)
    labels = [each["labels"] for each in found]
    assert "Watchdog" in {each["alertname"] for each in labels}
    assert all("runbooks" not in each for each in labels)


async def test_what_alertmanager_says_arrives_at_the_notifier(
    watched: tuple[Path, Endpoints],
) -> None:
    _, endpoints = watched
    heard = 'hotline_alarms_total{job="notifier",status="firing"} > 0'
    assert await until_seen(endpoints, heard, 1)


async def test_the_board_of_the_engine_is_whole_in_the_terminal(
    watched: tuple[Path, Endpoints],
) -> None:
    data, endpoints = watched
    await until_seen(endpoints, "hotline_store_reachable", len(ALL) - 1)

    words = ["watch", "engine", "--data", str(data), "--language", "en"]
    done = await asyncio.to_thread(CliRunner().invoke, build_app(), words)

    assert done.exit_code in {0, 1}, done.output
    for said in ("router  yes", "Free on the data disk", "prometheus  1"):
        assert said in done.output
