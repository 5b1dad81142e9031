"""The first administrator and everybody after, made with the operator's command."""

from __future__ import annotations

import asyncio
import re
from typing import Final

import pytest
from typer.testing import CliRunner

from hotline.cli import build_app
from hotline.client import RefusedError
from hotline.demo.accounts import open_accounts
from hotline.errors import UnusableSettingError
from shared.store import connect
from shared.store.clock import TRIAL_ID
from tests.support.floor import Floor

PASSWORD: Final = "vier Pferde ziehen am Mond"
INVITATION: Final = re.compile(r"^[a-z.]+\.[A-Za-z0-9_-]{43}$", re.MULTILINE)


async def operate(floor: Floor, *arguments: str) -> str:
    """Run the command in this process, since starting it takes long on a busy machine; what it
    said. Raises what it refuses with.
    """
    result = await asyncio.to_thread(
        CliRunner().invoke, build_app(), arguments, env={"HOTLINE_DATA": str(floor.data)}
    )
    if result.exception is not None:
        raise result.exception
    return result.output


async def accept(floor: Floor, said: str) -> int:
    """Set the password that an invitation is for."""
    [invitation] = INVITATION.findall(said)
    body = {"invitation": invitation, "password": PASSWORD}
    address = f"{floor.endpoints.services['admin']}/v1/session/password"
    return (await floor.clients.http.post(address, json=body)).status_code


async def sign_in(floor: Floor, id: str) -> int:
    body = {"id": id, "password": PASSWORD}
    address = f"{floor.endpoints.services['admin']}/v1/session"
    return (await floor.clients.http.post(address, json=body)).status_code


async def test_the_first_administrator_is_made_on_the_machine_and_signs_in(floor: Floor) -> None:
    said = await operate(floor, "users", "create", "ma.boss", "--role", "administrator")

    assert await accept(floor, said) == 204
    assert await sign_in(floor, "ma.boss") == 201
    listed = await operate(floor, "users", "list")
    assert "ma.boss  administrator  active  places *; departments *" in listed
    assert "has no second factor" in listed


async def test_an_account_is_frozen_thawed_and_invited_anew(floor: Floor) -> None:
    role = ("--role", "agent", "--place", "jinyuan")
    assert await accept(floor, await operate(floor, "users", "create", "chen.jie", *role)) == 204

    await operate(floor, "users", "freeze", "chen.jie")
    assert await sign_in(floor, "chen.jie") == 401
    await operate(floor, "users", "thaw", "chen.jie")
    assert await sign_in(floor, "chen.jie") == 201
    assert await accept(floor, await operate(floor, "users", "invite", "chen.jie")) == 204


async def test_a_fault_names_the_field_and_the_way_out(floor: Floor) -> None:
    with pytest.raises(RefusedError) as caught:
        await operate(floor, "users", "create", "Chen Jie", "--role", "agent")

    assert "id is not written as an id: use small letters" in str(caught.value)
    assert "Chen Jie" not in str(caught.value)


async def test_a_lost_telephone_is_said_and_what_is_left_is_named(floor: Floor) -> None:
    said = await operate(floor, "users", "lost", "jy-finance-2", "--address", "phone")

    assert "links of before end within five seconds" in said
    assert "not used until given anew: phone" in said
    assert "new links go by: mail" in said
    with pytest.raises(RefusedError, match=r"404: .*nobody\.here"):
        await operate(floor, "users", "lost", "nobody.here", "--none")


async def test_three_people_can_sign_in_to_a_trial_and_a_second_run_gives_new_passwords(
    floor: Floor,
) -> None:
    first = await open_accounts(floor.clients, floor.data)
    opened = await open_accounts(floor.clients, floor.data)

    assert [each.seat.role for each in opened] == ["agent", "supervisor", "department"]
    assert not {each.password for each in first} & {each.password for each in opened}
    for before, now in zip(first, opened, strict=True):
        code = await operate(floor, "users", "code", now.seat.id) if now.has_factor else None
        assert now.has_factor == before.has_factor == (now.seat.role == "supervisor")
        assert await enter(floor, before.seat.id, before.password, code) == 401
        assert await enter(floor, now.seat.id, now.password, None) == (401 if code else 201)
        assert await enter(floor, now.seat.id, now.password, code and code.strip()) == 201
        if code:
            again = await enter(floor, now.seat.id, now.password, code.strip())
            assert again == 401, "a code counts once"


async def test_who_has_no_second_factor_has_no_code_and_the_way_out_is_told(floor: Floor) -> None:
    await operate(floor, "users", "create", "without.code", "--role", "agent")

    with pytest.raises(UnusableSettingError, match="has set up no second factor"):
        await operate(floor, "users", "code", "without.code")
    with pytest.raises(UnusableSettingError, match="There is no account"):
        await operate(floor, "users", "code", "nobody.here")


async def test_outside_a_trial_no_code_is_shown_and_nobody_gets_a_password(floor: Floor) -> None:
    [opened, *_] = await open_accounts(floor.clients, floor.data)
    client = connect(floor.endpoints.mongo)
    clock = client["hotline"]["clock"]
    try:
        trial = await clock.find_one_and_delete({"_id": TRIAL_ID})
        for wanted in (
            operate(floor, "users", "code", "group-desk-1"),
            open_accounts(floor.clients, floor.data),
        ):
            with pytest.raises(UnusableSettingError, match="hotline up --trial"):
                await wanted
        assert await enter(floor, opened.seat.id, opened.password, None) == 201
    finally:
        await clock.insert_one(trial)
        client.close()


async def enter(floor: Floor, id: str, password: str, code: str | None) -> int:
    body = {"id": id, "password": password} | ({"code": code} if code else {})
    address = f"{floor.endpoints.services['admin']}/v1/session"
    return (await floor.clients.http.post(address, json=body)).status_code
