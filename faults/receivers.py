"""Who takes what the notifier hands over: a real SMTP server and a real webhook receiver."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from faults.proxy import HOST
from shared.policy.duty import EMERGENCY_CHAIN, sample_duty


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as somebody took it: its id, what it is about, and when."""

    id: str
    cause: str
    at: float


class Receivers:
    """What both servers took, each `seconds` before it said so."""

    def __init__(self) -> None:
        self.mail_port = 0
        self.hook_port = 0
        self.seconds = 0.0
        self.taken: list[Delivery] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """One mail."""
        assert isinstance(envelope.content, bytes)
        mail = BytesHeaderParser(policy=default).parsebytes(envelope.content)
        id = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        await self._take(id, str(mail["X-Hotline-Cause"]))
        return "250 taken"

    async def serve_hook(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the webhook sender, with as many messages as it brings."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                letter = json.loads(await reader.readexactly(length))
                await self._take(letter["id"], letter["cause"])
                writer.write(b"HTTP/1.1 204 Taken\r\n\r\n")
                await writer.drain()
        writer.close()

    async def _take(self, id: str, cause: str) -> None:
        self.taken.append(Delivery(id, cause, time.monotonic()))
        if self.seconds:
            await asyncio.sleep(self.seconds)

    def by_id(self) -> Counter[str]:
        """How often each message was taken."""
        return Counter(delivery.id for delivery in self.taken)

    def duty(self) -> dict[str, Any]:
        """The sample's duty list, in which the people of one estate have a webhook.

        Only security has a next on duty, to whom goes what nobody accepted: were it so everywhere,
        there would be three times as many messages as requests.
        """
        duty = sample_duty()
        for departments in duty["places"].values():
            for department in departments.keys() - {"security", EMERGENCY_CHAIN}:
                departments[department] = departments[department][-1:]
        for people in duty["places"]["binjiang"].values():
            for person in people:
                person["webhook"] = f"http://{HOST}:{self.hook_port}/{person['id']}"
        return duty


@asynccontextmanager
async def running_receivers() -> AsyncIterator[Receivers]:
    """Both servers while the block lasts."""
    receivers, loop = Receivers(), asyncio.get_running_loop()
    mail = await loop.create_server(
        lambda: SMTP(receivers, hostname="postbox", loop=loop, ident="postbox"), HOST, 0
    )
    hook = await asyncio.start_server(receivers.serve_hook, HOST, 0)
    receivers.mail_port = mail.sockets[0].getsockname()[1]
    receivers.hook_port = hook.sockets[0].getsockname()[1]
    try:
        yield receivers
    finally:
        mail.close()
        hook.close()
