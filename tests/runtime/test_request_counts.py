"""Requests are counted by template, so that nobody can make series by asking."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client import REGISTRY

from shared.runtime import Routes, open_to_all
from shared.runtime.bodies import Bodies
from shared.runtime.request_counts import RequestCounts

ROUTE = "/v1/counted/{id}"


def build() -> FastAPI:
    router = Routes("/v1/counted", tags=["test"], dependencies=[open_to_all()])

    @router.get("/{id}")
    async def one(id: str) -> dict[str, str]:
        return {"id": id}

    @router.post("/{id}")
    async def failing(id: str) -> None:
        raise RuntimeError(id)

    @router.get("/{id}/stream")
    async def stream(id: str) -> StreamingResponse:
        return StreamingResponse(iter([id] * 3))

    app = FastAPI(routes=list(router.routes))
    app.add_middleware(Bodies, largest=10, larger=())
    app.add_middleware(RequestCounts)
    return app


def counted(route: str = ROUTE, method: str = "GET", status: str = "2xx") -> float:
    labels = {"route": route, "method": method, "status": status}
    return REGISTRY.get_sample_value("hotline_request_seconds_count", labels) or 0


def series() -> int:
    return sum(
        1
        for family in REGISTRY.collect()
        if family.name == "hotline_request_seconds"
        for sample in family.samples
        if sample.name.endswith("_count")
    )


async def ask(method: str, path: str, content: bytes = b"") -> int:
    transport = httpx.ASGITransport(build(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://counted") as client:
        return (await client.request(method, path, content=content)).status_code


@pytest.mark.parametrize(
    ("method", "path", "status", "labels"),
    [
        ("GET", "/v1/counted/a", 200, {}),
        ("POST", "/v1/counted/a", 500, {"method": "POST", "status": "5xx"}),
        ("GET", "/v1/counted/a/stream", 200, {"route": f"{ROUTE}/stream"}),
        ("GET", "/elsewhere", 404, {"route": "other", "status": "4xx"}),
        ("DELETE", "/v1/counted/a", 405, {"route": "other", "method": "DELETE", "status": "4xx"}),
        ("BREW", "/v1/counted/a", 405, {"route": "other", "method": "other", "status": "4xx"}),
    ],
)
async def test_a_request_is_counted_by_its_template_method_and_class(
    method: str, path: str, status: int, labels: dict[str, str]
) -> None:
    before = counted(**labels)
    assert await ask(method, path) == status
    assert counted(**labels) == before + 1


async def test_whoever_asks_for_a_thousand_things_makes_no_series() -> None:
    for method, path in [("GET", "/v1/counted/x"), ("GET", "/nothing"), ("PURGE", "/nothing")]:
        await ask(method, path)
    before = series()
    for n in range(30):
        await ask("GET", f"/v1/counted/{n}")
        await ask(f"M{n}", f"/nothing/{n}")
        await ask("GET", f"/v1/counted/{n}/more/{n}")
    assert series() == before


async def test_what_machines_ask_all_day_is_in_no_figure() -> None:
    before = series()
    for path in ("/metrics", "/healthz", "/readyz", "/metrics/estates"):
        await ask("GET", path)
    assert series() == before
