"""Sessions: one answer for whatever does not fit, tokens that count once, and an end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.admin.sessions.domain import REFRESHES_REMEMBERED
from services.admin.sessions.passwords import Passwords
from tests.admin.bench import OTHER_PASSWORD, Bench, bearer


async def test_a_wrong_id_password_code_and_a_frozen_account_answer_alike(bench: Bench) -> None:
    for id in ("chen.jie", "frozen", "secured", "invited"):
        await (bench.invite(id) if id == "invited" else bench.hire(id))
    await bench.done("POST", "/v1/users/frozen/freeze", json={})
    await bench.secure("secured")

    answers = [
        await bench.sign_in("nobody"),
        await bench.sign_in("chen.jie", OTHER_PASSWORD),
        await bench.sign_in("frozen"),
        await bench.sign_in("secured"),
        await bench.sign_in("secured", code="000000"),
        await bench.sign_in("invited"),
        await bench.sign_in("陈洁\u2028"),
    ]

    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1
    headers = {tuple((k, v) for k, v in a.headers.items() if k != "date") for a in answers}
    assert len(headers) == 1


async def test_each_of_them_takes_the_same_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []
    original = Passwords._fits

    def counted(self: Passwords, password: str, kept: str) -> bool:
        hashed.append(len(kept))
        return original(self, password, kept)

    monkeypatch.setattr(Passwords, "_fits", counted)
    await bench.hire("chen.jie")
    await bench.hire("frozen")
    await bench.done("POST", "/v1/users/frozen/freeze", json={})

    for id in ("nobody", "chen.jie", "frozen"):
        await bench.sign_in(id, OTHER_PASSWORD)

    assert len(hashed) == 3
    assert len(set(hashed)) == 1, "the same parameters, so the same length"


async def test_a_password_fits_however_its_letters_were_typed(bench: Bench) -> None:
    invitation = await bench.invite("chen.jie")
    await bench.accept(invitation, "Gru\u0308ne Wiese im Mai")

    assert (await bench.sign_in("chen.jie", "Gr\u00fcne Wiese im Mai")).status_code == 201


async def test_a_token_lasts_ten_minutes_and_is_refreshed(bench: Bench) -> None:
    await bench.hire("chen.jie")
    first = await bench.tokens("chen.jie")
    assert first["expires_in"] == 600

    await bench.forward(timedelta(minutes=9))
    assert (await bench.who(bearer(first))).status_code == 200
    await bench.forward(timedelta(minutes=2))
    assert (await bench.who(bearer(first))).status_code == 401
    second = (await bench.refresh(first["refresh_token"])).json()

    assert (await bench.who(bearer(second))).status_code == 200
    assert second["refresh_token"] != first["refresh_token"]


async def test_a_refresh_token_shown_twice_ends_the_session_for_both(bench: Bench) -> None:
    await bench.hire("chen.jie")
    first = await bench.tokens("chen.jie")
    second = (await bench.refresh(first["refresh_token"])).json()

    stolen = await bench.refresh(first["refresh_token"])
    await bench.hear()

    assert stolen.status_code == 401
    assert (await bench.refresh(second["refresh_token"])).status_code == 401
    assert (await bench.who(bearer(second))).status_code == 401
    [kept] = await bench.store.find("sessions", {}, limit=9)
    assert kept["why"] == "stolen"
    assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_of_many_who_refresh_at_once_at_most_one_goes_on(bench: Bench) -> None:
    await bench.hire("chen.jie")
    first = await bench.tokens("chen.jie")

    answers = await asyncio.gather(*(bench.refresh(first["refresh_token"]) for _ in range(6)))
    await bench.hear()

    good = [a for a in answers if a.status_code == 200]
    assert len(good) <= 1
    for answer in good:
        assert (await bench.who(bearer(answer.json()))).status_code == 401


@pytest.mark.parametrize("spoil", [lambda t: t + "x", lambda t: t.partition(".")[0] + ".guess",
                                   lambda t: "0" * 32 + "." + t.partition(".")[2]])  # fmt: skip
async def test_a_guessed_refresh_token_ends_nobodys_session(bench: Bench, spoil: Any) -> None:
    await bench.hire("chen.jie")
    tokens = await bench.tokens("chen.jie")

    assert (await bench.refresh(spoil(tokens["refresh_token"]))).status_code == 401
    assert (await bench.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_session_ends_after_an_hour_unused(bench: Bench) -> None:
    await bench.hire("chen.jie")
    tokens = await bench.tokens("chen.jie")
    await bench.forward(timedelta(minutes=59))
    tokens = (await bench.refresh(tokens["refresh_token"])).json()

    await bench.forward(timedelta(hours=1))

    assert (await bench.refresh(tokens["refresh_token"])).status_code == 401


async def test_a_session_ends_after_a_shift_however_often_it_is_refreshed(bench: Bench) -> None:
    await bench.hire("chen.jie")
    tokens = await bench.tokens("chen.jie")
    for _ in range(13):
        await bench.forward(timedelta(minutes=55))
        answer = await bench.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()

    await bench.forward(timedelta(minutes=5))

    assert (await bench.refresh(tokens["refresh_token"])).status_code == 401


async def test_used_tokens_are_remembered_and_not_for_ever(bench: Bench) -> None:
    await bench.hire("chen.jie")
    tokens = await bench.tokens("chen.jie")
    for _ in range(REFRESHES_REMEMBERED + 2):
        tokens = (await bench.refresh(tokens["refresh_token"])).json()

    [kept] = await bench.store.find("sessions", {}, limit=9)

    assert len(kept["used"]) == REFRESHES_REMEMBERED


async def test_signing_out_ends_this_session_and_no_other(bench: Bench) -> None:
    await bench.hire("chen.jie")
    desk, phone = await bench.tokens("chen.jie"), await bench.tokens("chen.jie")

    answer = await bench.ask("DELETE", "/v1/session", bearer(desk))
    await bench.hear()

    assert answer.status_code == 204
    assert (await bench.who(bearer(desk))).status_code == 401
    assert (await bench.refresh(desk["refresh_token"])).status_code == 401
    assert (await bench.who(bearer(phone))).status_code == 200


async def test_a_token_of_the_operator_s_belongs_to_no_session(bench: Bench) -> None:
    answer = await bench.ask("DELETE", "/v1/session")

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "no-session")
    assert (await bench.who(bench.boss())).json()["session"] is None


async def test_what_is_answered_is_not_kept_on_the_way(bench: Bench) -> None:
    await bench.hire("chen.jie")

    answer = await bench.sign_in("chen.jie")

    assert answer.headers["cache-control"] == "no-store"


async def test_another_password_signs_out_everywhere(bench: Bench) -> None:
    await bench.hire("chen.jie")
    tokens = await bench.tokens("chen.jie")
    invited = await bench.done("POST", "/v1/users/chen.jie/invitation", json={})

    await bench.accept(invited["invitation"], OTHER_PASSWORD)
    await bench.hear()

    assert (await bench.who(bearer(tokens))).status_code == 401
    assert (await bench.refresh(tokens["refresh_token"])).status_code == 401
    assert (await bench.sign_in("chen.jie")).status_code == 401
    assert (await bench.sign_in("chen.jie", OTHER_PASSWORD)).status_code == 201


async def test_no_token_escapes_a_freeze_that_comes_while_it_is_made(bench: Bench) -> None:
    """Whatever was read before the freeze carries the edition before it."""
    await bench.hire("chen.jie")
    for _ in range(4):
        tokens = await bench.tokens("chen.jie")
        answers = await asyncio.gather(
            bench.refresh(tokens["refresh_token"]),
            bench.sign_in("chen.jie"),
            bench.ask("POST", "/v1/users/chen.jie/freeze", json={}),
        )
        await bench.hear()

        for answer in answers[:2]:
            if answer.is_success:
                assert (await bench.who(bearer(answer.json()))).status_code == 401
        await bench.done("POST", "/v1/users/chen.jie/thaw", json={})
