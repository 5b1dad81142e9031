"""Messages of a publisher that are larger than anything we take."""

from __future__ import annotations

import uuid

import aio_pika
import pytest
from aio_pika.exceptions import DeliveryError

from tests.cases.parked import park
from tests.support.floor import Floor

TAKEN_BY_THE_BROKER = 3 * 1024 * 1024
BEYOND_THE_BROKER = 17_000_000


async def test_a1_a_huge_message_on_the_urgent_key_keeps_no_emergency_from_being_told(
    floor: Floor,
) -> None:
    """It is parked with its beginning, and the queue goes on: one document could not hold it."""
    for _ in range(30):  # more than the queue has in hand
        body = b'{"text":"' + b"a" * TAKEN_BY_THE_BROKER + b'"}'
        await floor.clients.publish(body, key="ticket.report.urgent", reply=False)

    cry = {
        "external_id": uuid.uuid4().hex,
        "estate": "jinyuan",
        "location": "3号楼",
        "text": "3号楼着火了，冒烟，快来",
        "caller": {"phone": "138 0013 8000"},
    }
    answer = await floor.clients.report(cry, key="ticket.report.urgent")

    assert answer["alerting"] == "started"
    assert await park(floor, reply=False), "there is room for what else its sender sends wrong"


async def test_a1_what_the_broker_does_not_take_is_told_to_its_publisher_at_once(
    floor: Floor,
) -> None:
    async with await aio_pika.connect(floor.endpoints.amqp) as connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange("hotline.inbound", ensure=False)

        with pytest.raises((DeliveryError, aio_pika.exceptions.AMQPError)):
            await exchange.publish(aio_pika.Message(b"a" * BEYOND_THE_BROKER), "ticket.report")
