"""A real SMTP server whose temper a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session
from typing_extensions import override


class Postbox:
    """What the server accepted, and how it answers: a line, or None for never."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.hung_up = 0
        self.mails_a_connection = 1000
        self.idle_seconds = 300.0
        self.begin_anew()

    def begin_anew(self) -> None:
        """Empty it, and be friendly again."""
        self.mails: list[EmailMessage] = []
        self.rcpt_says: str | None = "250 fine"
        self.refused: set[str] = set()
        self.data_says: str | None = "250 taken"
        self.on_taken: Callable[[], None] = lambda: None
        self.let_go = asyncio.Event()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        begun: list[None] = vars(session).setdefault("begun", [])
        begun.append(None)
        if len(begun) > self.mails_a_connection:
            return "421 that was enough"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 fine"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        says = "550 nobody of that name" if address in self.refused else self.rcpt_says
        answer = await self._say(says)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(mail, EmailMessage)
        if self.data_says is None or self.data_says.startswith("250"):
            self.mails.append(mail)
            self.on_taken()
        return await self._say(self.data_says)

    async def _say(self, answer: str | None) -> str:
        if answer is None:
            await self.let_go.wait()
            return "421 too late"
        return answer

    def refuse(self, address: str) -> set[str]:
        """Nobody has this address; those who have none, to be changed."""
        self.refused.add(address)
        return self.refused

    def bodies(self) -> list[str]:
        return [str(mail.get_content()) for mail in self.mails]


@asynccontextmanager
async def running_postbox() -> AsyncIterator[Postbox]:
    """The server while the block lasts."""
    postbox = Postbox()
    loop = asyncio.get_running_loop()

    class Counted(SMTP):
        @override
        def connection_lost(self, error: Exception | None) -> None:
            super().connection_lost(error)
            postbox.hung_up += 1

    def answer() -> SMTP:
        postbox.connections += 1
        return Counted(postbox, hostname="postbox", loop=loop, timeout=postbox.idle_seconds)

    server = await loop.create_server(answer, "127.0.0.1", 0)
    postbox.port = server.sockets[0].getsockname()[1]
    try:
        yield postbox
    finally:
        postbox.let_go.set()
        server.close()
        await server.wait_closed()
