"""Sessions of browsers: the console alone may use their secrets, which do not rotate."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.admin.browsers.continuing import Browsers
from shared.identity.tokens import read_token
from shared.readers.console_key import (
    ACTIONS,
    LASTS,
    RENEWED_BEFORE,
    lacks_console_key,
    make_console_key,
)
from tests.admin.bench import PASSWORD, Bench, bearer

HERE = "198.51.100.7"


async def console(bench: Bench) -> dict[str, str]:
    """The headers of the console, with a key as seeding makes it."""
    secret = bench.keys.derived("api-keys")
    _, shown = await make_console_key(bench.store._database, secret, now=bench.now())
    await bench.hear()
    return {"Authorization": f"Bearer {shown}"}


async def begin(
    bench: Bench, key: dict[str, str], id: str = "xiao.he", address: str = HERE, **more: Any
) -> httpx.Response:
    body = {"id": id, "password": PASSWORD, "address": address, **more}
    return await bench.http.post("/v1/session/browser", json=body, headers=key)


async def go_on(bench: Bench, key: dict[str, str], secret: str) -> httpx.Response:
    body = {"secret": secret, "address": HERE}
    return await bench.http.post("/v1/session/continue", json=body, headers=key)


async def ended(bench: Bench, key: dict[str, str], *ids: str) -> dict[str, str]:
    answer = await bench.http.post("/v1/session/check", json={"ids": ids}, headers=key)
    assert answer.status_code == 200, answer.text
    return {each["id"]: each["why"] for each in answer.json()["ended"]}


async def test_a_browsers_secret_gives_tokens_as_often_as_it_is_shown(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    begun = (await begin(bench, key)).json()

    answers = await asyncio.gather(*(go_on(bench, key, begun["secret"]) for _ in range(9)))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["session"] for answer in answers} == {begun["session"]}
    signed = read_token(answers[0].json()["access_token"], bench.keys.token, now=bench.now())
    assert signed.principal.id == "xiao.he"
    assert signed.ends_at - signed.issued_at < timedelta(minutes=11)
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)


@pytest.mark.parametrize("path", ["browser", "continue", "check"])
async def test_nobody_but_the_console_may_ask(bench: Bench, path: str) -> None:
    await bench.hire("xiao.he")
    body = {
        "browser": {"id": "xiao.he", "password": PASSWORD, "address": HERE},
        "continue": {"secret": "x", "address": HERE},
        "check": {"ids": []},
    }[path]
    system = (await bench.done("POST", "/v1/api-keys", json={
        "publisher": "console", "actions": ["ticket.register"]
    }))["secret"]  # fmt: skip
    await bench.hear()

    as_person = await bench.http.post(
        f"/v1/session/{path}", json=body, headers=bearer(await bench.tokens("xiao.he"))
    )
    as_system = await bench.http.post(
        f"/v1/session/{path}", json=body, headers={"Authorization": f"Bearer {system}"}
    )
    as_nobody = await bench.http.post(f"/v1/session/{path}", json=body)
    as_boss = await bench.http.post(f"/v1/session/{path}", json=body, headers=bench.boss())

    found = [a.status_code for a in (as_person, as_system, as_nobody, as_boss)]
    assert found == [403, 403, 401, 403]


async def test_an_administrator_cannot_make_such_a_key(bench: Bench) -> None:
    for actions in (["session.continue"], ["session.check", "ticket.register"]):
        body = {"publisher": "console", "actions": actions}
        assert (await bench.ask("POST", "/v1/api-keys", json=body)).status_code == 422


async def test_the_consoles_key_opens_nothing_else(bench: Bench) -> None:
    key = await console(bench)
    for path in ("/v1/users", "/v1/audit", "/v1/policies", "/v1/session", "/v1/api-keys"):
        assert (await bench.http.get(path, headers=key)).status_code in {401, 403}, path


async def test_a_browsers_secret_is_no_refresh_token_and_the_other_way_round(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    secret = (await begin(bench, key)).json()["secret"]
    refresh = (await bench.tokens("xiao.he"))["refresh_token"]

    assert (await bench.refresh(secret)).status_code == 401
    assert (await go_on(bench, key, refresh)).status_code == 401
    assert (await go_on(bench, key, secret)).status_code == 200
    assert (await bench.refresh(refresh)).status_code == 200


@pytest.mark.parametrize("secret", ["x", "x.y", "." * 200, "0" * 32 + "." + "y" * 43])
async def test_rubbish_continues_nothing(bench: Bench, secret: str) -> None:
    answer = await go_on(bench, await console(bench), secret)

    assert (answer.status_code, answer.json()["reason"]) == (401, "session")


async def test_a_secret_with_one_sign_changed_is_refused(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    secret = (await begin(bench, key)).json()["secret"]
    changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")

    assert (await go_on(bench, key, changed)).status_code == 401


async def test_tries_are_counted_by_the_address_that_the_console_names(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    for _ in range(10):
        assert (await begin(bench, key, password="falsch falsch")).status_code == 401

    assert (await begin(bench, key)).status_code == 429
    assert (await begin(bench, key, address="203.0.113.9")).status_code == 201
    assert (await bench.sign_in("xiao.he")).status_code == 201


@pytest.mark.parametrize("address", ["", "somewhere", "1.2.3.4, 5.6.7.8", "x" * 300])
async def test_an_address_must_be_one(bench: Bench, address: str) -> None:
    answer = await begin(bench, await console(bench), address=address)

    assert answer.status_code == 422


async def test_what_ended_and_why_is_told_and_to_ask_prolongs_nothing(bench: Bench) -> None:
    for id in ("xiao.he", "lao.li", "da.wang"):
        await bench.hire(id)
    key = await console(bench)
    sessions = {id: (await begin(bench, key, id)).json() for id in ("xiao.he", "lao.li", "da.wang")}
    ids = {id: each["session"] for id, each in sessions.items()}
    assert await ended(bench, key, *ids.values()) == {}

    await bench.done("POST", "/v1/users/lao.li/freeze", json={})
    signed_in = {"Authorization": f"Bearer {sessions['xiao.he']['access_token']}"}
    await bench.done("DELETE", "/v1/session", signed_in)

    assert await ended(bench, key, *ids.values(), "none") == {
        ids["xiao.he"]: "signed_out",
        ids["lao.li"]: "frozen",
        "none": "unknown",
    }
    await bench.forward(timedelta(minutes=61))
    assert (await ended(bench, key, ids["da.wang"])) == {ids["da.wang"]: "over"}
    assert (await go_on(bench, key, sessions["da.wang"]["secret"])).status_code == 401


async def test_a_session_that_is_used_lasts_half_a_day_and_no_longer(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    secret = (await begin(bench, key)).json()["secret"]

    for _ in range(13):
        await bench.forward(timedelta(minutes=55))
        assert (await go_on(bench, key, secret)).status_code == 200
    await bench.forward(timedelta(minutes=6))

    assert (await go_on(bench, key, secret)).status_code == 401


async def test_use_is_written_down_once_a_minute(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    begun = (await begin(bench, key)).json()

    async def version() -> int:
        doc = await bench.store.get("sessions", begun["session"])
        assert doc is not None
        return int(doc["version"])

    at_first = await version()
    for _ in range(3):
        await go_on(bench, key, begun["secret"])
    assert await version() == at_first
    await bench.forward(timedelta(minutes=2))
    for _ in range(3):
        await go_on(bench, key, begun["secret"])
    assert await version() == at_first + 1


async def test_a_changed_account_ends_its_sessions(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    begun = (await begin(bench, key)).json()
    await bench.done("PATCH", "/v1/users/xiao.he", json={"places": ["jinyuan"]})

    assert (await ended(bench, key, begun["session"]))[begun["session"]] == "account_changed"
    assert (await go_on(bench, key, begun["secret"])).status_code == 401


async def test_who_needs_a_second_factor_gets_a_session_for_that_alone(bench: Bench) -> None:
    await bench.hire("lead", "supervisor")
    key = await console(bench)

    first = (await begin(bench, key, "lead")).json()
    await bench.secure("lead")
    without = await begin(bench, key, "lead")
    with_code = await begin(bench, key, "lead", code=bench.code("lead", steps=1))

    assert first["factor_needed"] is True
    assert without.status_code == 401
    assert with_code.json()["factor_needed"] is False


async def test_a_thousand_sessions_are_asked_after_at_once_and_no_more(bench: Bench) -> None:
    key = await console(bench)

    assert len(await ended(bench, key, *map(str, range(1_000)))) == 1_000
    body = {"ids": [str(n) for n in range(1_001)]}
    answer = await bench.http.post("/v1/session/check", json=body, headers=key)
    assert answer.status_code == 422


async def test_a_session_that_ends_while_it_is_continued_gives_no_token(bench: Bench) -> None:
    await bench.hire("xiao.he")
    key = await console(bench)
    begun = (await begin(bench, key)).json()
    await bench.forward(timedelta(minutes=2))
    browsers: list[Browsers] = []
    ended_by: list[str] = []

    change = Browsers.go_on

    async def end_first(self: Browsers, secret: str, address: str, *, used: bool) -> Any:
        browsers.append(self)
        get = self._sessions.get

        async def got(id: str) -> Any:
            found = await get(id)
            if not ended_by:  # once: the write that follows reads again
                ended_by.append(id)
                await self._signing_in.sign_out(id)
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self._sessions, "get", got)
            return await change(self, secret, address, used=used)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Browsers, "go_on", end_first)
        answer = await go_on(bench, key, begun["secret"])

    assert browsers
    assert answer.status_code == 401


async def test_the_consoles_key_is_made_anew_before_it_ends(bench: Bench) -> None:
    database, secret = bench.store._database, bench.keys.derived("api-keys")
    now = bench.now()
    id, shown = await make_console_key(database, secret, now=now)

    assert not await lacks_console_key(database, shown, secret, now=now)
    assert await lacks_console_key(database, None, secret, now=now)
    assert await lacks_console_key(database, "rubbish", secret, now=now)
    assert await lacks_console_key(database, shown, b"another secret", now=now)
    late = now + LASTS - RENEWED_BEFORE
    assert await lacks_console_key(database, shown, secret, now=late)
    await bench.done("POST", f"/v1/api-keys/{id}/revoke", json={})
    assert await lacks_console_key(database, shown, secret, now=now)
    assert ACTIONS == ("session.check", "session.continue")
