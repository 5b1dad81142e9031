"""Looking for planted strings in what waits in queues; everything is put back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import aio_pika
import httpx

from shared.store.search import Searched

MOST_PER_QUEUE: Final = 10_000


async def search_queues(
    amqp_url: str, management_url: str, needles: Sequence[bytes]
) -> AsyncIterator[Searched]:
    """Read what every queue of the broker holds, bodies and headers, and give it back.

    A queue that belongs to one connection is that connection's alone, and named as not read.
    """
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(f"{management_url.rstrip('/')}/api/queues")
        answer.raise_for_status()
        exclusive = {queue["name"]: queue["exclusive"] for queue in answer.json()}
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        for name in sorted(exclusive):
            if exclusive[name]:
                yield Searched(f"queue {name} (its owner's alone, not read)", 0, frozenset())
            else:
                yield await _search(connection, name, needles)


async def _search(
    connection: aio_pika.abc.AbstractConnection, name: str, needles: Sequence[bytes]
) -> Searched:
    # Closing the channel gives everything back: nothing is acknowledged here.
    channel = await connection.channel()
    read, found = 0, set[int]()
    try:
        queue = await channel.get_queue(name, ensure=False)
        while read < MOST_PER_QUEUE:
            message = await queue.get(fail=False)
            if message is None:
                break
            read += 1
            content = message.body + repr(message.headers).encode() + repr(message.info()).encode()
            found |= {n for n, needle in enumerate(needles) if needle in content}
    finally:
        await channel.close()
    return Searched(f"queue {name}", read, frozenset(found))
