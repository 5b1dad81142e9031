"""Nobody is forgotten by the bus."""

from __future__ import annotations

import aio_pika
import orjson

from hotline.demo.clients import Json, until
from shared.bus import INBOUND
from tests.cases.parked import parked
from tests.support.floor import Floor

LIFT = {"estate": "jinyuan", "text": "电梯里困了两个人，快来"}


async def unrouted(floor: Floor) -> dict[str, Json]:
    """What was parked since its key leads nowhere; other tests send rubbish, too."""
    found = await parked(floor)
    return {id: entry for id, entry in found.items() if entry["reason"] == "unrouted"}


async def test_b2_what_comes_under_a_wrong_key_is_seen_and_told_to_a_person(floor: Floor) -> None:
    others = await unrouted(floor)
    message = aio_pika.Message(orjson.dumps(LIFT), message_id="wrong-key-1")
    async with await aio_pika.connect(floor.endpoints.amqp_operator) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange(INBOUND, ensure=False)
        await exchange.publish(message, "ticket.reports", mandatory=True)

    async def seen() -> Json | None:
        new = [entry for id, entry in (await unrouted(floor)).items() if id not in others]
        return new[0] if new else None

    entry = await until(seen, "it is among the parked messages")
    assert entry["queue"] == "hotline.unrouted"
    assert entry["next_at"] is None

    async def told() -> Json | None:
        """Of itself, or of all that a sender of so much rubbish sends."""
        flood = [id for id, e in (await parked(floor)).items() if e["reason"] == "too_many"]
        found = [await floor.clients.messages(about) for about in (entry["id"], *flood)]
        return next((messages[0] for messages in found if messages), None)

    assert (await until(told, "somebody hears of it"))["purpose"] == "parked"

    path = f"/v1/parked/{entry['id']}/replay"
    replayed = await floor.clients.call("POST", "intake", path, role="supervisor")
    assert replayed.status_code == 202, replayed.text

    async def gone() -> bool | None:
        return True if entry["id"] not in await unrouted(floor) else None

    await until(gone, "replayed, it is taken for a report")
