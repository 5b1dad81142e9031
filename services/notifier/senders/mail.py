"""Mail by SMTP: every command within one limit for the whole letter; connections are kept between
two letters of a lane.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.header import Header
from email.mime.text import MIMEText
from email.policy import compat32
from typing import Final

import aiosmtplib
from aiosmtplib import SMTP

from services.notifier.messages import Handover
from services.notifier.senders.letter import Letter, ProviderReply
from shared.contracts import Lane

KEEP_SECONDS: Final = 10.0
"""A lane that is quiet for so long holds no connection of the server's."""
_FAREWELL_SECONDS: Final = 1.0
LOST: Final = (aiosmtplib.SMTPException, OSError, TimeoutError)
PLAIN_POLICY: Final = compat32.clone(linesep="\r\n")
"""The newer policies of the standard library read every header they write: 1.4 ms a letter instead
of 0.3, and emergencies write fifteen each."""


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


class MailSender:
    """Sends letters by mail."""

    channel: Final = "mail"
    is_open: Final = True

    def __init__(self, server: MailServer, timeouts: Mapping[Lane, timedelta]) -> None:
        self._sender = server.sender
        self._timeouts = timeouts
        self._connections = {
            lane: Connections(server, limit.total_seconds()) for lane, limit in timeouts.items()
        }

    async def send(self, letter: Letter) -> ProviderReply:
        """Hand one letter to the server."""
        mail = to_mail(letter, self._sender)
        progress = _Progress()
        try:
            async with asyncio.timeout(self._timeouts[letter.lane].total_seconds()):
                code = await self._converse(letter, mail, progress)
        except aiosmtplib.SMTPResponseException as error:
            return _answer_to(error)
        except LOST as error:
            outcome = Handover.UNCLEAR if progress.handing_over else Handover.LATER
            return ProviderReply(outcome, type(error).__name__)
        return ProviderReply(Handover.ACCEPTED, str(code))

    async def aclose(self) -> None:
        """Take leave of the server."""
        for connections in self._connections.values():
            await connections.aclose()

    async def _converse(self, letter: Letter, mail: bytes, progress: _Progress) -> int:
        """Say everything up to the end of the letter; the code it was accepted with."""
        connections = self._connections[letter.lane]
        client = await connections.begin()
        try:
            await client.rcpt(letter.address)
            progress.handing_over = True
            said = await client.data(mail)
        except BaseException:
            client.close()
            raise
        connections.keep(client)
        return said.code


class _Progress:
    """Whether the server may already have the letter."""

    handing_over = False


def _answer_to(error: aiosmtplib.SMTPResponseException) -> ProviderReply:
    """5xx about sender, recipient or letter is final; a greeting or sign-in that fails is ours to
    mend and says nothing about this letter.
    """
    about_letter = isinstance(
        error,
        aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError,
    )
    final = about_letter and 500 <= error.code < 600
    return ProviderReply(Handover.REFUSED if final else Handover.LATER, str(error.code))


def to_mail(letter: Letter, sender: str) -> bytes:
    """The letter as a mail. Its id is the same at every attempt, so that readers can fold repeats;
    no header holds a line end, whatever the facts held.
    """
    mail = MIMEText(letter.body, "plain", "utf-8")
    mail["From"] = sender
    mail["To"] = one_line(letter.address)
    mail["Subject"] = Header(one_line(letter.subject), "utf-8", header_name="Subject").encode()
    mail["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    mail["X-Hotline-Cause"] = _plain(letter.cause)
    mail["Auto-Submitted"] = "auto-generated"
    if letter.lane == "urgent":
        mail["Importance"] = "high"
    return mail.as_bytes(policy=PLAIN_POLICY)


def one_line(text: str) -> str:
    """Without line ends and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _plain(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() and c != " " else "_" for c in text)
