"""What is taken back counts nowhere within five seconds, whether or not the broker is there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
import pytest_asyncio

from hotline.demo.clients import until
from hotline.embedded import RabbitNode
from tests.support.floor import Floor, running_floor

pytestmark = [pytest.mark.alone, pytest.mark.whole]
PASSWORD: Final = "vier Pferde ziehen am Mond"
SECONDS: Final = 5.0
PATHS: Final = {
    "intake": "/v1/tickets/22222222",
    "router": "/v1/emergencies/22222222",
    "notifier": "/v1/messages/nothing",
    "survey": "/v1/surveys/nothing",
    "admin": "/v1/users",
    "telephony": "/v1/calls/nothing",
}
"""Where whoever is known gets another answer than 401."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    """A broker that nobody starts again."""
    node = RabbitNode.prepare(tmp_path_factory.mktemp("broker"))
    node.launch()
    try:
        node.await_ready()
        yield node
    finally:
        if node.is_running():
            node.kill()
        node.stop()


@pytest_asyncio.fixture(scope="module")
async def own_floor(
    tmp_path_factory: pytest.TempPathFactory, broker: RabbitNode
) -> AsyncIterator[Floor]:
    folder = tmp_path_factory.mktemp("freezing")
    async with running_floor(folder, amqp_url=broker.amqp_url) as running:
        yield running


async def manage(floor: Floor, path: str, **body: Any) -> dict[str, Any]:
    answer = await floor.clients.call(
        "POST", "admin", path, role="administrator", by="operator", json=body
    )
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def credentials_of(floor: Floor, account: str) -> dict[str, str]:
    """Somebody's token, and a key that they answer for."""
    admin = floor.endpoints.services["admin"]
    invited = await manage(floor, "/v1/users", id=account, role="agent")
    body = {"invitation": invited["invitation"], "password": PASSWORD}
    (await floor.clients.http.post(f"{admin}/v1/session/password", json=body)).raise_for_status()
    shown = {"id": account, "password": PASSWORD}
    tokens = await floor.clients.http.post(f"{admin}/v1/session", json=shown)
    key = await manage(
        floor, "/v1/api-keys", publisher="app", actions=["ticket.register"], owner=account
    )
    return {"token": tokens.json()["access_token"], "key": key["secret"]}


async def statuses(floor: Floor, shown: str) -> dict[str, int]:
    """What each service answers."""
    headers = {"Authorization": f"Bearer {shown}"}
    return {
        service: (
            await floor.clients.http.get(floor.endpoints.services[service] + path, headers=headers)
        ).status_code
        for service, path in PATHS.items()
    }


async def until_all_answer(floor: Floor, shown: str, wanted: set[int]) -> float:
    """Wait until every service answers so; how long that took."""
    began = time.monotonic()

    async def all_do() -> bool | None:
        return set((await statuses(floor, shown)).values()) <= wanted or None

    await until(all_do, f"{wanted} everywhere", seconds=20)
    return time.monotonic() - began


@pytest.mark.parametrize("is_left", ["running", "killed"])
async def test_a_frozen_account_and_its_key_are_out_of_every_service_within_five_seconds(
    own_floor: Floor, broker: RabbitNode, is_left: str
) -> None:
    floor = own_floor
    # The console has pages and no API: whose sessions end there is tried in a browser.
    assert {*PATHS, "console"} == set(floor.endpoints.services)
    account = "chen.jie" if is_left == "running" else "wang.fang"
    shown = await credentials_of(floor, account)
    for credential in shown.values():
        await until_all_answer(floor, credential, {200, 403, 404})
    if is_left == "killed":
        broker.kill()

    frozen_at = time.monotonic()
    await manage(floor, f"/v1/users/{account}/freeze")

    for credential in shown.values():
        await until_all_answer(floor, credential, {401})
    assert time.monotonic() - frozen_at < SECONDS
    assert broker.is_running() == (is_left == "running")
