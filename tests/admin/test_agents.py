"""Agents' profiles, and whose certificates end soon."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.admin.bench import Bench

PROFILE: dict[str, Any] = {
    "trainings": [{"course": "induction", "passed_on": "2020-01-05"}],
    "certificates": [{"kind": "hotline", "since": "2020-01-05", "until": "2120-01-05"}],
    "skills": ["calming", "elevators"],
    "languages": ["en", "zh"],
    "dialects": ["yue"],
    "extensions": [],
}


def today(bench: Bench) -> date:
    return bench.now().astimezone(bench.platform.policy.calendar.zone).date()


def certified(until: date) -> dict[str, Any]:
    certificate = {"kind": "hotline", "since": "2020-01-05", "until": until.isoformat()}
    return {**PROFILE, "certificates": [certificate]}


async def test_what_an_agent_learned_is_kept_and_says_whether_they_may_answer(bench: Bench) -> None:
    await bench.invite("chen.jie")
    empty = await bench.done("GET", "/v1/agents/chen.jie")

    kept = await bench.done("PUT", "/v1/agents/chen.jie", json=PROFILE)

    assert (empty["qualified"], empty["skills"]) == (False, [])
    assert kept == {**PROFILE, "account": "chen.jie", "qualified": True}
    assert await bench.done("GET", "/v1/agents/chen.jie") == kept
    assert (await bench.done("GET", "/v1/agents"))["items"] == [kept]


async def test_a_certificate_that_ends_soon_is_listed_until_another_follows(bench: Bench) -> None:
    for id, days in (("chen.jie", 10), ("wang", 40), ("li", -3)):
        await bench.invite(id)
        until = today(bench) + timedelta(days=days)
        await bench.done("PUT", f"/v1/agents/{id}", json=certified(until))

    found = await bench.done("GET", "/v1/certificates", params={"end_within_days": 30})

    assert [item["account"] for item in found["items"]] == ["li", "chen.jie"]
    await bench.done("PUT", "/v1/agents/li", json=PROFILE)
    found = await bench.done("GET", "/v1/certificates", params={"end_within_days": 30})
    assert [item["account"] for item in found["items"]] == ["chen.jie"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"languages": ["Chinese"]}, "languages"),
        ({"skills": ["talks a lot"]}, "skills.0"),
        ({"certificates": [{"kind": "x", "since": "2020-02-01", "until": "2020-01-01"}]},
         "certificates"),
        ({"trainings": [{"course": "x", "passed_on": "soon"}]}, "trainings.0.passed_on"),
    ],
)  # fmt: skip
async def test_a_fault_is_named_by_its_field(
    bench: Bench, more: dict[str, Any], field: str
) -> None:
    await bench.invite("chen.jie")

    answer = await bench.ask("PUT", "/v1/agents/chen.jie", json={**PROFILE, **more})

    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == field


async def test_a_telephone_is_of_one_agent_alone(bench: Bench) -> None:
    for id in ("chen.jie", "wang", "li"):
        await bench.invite(id)
    two = [{"exchange": "main", "extension": each} for each in ("8001", "8002")]
    mine, other = {**PROFILE, "extensions": two}, {**PROFILE, "extensions": two[1:]}

    kept = await bench.done("PUT", "/v1/agents/chen.jie", json=mine)
    taken = await bench.ask("PUT", "/v1/agents/wang", json=other)
    elsewhere = {**PROFILE, "extensions": [{"exchange": "north", "extension": "8001"}]}

    assert kept["extensions"] == two
    assert (taken.status_code, taken.json()["type"].rpartition(":")[2]) == (409, "telephone-taken")
    assert (await bench.done("GET", "/v1/agents/wang"))["extensions"] == []
    assert (await bench.ask("PUT", "/v1/agents/li", json=elsewhere)).status_code == 200
    assert (await bench.ask("PUT", "/v1/agents/chen.jie", json=PROFILE)).status_code == 200
    assert (await bench.ask("PUT", "/v1/agents/wang", json=other)).status_code == 200


@pytest.mark.parametrize(
    "extensions",
    [
        [{"exchange": "main", "extension": "13800138000"}],
        [{"exchange": "Main!", "extension": "8001"}],
        [{"exchange": "main", "extension": ""}],
        [{"exchange": "main", "extension": "8001"}] * 2,
        [{"exchange": "main"}],
        "8001",
    ],
)
async def test_what_is_no_telephone_is_refused_by_its_field(bench: Bench, extensions: Any) -> None:
    await bench.invite("chen.jie")
    body = {**PROFILE, "extensions": extensions}

    answer = await bench.ask("PUT", "/v1/agents/chen.jie", json=body)

    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"].startswith("extensions")


async def test_profiles_are_read_and_written_by_who_may(bench: Bench) -> None:
    await bench.invite("chen.jie")
    path = "/v1/agents/chen.jie"

    seen = [
        (await bench.ask("GET", path, bench.signed_in(role))).status_code
        for role in ("supervisor", "manager", "administrator", "agent")
    ]
    written = [
        (await bench.ask("PUT", path, bench.signed_in(role), json=PROFILE)).status_code
        for role in ("supervisor", "manager")
    ]

    assert (seen, written) == ([200, 200, 200, 403], [200, 403])
    assert (await bench.ask("PUT", "/v1/agents/nobody", json=PROFILE)).status_code == 404
