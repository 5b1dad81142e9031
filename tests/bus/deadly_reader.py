"""A service of its own process that one message kills: `python -m tests.bus.deadly_reader`.

It keeps what it handled in the collection `notes`. The word `poison` ends it as a fault of a
decoder would, without a chance to say anything; `slow` is in hand until the collection `go` holds
something.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from shared.bus import Consumers, Inbound
from shared.store import Store, connect
from shared.store.parked import ParkedMessages
from tests.bus.bench import REPORTS, until
from tests.store.conftest import EVERYTHING


async def main(amqp: str, mongo: str, database: str) -> None:
    store = Store(connect(mongo), database, service="router")
    await store.start(EVERYTHING)
    consumers = Consumers(amqp, store, ParkedMessages(store))

    @consumers.on_message(REPORTS)
    async def handle(message: Inbound) -> None:
        words = message.body.decode()
        if "poison" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "slow" in words:
            await store.insert_once("begun", {"_id": f"{words}/{os.getpid()}"})
            await until(lambda: store.find("go", {}, limit=1))
        await store.insert_once("notes", {"_id": words})

    await consumers.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
