"""Every endpoint, as every role: who may not is refused before anything is looked at, and nobody
else is (design promise 10).

The services run in this process; once they have started their store is away, and says so whatever
it is asked. So a refusal came without a look at the thing, be it one's own, foreign or missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from motor.frameworks import asyncio as motor
from pymongo.errors import ConnectionFailure

from services.admin import app as admin
from services.admin.settings import AdminSettings
from services.intake import app as intake
from services.intake.settings import IntakeSettings
from services.notifier import app as notifier
from services.notifier.settings import NotifierSettings
from services.router import app as router
from services.router.settings import RouterSettings
from services.survey import app as survey
from services.survey.settings import SurveySettings
from shared.identity import Principal, issue_token
from tests.rights.endpoints import ROLES, Endpoint, endpoints_in, kind_of
from tests.rights.house import OWN_DEPARTMENT, OWN_PLACE, walker
from tests.support.bench import ServiceBench, opened
from tests.support.servers import Servers, open_corner

BUILDS: Final[dict[str, tuple[Any, Any]]] = {
    "admin": (admin.build, AdminSettings),
    "intake": (intake.build, IntakeSettings),
    "notifier": (notifier.build, NotifierSettings),
    "router": (router.build, RouterSettings),
    "survey": (survey.build, SurveySettings),
}
LOOKED: Final = "503 store-away"
"""What is said where the store was asked."""
NOT_LET_IN: Final = {"401 not-signed-in", "403 forbidden"}
ANYTHING: Final = "22222222"
EVERYWHERE: Final = "*"


@dataclass(frozen=True, slots=True)
class Doors:
    """Every service without a store, and somebody of each role before its doors."""

    bench: ServiceBench
    services: dict[str, httpx.AsyncClient]
    endpoints: list[Endpoint]
    schemas: set[str]
    """Names of all shapes in the documents."""

    async def ask(self, endpoint: Endpoint, *, role: Any, place: str = OWN_PLACE) -> str:
        """What became of one request as somebody, or without a token as nobody."""
        headers = {}
        if role is not None:
            who = Principal(walker(role), role, frozenset({place}), frozenset({OWN_DEPARTMENT}))
            token = issue_token(who, self.bench.keys.token, now=self.bench.now())
            headers["authorization"] = f"Bearer {token}"
        answer = await self.services[endpoint.service].request(
            endpoint.method, endpoint.at(ANYTHING), json=endpoint.body, headers=headers
        )
        return kind_of(answer)


@pytest_asyncio.fixture(scope="module")
async def doors(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    with open_corner(servers) as corner:
        async with opened(ServiceBench, corner, tmp_path_factory.mktemp("doors")) as bench:
            doors = await _services(bench)
            with pytest.MonkeyPatch.context() as patch:
                # Whatever the driver sends goes through here.
                patch.setattr(motor, "run_on_executor", _raise)
                yield doors


def _raise(*_: object, **__: object) -> None:
    raise ConnectionFailure("it was asked")


async def _services(bench: ServiceBench) -> Doors:
    apps = {name: await build(bench.settings_of(kind)) for name, (build, kind) in BUILDS.items()}
    services = {}
    for name, app in apps.items():
        bench.stack.push_async_callback(app.state.platform.aclose)
        transport = httpx.ASGITransport(app)
        services[name] = await bench.stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://service")
        )
    documents = {name: app.openapi() for name, app in apps.items()}
    schemas = {schema for doc in documents.values() for schema in doc["components"]["schemas"]}
    return Doors(bench, services, endpoints_in(documents), schemas)


async def test_nobody_comes_in_without_a_token_but_where_all_may(doors: Doors) -> None:
    said = {endpoint: await doors.ask(endpoint, role=None) for endpoint in doors.endpoints}

    refused = {endpoint for endpoint, what in said.items() if what == "401 not-signed-in"}
    assert refused == {endpoint for endpoint in doors.endpoints if not endpoint.is_open}


async def test_a_role_without_the_right_is_refused_before_anything_is_looked_at(
    doors: Doors,
) -> None:
    """But where the thing decides what is asked of it: test_walk asks there about real ones."""
    for endpoint in doors.endpoints:
        for role in set(ROLES) - endpoint.roles:
            if not (endpoint.is_open or endpoint.decides_late):
                said = await doors.ask(endpoint, role=role)
                assert said == "403 forbidden", (str(endpoint), role)


async def test_a_role_with_the_right_comes_in(doors: Doors) -> None:
    """Past the door it looks at the store, or has a fault to find in what it was sent before."""
    looked = set()
    for endpoint in doors.endpoints:
        for role in set(ROLES) & endpoint.roles:
            said = await doors.ask(endpoint, role=role)
            if endpoint.is_for_the_whole_group:
                assert said == "403 forbidden", (str(endpoint), role)
                said = await doors.ask(endpoint, role=role, place=EVERYWHERE)
            assert said not in NOT_LET_IN, (str(endpoint), role, said)
            if said == LOOKED:
                looked.add(endpoint)
    # A store that nobody asks would prove nothing.
    assert {endpoint.service for endpoint in looked} == set(BUILDS)


async def test_what_the_documents_call_a_shape_is_no_module(doors: Doors) -> None:
    """Two of one name in a service would be told apart by where they stand, which changes."""
    assert [schema for schema in doors.schemas if "__" in schema] == []
