from urllib.parse import urlsplit

import aio_pika
import pytest
from pymongo import AsyncMongoClient

from tests.support.servers import Corner, Servers


async def test_a_test_has_a_vhost_with_quorum_queues(corner: Corner) -> None:
    connection = await aio_pika.connect(corner.amqp_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("q", durable=True, arguments={"x-queue-type": "quorum"})
        await channel.default_exchange.publish(aio_pika.Message(b"hello"), "q")
        message = await queue.get(timeout=5)
        await message.ack()
    assert message.body == b"hello"


async def test_a_test_has_a_database_with_transactions(corner: Corner) -> None:
    async with AsyncMongoClient[dict[str, object]](corner.mongo_url) as client:
        things = client[corner.database]["things"]
        async with client.start_session() as session, await session.start_transaction():
            await things.insert_one({"_id": 1}, session=session)
        assert await things.count_documents({}) == 1


async def test_the_guest_user_is_not_there(servers: Servers) -> None:
    port = urlsplit(servers.rabbit.amqp_url).port
    with pytest.raises(aio_pika.exceptions.ProbableAuthenticationError):
        await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/")
