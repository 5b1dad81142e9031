"""How a request's body arrives: not larger than it may be, and not slower than a poor network is.

A sender who says two bytes at a time would hold a place for as long as they like, with many
connections all of them. So whoever reads a body reads it through here, at every endpoint.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Larger = tuple[re.Pattern[str], int]
"""Paths at which bodies may be larger than elsewhere, and how large."""
PATIENCE_SECONDS: Final = 10.0
"""So long a sender may say nothing in all: a telephone that changes its mast takes five."""
SLOWEST: Final = 4 * 1024
"""Bytes a second on the whole: less than the slowest mobile network that still carries a call."""


class Bodies:
    """Refuses a request's body with 413 as soon as it is larger than it may be, and with 408 as
    soon as it comes too slowly; of this the connection is closed, so that nobody goes on with it.
    """

    def __init__(self, app: ASGIApp, largest: int, larger: Sequence[Larger] = ()) -> None:
        self._app = app
        self._largest = largest
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the body through as it is read; raises HTTPException to whoever reads on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Arriving(receive, self._largest_at(scope["path"]))

        async def answer(message: Message) -> None:
            if body.is_given_up and message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        await self._app(scope, body.receive, answer)

    def _largest_at(self, path: str) -> int:
        return next((n for at, n in self._larger if at.fullmatch(path)), self._largest)


class _Arriving:
    """One body on its way. Only the time counts in which somebody waits for it."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive = receive
        self._largest = largest
        self._received = 0
        self._waited = 0.0
        self._is_whole = False
        self.is_given_up = False

    async def receive(self) -> Message:
        """The next part; what comes after the whole body is let through as it is."""
        if self._is_whole:
            return await self._receive()
        message = await self._next()
        self._received += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._received > self._largest:
            raise HTTPException(413, f"The body is larger than {self._largest} bytes")
        return message

    async def _next(self) -> Message:
        loop = asyncio.get_running_loop()
        begun, may_take = loop.time(), PATIENCE_SECONDS + self._received / SLOWEST
        try:
            async with asyncio.timeout(may_take - self._waited):
                return await self._receive()
        except TimeoutError as error:
            self.is_given_up = True
            raise HTTPException(408, "The body did not arrive in time") from error
        finally:
            self._waited += loop.time() - begun
