"""Signing in: who guesses is slowed, and who is guessed at is not locked out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx
import pyotp

from tests.support.floor import Floor

PASSWORD: Final = "vier Pferde ziehen am Mond"
WRONG: Final = "drei Kessel voller Regen"


@asynccontextmanager
async def at(
    floor: Floor, address: str, service: str = "admin"
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who asks from an address of their own."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    base = floor.endpoints.services[service]
    async with httpx.AsyncClient(transport=transport, base_url=base, timeout=30) as http:
        yield http


async def hired(floor: Floor, id: str, address: str, role: str = "agent") -> None:
    """Somebody with an account and a password, who sets it at that address."""
    body = {"id": id, "role": role}
    made = await floor.clients.call("POST", "admin", "/v1/users", role="administrator", json=body)
    assert made.status_code == 201, made.text
    accepted = {"invitation": made.json()["invitation"], "password": PASSWORD}
    async with at(floor, address) as http:
        answer = await http.post("/v1/session/password", json=accepted)
    assert answer.status_code == 204, answer.text


async def signed_in(
    floor: Floor, id: str, address: str, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    async with at(floor, address) as http:
        body = {"id": id, "password": password}
        return await http.post("/v1/session", json=body, headers=headers)


def statuses(answers: Sequence[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


async def test_a16_wrong_passwords_from_three_addresses_do_not_lock_the_owner_out(
    floor: Floor,
) -> None:
    desk = "127.16.1.1"
    await hired(floor, "a16.owner", desk)
    assert (await signed_in(floor, "a16.owner", desk)).status_code == 201

    guesses = [
        await signed_in(floor, "a16.owner", f"127.16.1.{n}", WRONG)
        for n in (2, 3, 4)
        for _ in range(10)
    ]

    assert statuses(guesses) == [401] * 30
    assert (await signed_in(floor, "a16.owner", "127.16.1.5")).status_code == 429
    assert (await signed_in(floor, "a16.owner", desk)).status_code == 201


async def test_a16_one_password_tried_at_many_accounts_from_one_address_is_slowed(
    floor: Floor,
) -> None:
    answers = [await signed_in(floor, f"a16.sprayed-{n}", "127.16.2.1", WRONG) for n in range(32)]

    assert statuses(answers) == [401] * 30 + [429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_a16_a_header_that_anybody_can_write_makes_no_other_address(floor: Floor) -> None:
    answers = [
        await signed_in(
            floor, f"a16.forged-{n}", "127.16.3.1", WRONG, **{"X-Forwarded-For": f"192.0.2.{n}"}
        )
        for n in range(32)
    ]

    assert statuses(answers) == [401] * 30 + [429, 429]


async def test_a23_guesses_at_the_code_of_a_new_device_are_counted(floor: Floor) -> None:
    address = "127.23.1.1"
    await hired(floor, "a23.guessed", address)
    tokens = (await signed_in(floor, "a23.guessed", address)).json()
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with at(floor, address) as http:
        begun = (await http.post("/v1/session/factor", json={}, headers=who)).json()
        wrong = f"{(int(pyotp.TOTP(begun['secret']).now()) + 500_000) % 1_000_000:06}"
        answers = [
            await http.post("/v1/session/factor/confirm", json={"code": wrong}, headers=who)
            for _ in range(60)
        ]

    assert statuses(answers) == [422] * 10 + [429] * 50


async def test_a23_guesses_at_links_are_counted_and_a_real_one_still_opens(floor: Floor) -> None:
    address = "127.23.2.1"
    for service, root in (("survey", "/s"), ("router", "/w")):
        async with at(floor, address, service) as http:
            answers = [await http.get(f"{root}/abc.guess-{n}") for n in range(60)]
            assert answers[0].status_code in {404, 429}
            assert statuses(answers)[-1] == 429
            assert "尝试次数过多" in answers[-1].text
            assert int(answers[-1].headers["retry-after"]) >= 1


async def test_a23_guesses_at_invitations_and_refresh_tokens_are_counted(floor: Floor) -> None:
    async with at(floor, "127.23.3.1") as http:
        invitations = [
            await http.post(
                "/v1/session/password",
                json={"invitation": f"a23.nobody.{n}", "password": PASSWORD},
            )
            for n in range(20)
        ]
        tokens = [
            await http.post("/v1/session/refresh", json={"refresh_token": f"nobody.{n}"})
            for n in range(20)
        ]

    assert set(statuses(invitations)) == {401}
    assert statuses(tokens) == [401] * 10 + [429] * 10
