"""What is taken back counts nowhere within five seconds, whether or not the broker is there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from services.hotline.demo.hands import until
from tests.support.floor import Floor, running_floor

PASSWORD: Final = "vier Pferde ziehen am Mond"
SECONDS: Final = 5.0
PATHS: Final = {
    "intake": "/v1/tickets/22222222",
    "router": "/v1/emergencies/22222222",
    "notifier": "/v1/messages/nothing",
    "survey": "/v1/surveys/nothing",
    "admin": "/v1/users",
}
"""Where whoever is known gets another answer than 401."""


@pytest.fixture
async def own_floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    """A hotline whose broker may be stopped."""
    async with running_floor(tmp_path_factory.mktemp("freezing")) as floor:
        yield floor


async def manage(floor: Floor, path: str, **body: Any) -> dict[str, Any]:
    answer = await floor.hands.call(
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
    (await floor.hands.http.post(f"{admin}/v1/session/password", json=body)).raise_for_status()
    shown = {"id": account, "password": PASSWORD}
    tokens = await floor.hands.http.post(f"{admin}/v1/session", json=shown)
    key = await manage(
        floor, "/v1/api-keys", publisher="app", actions=["ticket.register"], owner=account
    )
    return {"token": tokens.json()["access_token"], "key": key["secret"]}


async def statuses(floor: Floor, shown: str) -> dict[str, int]:
    """What each service answers."""
    headers = {"Authorization": f"Bearer {shown}"}
    return {
        service: (
            await floor.hands.http.get(floor.endpoints.services[service] + path, headers=headers)
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


@pytest.mark.parametrize("broker", ["there", "away"])
async def test_a_frozen_account_and_its_key_are_out_of_every_service_within_five_seconds(
    own_floor: Floor, broker: str
) -> None:
    floor = own_floor
    assert set(PATHS) == set(floor.endpoints.services)
    shown = await credentials_of(floor, "chen.jie")
    for credential in shown.values():
        await until_all_answer(floor, credential, {200, 403, 404})
    if broker == "away":
        servers = floor.supervisor._servers
        assert servers is not None
        assert servers._rabbit is not None
        servers._rabbit.kill()

    frozen_at = time.monotonic()
    await manage(floor, "/v1/users/chen.jie/freeze")

    for credential in shown.values():
        await until_all_answer(floor, credential, {401})
    assert time.monotonic() - frozen_at < SECONDS
