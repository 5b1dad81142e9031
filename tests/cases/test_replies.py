"""Answers go to the sender, and an address that is none costs nobody else anything."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final
from urllib.parse import urlsplit

import aio_pika
import httpx
import pytest

from hotline.demo.clients import until
from tests.support.floor import Floor

MADE_UP: Final = (
    "amq.rabbitmq.reply-to.made.up",
    "amq.rabbitmq.reply-to.",
    "amq.rabbitmq.reply-to.g2w=.AAAAAAAAAAAAAAAAAAAAAA==",
    "amq.rabbitmq.reply-to.g1h2AA5y.nLnDw4nSq1JmqtkyvzZBuA==",
)
"""Some in the form that the broker makes, of a process that never was."""
OTHERS: Final = {"intake urgent publish", "intake routine publish"}
LIFT: Final = {"estate": "binjiang", "text": "三号楼电梯困人了"}
LEAK: Final = {"estate": "jinyuan", "text": "厨房水龙头滴水，请来修一下"}


async def connections(floor: Floor) -> dict[str, str]:
    """Intake's own connections at the broker, by name: which one it is."""
    amqp, management = urlsplit(floor.endpoints.amqp_operator), floor.endpoints.management
    auth = (amqp.username or "", amqp.password or "")
    async with httpx.AsyncClient(trust_env=False, auth=auth) as http:
        found: list[dict[str, Any]] = (await http.get(f"{management}/api/connections")).json()
    named = {str(c.get("client_properties", {}).get("connection_name")): c["name"] for c in found}
    return {name: id for name, id in named.items() if name.startswith("intake ")}


async def publish(floor: Floor, report: dict[str, str], key: str, reply_to: str) -> None:
    async with await aio_pika.connect(floor.endpoints.amqp) as connection:
        exchange = await (await connection.channel()).get_exchange("hotline.inbound", ensure=False)
        message = aio_pika.Message(json.dumps(report).encode(), reply_to=reply_to)
        await exchange.publish(message, key)


async def test_a24_answers_of_others_are_not_lost_with_one_that_cannot_be_sent(
    floor: Floor,
) -> None:
    """Among many: a made-up address with each of them, all at once."""
    made_up = [
        publish(floor, LEAK | {"external_id": f"among {n}"}, "ticket.report", MADE_UP[-1])
        for n in range(5)
    ]
    reports = [floor.clients.report(LEAK | {"external_id": f"theirs {n}"}) for n in range(20)]

    answers, _ = await asyncio.gather(asyncio.gather(*reports), asyncio.gather(*made_up))

    assert all(answer["number"] for answer in answers)


@pytest.mark.parametrize("reply_to", MADE_UP)
@pytest.mark.parametrize("key", ["ticket.report", "ticket.report.urgent", "ticket.urge"])
async def test_a24_an_address_that_is_none_closes_no_connection_that_others_need(
    floor: Floor, key: str, reply_to: str
) -> None:
    async def there() -> dict[str, str] | None:
        found = await connections(floor)
        return (
            found if {"intake urgent publish", "intake routine publish"} <= found.keys() else None
        )

    before = await until(there, "the broker lists intake's connections")
    report = LIFT if key.endswith("urgent") else LEAK
    tag = f"{key} {reply_to}"
    await publish(floor, report | {"external_id": tag}, key, reply_to)
    # What comes after it is answered all the same.
    answers = await asyncio.gather(
        *(floor.clients.report(LEAK | {"external_id": f"{tag} {n}"}) for n in range(3))
    )

    assert all(answer["number"] for answer in answers)
    after = await until(there, "the broker lists intake's connections")
    assert {after[name] for name in OTHERS} == {before[name] for name in OTHERS}
