"""Bodies are bounded while they arrive, before anybody is known or anything is parsed."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 32 * 1024
"""The longest comment is 500 characters: 6,000 bytes as a form encodes the longest of them."""


class BodyLimit:
    """Refuses a request's body with 413 as soon as it is larger than any answer can be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received; raises HTTPException to whoever reads on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413, "The body is too large")
            return message

        await self._app(scope, counted, send)
