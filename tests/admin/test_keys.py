"""Keys of systems: shown once, counted everywhere, exchanged, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.admin.bench import Bench
from tests.support.bench import until

REGISTER = {"publisher": "resident-app", "actions": ["ticket.register"]}


async def make(bench: Bench, **more: Any) -> tuple[str, str]:
    shown = await bench.done("POST", "/v1/api-keys", json={**REGISTER, **more})
    await bench.hear()
    return shown["key"]["id"], shown["secret"]


async def status(bench: Bench, secret: str, path: str = "/v1/users") -> int:
    """403 means known and not allowed this, 401 not known."""
    who = {"Authorization": f"Bearer {secret}"}
    return (await bench.http.get(path, headers=who)).status_code


async def test_a_key_is_shown_once_and_known_everywhere(bench: Bench) -> None:
    other = await bench.add_replica()
    id, secret = await make(bench)

    assert secret.startswith(f"hk_{id}_")
    assert await status(bench, secret) == 403
    answer = await other.http.get("/v1/users", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    shown = (await bench.ask("GET", f"/v1/api-keys/{id}")).text
    kept = str(await bench.store.find("api_keys", {}, limit=9))
    assert secret.removeprefix(f"hk_{id}_") not in shown + kept


async def test_a_key_acts_as_its_system_within_its_reach_and_actions(bench: Bench) -> None:
    _, secret = await make(bench, places=["jinyuan"])

    known = bench.platform.credentials.bearer_of(secret, now=bench.now())

    assert (known.id, known.role) == ("system:resident-app", "system")
    assert known.places == {"jinyuan"}
    assert known.actions == frozenset({"ticket.register"})


async def test_a_revoked_key_counts_nowhere_and_does_not_come_back(bench: Bench) -> None:
    id, secret = await make(bench)

    await bench.done("POST", f"/v1/api-keys/{id}/revoke", json={})

    async def is_unknown() -> bool:
        return await status(bench, secret) == 401

    await until(is_unknown, seconds=5)  # read by itself, each second
    again = await bench.ask("POST", f"/v1/api-keys/{id}/rotate", json={})
    assert again.status_code == 409


async def test_an_exchanged_key_has_two_secrets_for_the_overlap(bench: Bench) -> None:
    id, old = await make(bench)

    shown = await bench.done("POST", f"/v1/api-keys/{id}/rotate", json={"overlap_days": 2})
    await bench.hear()
    new = shown["secret"]

    assert (shown["key"]["id"], shown["key"]["older_until"] is None) == (id, False)
    assert [await status(bench, s) for s in (old, new)] == [403, 403]
    await bench.forward(timedelta(days=2, seconds=1))
    await bench.hear()
    assert [await status(bench, s) for s in (old, new)] == [401, 403]


async def test_a_key_expires_at_once_by_the_clock(bench: Bench) -> None:
    _, secret = await make(bench, days=1)
    await bench.forward(timedelta(days=1))

    assert await status(bench, secret) == 401, "also before the next look"
    await bench.hear()
    assert await status(bench, secret) == 401


async def test_a_key_stops_with_the_account_that_answers_for_it(bench: Bench) -> None:
    await bench.invite("chen.jie")
    _, own = await make(bench, owner="chen.jie")
    _, other = await make(bench)

    await bench.done("POST", "/v1/users/chen.jie/freeze", json={})
    await bench.hear()
    assert [await status(bench, s) for s in (own, other)] == [401, 403]
    refused = await bench.ask("POST", "/v1/api-keys", json={**REGISTER, "owner": "chen.jie"})
    assert refused.json()["faults"][0]["field"] == "owner"
    await bench.done("POST", "/v1/users/chen.jie/thaw", json={})
    await bench.hear()
    assert await status(bench, own) == 403


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"publisher": "App!"}, "publisher"),
        ({"actions": ["account.manage"]}, "actions"),
        ({"actions": []}, "actions"),
        ({"places": ["atlantis"]}, "places"),
        ({"days": 366}, "days"),
        ({"owner": "nobody"}, "owner"),
    ],
)
async def test_a_fault_is_named_by_its_field(
    bench: Bench, more: dict[str, Any], field: str
) -> None:
    answer = await bench.ask("POST", "/v1/api-keys", json={**REGISTER, **more})

    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == field


async def test_keys_are_listed_and_are_for_administrators_of_the_whole_group(bench: Bench) -> None:
    ids = {(await make(bench, publisher=f"app{n}"))[0] for n in range(3)}

    listed = await bench.done("GET", "/v1/api-keys", bench.signed_in("auditor"))
    refused = [
        await bench.ask("POST", "/v1/api-keys", who, json=REGISTER)
        for who in (bench.signed_in("auditor"), bench.signed_in("administrator", "jinyuan"))
    ]

    assert {key["id"] for key in listed["items"]} == ids
    assert [a.status_code for a in refused] == [403, 403]
    assert (await bench.ask("GET", "/v1/api-keys/nothing")).status_code == 404
