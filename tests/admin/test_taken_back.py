"""What a process answers that cannot read what was taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.readers.credentials import Credentials
from tests.admin.bench import Bench, bearer
from tests.support.bench import until


async def test_without_a_look_for_three_seconds_the_answer_is_503_and_never_401(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.hire("chen.jie")
    who = bearer(await bench.tokens("chen.jie"))
    key = {"Authorization": "Bearer hk_aaaaaaaaaaaa_" + "x" * 43}

    async def hangs(*_: Any) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Credentials, "_read", hangs)

        async def is_away() -> bool:
            return (await bench.who(who)).status_code == 503

        await until(is_away, seconds=6)
        answers = [await bench.who(who), await bench.ask("GET", "/v1/users", key)]
        assert {a.json()["type"] for a in answers} == {"urn:hotline:problem:credentials-away"}
        assert (await bench.who(bench.boss())).status_code == 200, "lasts until it ends"

    async def is_back() -> bool:
        return (await bench.who(who)).status_code == 200

    await until(is_back, seconds=6)
    assert (await bench.ask("GET", "/v1/users", key)).status_code == 401


async def test_a_frozen_account_is_out_within_five_seconds_by_itself(bench: Bench) -> None:
    other = await bench.add_replica()
    await bench.hire("chen.jie")
    who = bearer(await bench.tokens("chen.jie"))
    assert (await other.http.get("/v1/session", headers=who)).status_code == 200

    await bench.done("POST", "/v1/users/chen.jie/freeze", json={})

    async def is_out() -> bool:
        return (await other.http.get("/v1/session", headers=who)).status_code == 401

    await until(is_out, seconds=5)
