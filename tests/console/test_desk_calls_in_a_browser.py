"""A telephone rings while somebody types: the call stands above the form, and one key takes it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
from playwright.sync_api import expect

from hotline import topology
from shared.bus import INBOUND
from shared.bus.broker_users import BrokerUsers, PublisherRights
from shared.calls.facts import Fact, Kind, Party, fact_id
from shared.calls.listening import Listening
from shared.calls.telling import Tellable, told
from shared.runtime.web import words
from tests.console.test_desk_in_a_browser import desk, numbers_on, ticket
from tests.console.test_in_a_browser import agent, look
from tests.support.floor import Floor
from tests.web.phone import CHROMIUM, UBUNTU

EXCHANGE = "desk-exchange"
TYPED = "厨房水龙头一直滴水"
pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")


async def an_exchange(floor: Floor) -> str:
    """The broker address of an exchange's own user."""
    assert floor.endpoints.management is not None
    users = BrokerUsers(floor.endpoints.amqp_operator, floor.endpoints.management)
    keys = topology.inbound_keys() - topology.system_keys()
    rights = PublisherRights.of(EXCHANGE, keys, topology.inbound_keys())
    return await users.make_publisher(rights, secrets.token_urlsafe(24))


async def tell(address: str, *values: Tellable) -> None:
    assert urlsplit(address).username == EXCHANGE
    async with await aio_pika.connect(address) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(INBOUND, ensure=False)
        for value in values:
            key, body = told(value)
            await exchange.publish(aio_pika.Message(body, user_id=EXCHANGE), key)


def said(call: str, kind: Kind, at: datetime, **more: Any) -> Fact:
    id = fact_id(EXCHANGE, kind.value, at, call)
    return Fact(id=id, kind=kind, exchange=EXCHANGE, call=call, at=at, **more)


def ringing(call: str, now: datetime) -> Sequence[Tellable]:
    then = now - timedelta(seconds=6)
    telephone = {"party": Party.AGENT, "agent": "8001"}
    return (
        Listening(exchange=EXCHANGE, listener="1", since=then, until=now, lines=("hotline",)),
        said(call, Kind.OFFERED, then, line="hotline", number="13800138000"),
        said(call, Kind.RINGING, now, leg="1.9", **telephone),
    )


def types_while_it_rings(address: str, id: str, theme: str, ring: Callable[[], None]) -> str:
    say = words("services.console.desk", "zh")
    with desk(address, id, "zh", theme) as page:
        page.keyboard.type(TYPED)
        expect(page.locator("#take-call")).to_be_hidden()
        ring()
        card = page.locator("#calls [data-call]")
        expect(card).to_contain_text("138****8000")
        expect(card).to_contain_text(say["rings"])
        expect(page.locator("#text")).to_be_focused()
        expect(page.locator("#text")).to_have_value(TYPED)
        look(page, "rings")
        call = str(card.get_attribute("data-call"))
        page.keyboard.press("Alt+C")
        expect(page.locator("#call-taken")).to_contain_text("138****8000")
        expect(page.locator("#take-call")).to_be_hidden()
        expect(page.locator("#text")).to_have_value(TYPED)
        expect(page.locator("#phone")).to_have_value("")
        assert page.locator("#desk [name=call]").input_value() == call
        look(page, "taken over")
        page.keyboard.press("Alt+P")
        page.keyboard.type("锦园")
        page.keyboard.press("Control+Enter")
        (number,) = numbers_on(page)
    return number


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_call_that_rings_is_taken_over_by_one_key_and_nothing_typed_is_lost(
    floor: Floor, theme: str
) -> None:
    id = await agent(floor, f"desk-rings-{theme}")
    mine = {"extensions": [{"exchange": EXCHANGE, "extension": "8001"}]}
    given = await floor.clients.call(
        "PUT", "admin", f"/v1/agents/{id}", role="administrator", json=mine
    )
    assert given.status_code == 200, given.text
    address, loop = await an_exchange(floor), asyncio.get_running_loop()

    async def ring() -> None:
        await tell(address, *ringing(f"1.{theme}", await floor.now()))

    number = await asyncio.to_thread(
        types_while_it_rings,
        floor.endpoints.services["console"],
        id,
        theme,
        lambda: asyncio.run_coroutine_threadsafe(ring(), loop).result(30),
    )

    assert (await ticket(floor, number))["number"] == number
    await tell(address, said(f"1.{theme}", Kind.ENDED, await floor.now()))
    left = await floor.clients.call(
        "PUT", "admin", f"/v1/agents/{id}", role="administrator", json={"extensions": []}
    )
    assert left.status_code == 200
