"""HEAD at a page, as chat programs and mail scanners ask before they show a link: answered as GET
is, without the body. A GET of a page changes nothing, so neither does this.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

API: Final = "/v1/"
"""Here nobody follows a link: HEAD stays refused, and nothing is put on record by it."""


class Heads:
    """Answers HEAD everywhere but at the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask for the page, and send its head alone."""
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        if not is_head or scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_body)
