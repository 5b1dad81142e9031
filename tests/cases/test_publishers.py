"""Other systems publish with a broker user of their own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.exceptions import AMQPError

from hotline.demo.clients import Clients, until
from shared.bus import EVENTS, INBOUND
from tests.support.command import hotline
from tests.support.floor import Floor

LEAK: Final = {"estate": "jinyuan", "text": "厨房水龙头滴水，请来修一下"}
LIFT: Final = {"estate": "jinyuan", "text": "三号楼电梯困人了，快来人"}
REFUSED: Final = (AMQPError, RuntimeError)


async def send(address: str, exchange: str, key: str, body: dict[str, Any], **more: Any) -> None:
    async with await aio_pika.connect(address) as connection:
        channel = await connection.channel(publisher_confirms=True)
        there = await channel.get_exchange(exchange, ensure=False)
        await there.publish(aio_pika.Message(json.dumps(body).encode(), **more), key)


async def answered(address: str, user: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a sender that names itself hears of its report."""
    heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.set_result(message)

    async with await aio_pika.connect(address) as connection:
        channel = await connection.channel()
        replies = await channel.get_queue("amq.rabbitmq.reply-to", ensure=False)
        await replies.consume(hear, no_ack=True)
        there = await channel.get_exchange(INBOUND, ensure=False)
        raw = json.dumps(body).encode()
        message = aio_pika.Message(raw, user_id=user, reply_to=replies.name)
        await there.publish(message, "ticket.report")
        async with asyncio.timeout(20):
            answer: dict[str, Any] = json.loads((await heard).body)
            return answer


async def test_a15_a_publisher_has_a_user_that_reports_and_does_nothing_else(floor: Floor) -> None:
    code, said = await hotline(floor, "publishers", "add", "a15-app", "--key", "ticket.report")
    assert code == 0, said
    [address] = [line for line in said.splitlines() if line.startswith("amqp://")]
    assert urlsplit(address).username == "a15-app"

    async with Clients(replace(floor.endpoints, amqp=address), floor.data) as theirs:
        answer = await theirs.report(LEAK)
        assert (await floor.clients.ticket(answer["number"]))["status"]
    await send(address, INBOUND, "ticket.report", LEAK, user_id="a15-app")
    for exchange, key in ((EVENTS, "ticket.registered.urgent"), (INBOUND, "ticket.cancel")):
        with pytest.raises(REFUSED):
            await send(address, exchange, key, LEAK)
    assert (await hotline(floor, "publishers", "remove", "a15-app"))[0] == 0


async def test_a15_whoever_reads_the_file_of_addresses_as_a_publisher_is_no_operator(
    floor: Floor,
) -> None:
    endpoints = json.loads((floor.data / "endpoints.json").read_text("utf-8"))

    assert urlsplit(endpoints["amqp"]).username == "trial"
    assert urlsplit(endpoints["amqp_operator"]).username == "hotline"
    with pytest.raises(REFUSED):
        await send(endpoints["amqp"], EVENTS, "ticket.registered.urgent", LEAK)


async def test_a15_the_doctor_names_whoever_may_more_than_a_publisher(floor: Floor) -> None:
    _, before = await hotline(floor, "doctor")
    assert "may more than publishers need" not in before

    wrong = await hotline(floor, "publishers", "add", "hotline")
    foreign_key = await hotline(floor, "publishers", "add", "a15-app", "--key", "ticket.reports")

    assert wrong[0] == foreign_key[0] == 2
    assert "no publisher" in wrong[1]
    assert "leads nowhere" in foreign_key[1]


async def test_a8_a_key_that_is_taken_back_widens_nothing_on_the_queue(floor: Floor) -> None:
    code, said = await hotline(floor, "publishers", "add", "a8-barrier")
    assert code == 0, said
    [address] = [line for line in said.splitlines() if line.startswith("amqp://")]
    administrator = {"role": "administrator"}
    made = await floor.clients.call(
        "POST", "admin", "/v1/api-keys", **administrator,
        json={"publisher": "a8-barrier", "places": ["jinyuan"], "actions": ["ticket.register"]},
    )  # fmt: skip
    path = f"/v1/api-keys/{made.json()['key']['id']}/revoke"
    gone = await floor.clients.call("POST", "admin", path, **administrator, json={"why": "lost"})
    assert gone.status_code == 200, gone.text

    async def refused() -> bool | None:
        answer = await answered(address, "a8-barrier", LEAK)
        return True if "not-your-place" in str(answer.get("type")) else None

    await until(refused, "intake knows that the key is gone")
    for place in ("binjiang", "哪里都不是"):
        assert (await answered(address, "a8-barrier", LEAK | {"estate": place}))["status"] == 403
    assert (await answered(address, "a8-barrier", LIFT))["emergency"] is True
