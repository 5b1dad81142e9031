"""Nobody is forgotten by the bus."""

from __future__ import annotations

import aio_pika
import orjson

from hotline.demo.clients import Json, until
from shared.bus import INBOUND
from tests.support.floor import Floor

LIFT = {"estate": "jinyuan", "text": "电梯里困了两个人，快来"}


async def unrouted(floor: Floor) -> list[Json]:
    """What was parked since its key leads nowhere; other tests send rubbish, too."""
    answer = await floor.clients.call("GET", "intake", "/v1/parked?limit=200", role="supervisor")
    return [entry for entry in answer.json()["items"] if entry["reason"] == "unrouted"]


async def test_b2_what_comes_under_a_wrong_key_is_seen_and_told_to_a_person(floor: Floor) -> None:
    others = {entry["id"] for entry in await unrouted(floor)}
    message = aio_pika.Message(orjson.dumps(LIFT), message_id="wrong-key-1")
    async with await aio_pika.connect(floor.endpoints.amqp) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(INBOUND, ensure=False)
        await exchange.publish(message, "ticket.reports", mandatory=True)

    async def parked() -> Json | None:
        found = [entry for entry in await unrouted(floor) if entry["id"] not in others]
        return found[0] if found else None

    entry = await until(parked, "it is among the parked messages")
    assert entry["queue"] == "hotline.unrouted"
    assert entry["next_at"] is None

    async def told() -> list[Json] | None:
        return await floor.clients.messages(entry["id"]) or None

    [cry, *_] = await until(told, "somebody hears of it")
    assert cry["purpose"] == "parked"
