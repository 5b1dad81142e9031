"""Bodies are bounded while they arrive, before anybody is known or anything is parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.json_body import MAX_BODY_BYTES

Larger = tuple[re.Pattern[str], int]
"""Paths at which bodies may be larger than elsewhere, and how large."""
LARGEST_BODY: Final = MAX_BODY_BYTES
"""What a service accepts unless it says less: the largest report."""


class BodyLimit:
    """Refuses a request's body with 413 as soon as it is larger than it may be."""

    def __init__(self, app: ASGIApp, largest: int, larger: Sequence[Larger] = ()) -> None:
        self._app = app
        self._largest = largest
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received; raises HTTPException to whoever reads on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._largest_at(scope["path"])
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(413, f"The body is larger than {largest} bytes")
            return message

        await self._app(scope, counted, send)

    def _largest_at(self, path: str) -> int:
        return next((n for at, n in self._larger if at.fullmatch(path)), self._largest)
