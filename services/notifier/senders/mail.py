"""Mail by SMTP: one connection a letter, every command within one limit for the whole.

Until the server has the whole letter a failure means "later". From then on silence means that
nobody knows, and only a code from the server says more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Final

import aiosmtplib
from aiosmtplib import SMTP

from services.notifier.messages import Handover
from services.notifier.senders.letter import Answer, Letter
from shared.contracts import Lane

_FAREWELL_SECONDS: Final = 1.0
_LOST: Final = (aiosmtplib.SMTPException, OSError, TimeoutError)


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


class MailSender:
    """Sends letters by mail."""

    channel: Final = "mail"

    def __init__(self, server: MailServer, timeouts: Mapping[Lane, timedelta]) -> None:
        self._server = server
        self._timeouts = timeouts

    async def send(self, letter: Letter) -> Answer:
        """Hand one letter to the server."""
        mail = to_mail(letter, self._server.sender).as_bytes()
        seconds = self._timeouts[letter.lane].total_seconds()
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            start_tls=self._server.starttls,
            timeout=seconds,
        )
        progress = _Progress()
        try:
            async with asyncio.timeout(seconds):
                code = await self._converse(client, letter.address, mail, progress)
        except aiosmtplib.SMTPResponseException as error:
            return _answer_to(error)
        except _LOST as error:
            outcome = Handover.UNCLEAR if progress.handing_over else Handover.LATER
            return Answer(outcome, type(error).__name__)
        else:
            # It is accepted; how the farewell goes is of no account.
            with suppress(*_LOST):
                await asyncio.wait_for(client.quit(), _FAREWELL_SECONDS)
            return Answer(Handover.ACCEPTED, str(code))
        finally:
            client.close()

    async def _converse(self, client: SMTP, address: str, mail: bytes, progress: _Progress) -> int:
        """Say everything up to the end of the letter; the code it was accepted with."""
        await client.connect()
        if self._server.username:
            await client.login(self._server.username, self._server.password)
        await client.mail(self._server.sender)
        await client.rcpt(address)
        progress.handing_over = True
        said = await client.data(mail)
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
