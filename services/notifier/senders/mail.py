"""Mail by SMTP: every command within one limit for the whole letter.

Until the server has the whole letter a failure means "later". From then on silence means that
nobody knows, and only a code from the server says more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Final

import aiosmtplib

from services.notifier.messages import Handover
from services.notifier.senders.connections import LOST, Connections, MailServer
from services.notifier.senders.letter import Answer, Letter
from shared.contracts import Lane


class MailSender:
    """Sends letters by mail."""

    channel: Final = "mail"

    def __init__(self, server: MailServer, timeouts: Mapping[Lane, timedelta]) -> None:
        self._sender = server.sender
        self._timeouts = timeouts
        self._connections = {
            lane: Connections(server, limit.total_seconds()) for lane, limit in timeouts.items()
        }

    async def send(self, letter: Letter) -> Answer:
        """Hand one letter to the server."""
        mail = to_mail(letter, self._sender).as_bytes()
        progress = _Progress()
        try:
            async with asyncio.timeout(self._timeouts[letter.lane].total_seconds()):
                code = await self._converse(letter, mail, progress)
        except aiosmtplib.SMTPResponseException as error:
            return _answer_to(error)
        except LOST as error:
            outcome = Handover.UNCLEAR if progress.handing_over else Handover.LATER
            return Answer(outcome, type(error).__name__)
        return Answer(Handover.ACCEPTED, str(code))

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


def _answer_to(error: aiosmtplib.SMTPResponseException) -> Answer:
    """5xx about sender, recipient or letter is final; a greeting or sign-in that fails is ours to
    mend and says nothing about this letter.
    """
    about_letter = isinstance(
        error,
        aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError,
    )
    final = about_letter and 500 <= error.code < 600
    return Answer(Handover.REFUSED if final else Handover.LATER, str(error.code))


def to_mail(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a mail. Its id is the same at every attempt, so that readers can fold repeats;
    no header holds a line end, whatever the facts held.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = one_line(letter.address)
    mail["Subject"] = one_line(letter.subject)
    mail["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    mail["X-Hotline-Cause"] = _plain(letter.cause)
    mail["Auto-Submitted"] = "auto-generated"
    if letter.lane == "urgent":
        mail["Importance"] = "high"
    mail.set_content(letter.body, charset="utf-8", cte="base64")
    return mail


def one_line(text: str) -> str:
    """Without line ends and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _plain(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() and c != " " else "_" for c in text)
