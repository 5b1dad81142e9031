"""The way over the identity provider as the console asks for it: by its own key, for browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.admin.bench import Bench, bearer, open_bench
from tests.admin.mock_provider import consent, running_provider
from tests.admin.test_browsers import HERE, console, go_on
from tests.admin.test_provider import bind, client_of, come_back, reason
from tests.support.anew import Shared, shared
from tests.support.servers import Servers, open_corner

WAY = "/v1/session/browser/provider"
CONSOLE = "http://127.0.0.1:8000/session/provider"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture(scope="module")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, issuer: str
) -> AsyncIterator[Shared[Bench]]:
    """An administration that is a client of the provider, also for the console."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("admin")) as made:
            await made.add_replica(**client_of(issuer), oidc_console_url=CONSOLE)
            yield await shared(made)


async def begin(bench: Bench, key: dict[str, str]) -> dict[str, str]:
    answer = await bench.http.post(WAY, headers=key)
    assert answer.status_code == 201, answer.text
    way: dict[str, str] = answer.json()
    return way


async def finish(
    bench: Bench, key: dict[str, str], shown: dict[str, str], begun_here: str | None
) -> httpx.Response:
    known: dict[str, Any] = {n: shown[n] for n in ("state", "code", "error") if n in shown}
    body = known | {"begun_here": begun_here, "address": HERE}
    return await bench.http.post(f"{WAY}/finish", json=body, headers=key)


async def test_whoever_is_bound_gets_a_session_of_the_browser(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    key = await console(bench)
    way = await begin(bench, key)
    asked = parse_qs(urlsplit(way["address"]).query)

    answer = await finish(
        bench, key, await consent(way["address"], subject="subject-1"), way["state"]
    )

    assert asked["redirect_uri"] == [CONSOLE]
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    begun = answer.json()
    assert begun["factor_needed"] is False
    assert (await bench.who(bearer(begun))).json()["id"] == "chen.jie"
    assert (await go_on(bench, key, begun["secret"])).status_code == 200
    assert (await bench.refresh(begun["secret"])).status_code == 401


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("POST", "/finish")])
async def test_nobody_but_the_console_may_ask(bench: Bench, method: str, path: str) -> None:
    await bench.hire("xiao.he")
    body: Any = {"state": "x", "address": HERE} if path else None
    askers: list[dict[str, str]] = [{}, bench.boss(), bearer(await bench.tokens("xiao.he"))]

    found = [
        (await bench.http.request(method, WAY + path, headers=who, json=body)).status_code
        for who in askers
    ]

    assert found == [401, 403, 403]


async def test_what_comes_back_counts_once(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    key = await console(bench)
    way = await begin(bench, key)
    shown = await consent(way["address"], subject="subject-1")

    answers = await asyncio.gather(*(finish(bench, key, shown, way["state"]) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
    assert {reason(each) for each in answers if each.status_code == 401} == {"unknown-state"}


async def test_only_the_browser_that_began_comes_back(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    key = await console(bench)
    way, strangers = await begin(bench, key), await begin(bench, key)
    shown = await consent(way["address"], subject="subject-1")

    for begun_here in (strangers["state"], "", None):
        assert reason(await finish(bench, key, shown, begun_here)) == "unknown-state"
    assert (await finish(bench, key, shown, way["state"])).status_code == 201  # it was not used up


async def test_what_was_begun_for_the_console_counts_there_alone_and_the_other_way_round(
    bench: Bench, issuer: str
) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    key = await console(bench)
    replica = bench.replicas[0]
    way = await begin(bench, key)
    shown = await consent(way["address"], subject="subject-1")
    replica.http.cookies.set("hotline_oidc_state", way["state"], path="/v1/session/oidc")
    assert reason(await come_back(replica, shown)) == "unknown-state"

    other = (await replica.http.get("/v1/session/oidc")).headers["location"]
    shown = await consent(other, subject="subject-1")
    assert reason(await finish(bench, key, shown, shown["state"])) == "unknown-state"
    replica.http.cookies.clear()


async def test_what_was_begun_is_over_after_ten_minutes(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    key = await console(bench)
    way = await begin(bench, key)
    shown = await consent(way["address"], subject="subject-1")

    await bench.forward(timedelta(minutes=10))

    assert reason(await finish(bench, key, shown, way["state"])) == "unknown-state"


async def test_who_may_not_sign_in_is_refused_with_the_reason(bench: Bench, issuer: str) -> None:
    await bind(bench, "frozen", "subject-2", issuer)
    await bind(bench, "boss", "subject-3", issuer, "administrator")
    await bench.done("POST", "/v1/users/frozen/freeze", json={})
    key = await console(bench)

    async def refused(subject: str | None) -> Any:
        way = await begin(bench, key)
        shown = {"state": way["state"]} | await consent(way["address"], subject=subject)
        return reason(await finish(bench, key, shown, way["state"]))

    found = [await refused(subject) for subject in ("subject-1", "subject-2", "subject-3", None)]

    assert found == ["no-account", "no-account", "no-second-factor", "declined"]


async def test_without_an_address_of_the_console_it_offers_no_provider(
    bench: Bench, issuer: str
) -> None:
    key = await console(bench)
    here = (await bench.http.get(WAY, headers=key)).json()
    for settings in ({}, client_of(issuer)):
        replica = await bench.add_replica(**settings)
        body = {"state": "x", "begun_here": "x", "address": HERE}

        offer = await replica.http.get(WAY, headers=key)
        begun = await replica.http.post(WAY, headers=key)
        finished = await replica.http.post(f"{WAY}/finish", json=body, headers=key)

        assert offer.json() == {"offered": False}
        assert (begun.status_code, finished.status_code) == (409, 409)
    assert here == {"offered": True}


async def test_an_address_of_the_console_that_others_could_read_stops_the_start(
    bench: Bench, issuer: str
) -> None:
    with pytest.raises(ValueError, match="https"):
        await bench.add_replica(
            **client_of(issuer), oidc_console_url="http://desk.example/session/provider"
        )
