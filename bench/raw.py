"""The raw endpoint: the least that a FastAPI service can do for a request it says it has accepted.

One insert, written by the majority and to the journal, one confirmed publish, 201. No checks, no
reservation against repeats, no rules, no sealing.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aio_pika
from fastapi import FastAPI, Request
from motor.motor_asyncio import AsyncIOMotorClient

QUEUE: Final = "raw.tickets"


@asynccontextmanager
async def connected(app: FastAPI) -> AsyncIterator[None]:
    """Connect to both servers while the application runs."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        os.environ["RAW_MONGO"], w="majority", journal=True
    )
    connection = await aio_pika.connect(os.environ["RAW_AMQP"])
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.declare_exchange("raw", "topic", durable=True)
        queue = await channel.declare_queue(
            QUEUE, durable=True, arguments={"x-queue-type": "quorum"}
        )
        await queue.bind(exchange, "#")
        app.state.tickets, app.state.exchange = client["raw"]["tickets"], exchange
        yield


app = FastAPI(lifespan=connected)


@app.post("/v1/tickets", status_code=201)
async def create(report: dict[str, Any], request: Request) -> dict[str, Any]:
    """Keep it and tell of it."""
    number = uuid.uuid4().hex[:16]
    await request.app.state.tickets.insert_one({"_id": number, **report})
    body = json.dumps({"number": number, "estate": report["estate"]}).encode()
    message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await request.app.state.exchange.publish(message, "ticket.registered")
    return {"number": number, "status": "registered"}
