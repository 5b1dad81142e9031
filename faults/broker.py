"""The broker of a run: one private node behind a wire, and the operator's hands on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aio_pika
import httpx
from aio_pika.exceptions import AMQPError

from faults.proxy import HOST
from faults.wires import Wire
from hotline.embedded import RabbitNode
from hotline.embedded.rabbitmq import find_script
from hotline.servers import until_ready

WATERMARK: Final = 0.6
"""What the node's own configuration sets, put back after an alarm."""
ASK_SECONDS: Final = 5.0
_AWAY: Final = (AMQPError, OSError, TimeoutError, RuntimeError)


@dataclass(frozen=True, slots=True)
class QueueState:
    """What the broker says of one queue."""

    ready: int
    consumers: int


class Broker:
    """One node; everybody but its operator comes by the wire."""

    def __init__(self, node: RabbitNode, wire: Wire) -> None:
        self.node = node
        self.wire = wire

    @property
    def url(self) -> str:
        """Where services and publishers connect: the wire."""
        return self.node.amqp_url.replace(f":{self.node.ports.amqp}/", f":{self.wire.port}/")

    async def start(self) -> None:
        """Start the node, perhaps again on the same data, and return when it serves."""
        self.node.launch()
        await until_ready(self.node)

    async def stop(self) -> None:
        """End it; the data is thrown away anyway."""
        if self.node.is_running():
            self.node.kill()
        self.node.stop()

    async def queues(self, names: Sequence[str]) -> Mapping[str, QueueState] | None:
        """Each queue as the broker sees it now, asked past the wire; None while it is away.

        A queue that is not there is left out.
        """
        with suppress(*_AWAY):
            async with asyncio.timeout(ASK_SECONDS):
                connection = await aio_pika.connect(self.node.amqp_url, timeout=ASK_SECONDS)
                async with connection:
                    return {n: s for n in names if (s := await _state(connection, n)) is not None}
        return None

    async def limit(self, pattern: str, most: int | None) -> None:
        """Let the queues hold no more than so many messages; None lifts it."""
        path = f"/api/policies/{quote('/', safe='')}/faults"
        async with self._management() as client:
            if most is None:
                answer = await client.delete(path)
            else:
                rule = {"max-length": most, "overflow": "reject-publish"}
                answer = await client.put(
                    path, json={"pattern": pattern, "definition": rule, "apply-to": "queues"}
                )
            answer.raise_for_status()

    async def alarm(self, *, on: bool) -> None:
        """Raise the memory alarm, which blocks every publisher, or let it go."""
        await self.control("set_vm_memory_high_watermark", "0" if on else str(WATERMARK))

    async def control(self, *arguments: str) -> str:
        """Run the operator's command."""
        program = Path(find_script()).with_name("rabbitmqctl")
        process = await asyncio.create_subprocess_exec(
            program, "-n", self.node._facts["name"], *arguments,
            env=self.node._environment(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"rabbitmqctl {arguments[0]}: {said.decode(errors='replace')}")
        return said.decode(errors="replace")

    def _management(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://{HOST}:{self.node.ports.management}",
            auth=(self.node.user, self.node.password),
            timeout=ASK_SECONDS,
            trust_env=False,
        )


async def _state(connection: aio_pika.abc.AbstractConnection, name: str) -> QueueState | None:
    channel = await connection.channel()
    try:
        queue = await channel.declare_queue(name, passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity:
        return None
    result: Any = queue.declaration_result
    await channel.close()
    return QueueState(result.message_count, result.consumer_count)
