"""Connections to the mail server, kept between two letters of a lane.

A mail begins with MAIL FROM, and nothing of the letter has been said by then: a kept connection
that its server has closed meanwhile shows itself there, and a fresh one takes its place.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import aiosmtplib
from aiosmtplib import SMTP

KEEP_SECONDS: Final = 10.0
"""A lane that is quiet for so long holds no connection of the server's."""
_FAREWELL_SECONDS: Final = 1.0
LOST: Final = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MailServer:
    """Where mail goes out; an empty user name means without signing in, `starttls` None where the
    server offers it.
    """

    host: str
    port: int
    username: str
    password: str
    starttls: bool | None
    sender: str


class Connections:
    """One lane's connections: as many as letters are being handed over at the same time."""

    def __init__(self, server: MailServer, seconds: float) -> None:
        self._server = server
        self._seconds = seconds
        self._idle: dict[SMTP, asyncio.TimerHandle] = {}

    async def begin(self) -> SMTP:
        """A connection on which a mail has begun; raises one of LOST."""
        while self._idle:
            kept, expiry = self._idle.popitem()
            expiry.cancel()
            with suppress(*LOST):
                return await self._begun(kept)
        return await self._begun(await self._connect())

    def keep(self, client: SMTP) -> None:
        """This mail is done; the connection may serve the next."""
        expiry = asyncio.get_running_loop().call_later(KEEP_SECONDS, self._drop, client)
        self._idle[client] = expiry

    async def aclose(self) -> None:
        """Take leave of the server."""
        for client, expiry in self._idle.items():
            expiry.cancel()
            with suppress(*LOST):
                await asyncio.wait_for(client.quit(), _FAREWELL_SECONDS)
            client.close()
        self._idle.clear()

    async def _connect(self) -> SMTP:
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            start_tls=self._server.starttls,
            timeout=self._seconds,
        )
        try:
            await client.connect()
            if self._server.username:
                await client.login(self._server.username, self._server.password)
        except BaseException:
            client.close()
            raise
        return client

    async def _begun(self, client: SMTP) -> SMTP:
        try:
            await client.mail(self._server.sender)
        except BaseException:
            client.close()
            raise
        return client

    def _drop(self, client: SMTP) -> None:
        self._idle.pop(client, None)
        client.close()
