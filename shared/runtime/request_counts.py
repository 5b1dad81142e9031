"""Requests by route, method and status class, and how long each waited for its answer to begin.

The route is its template, so that no number and no id becomes a label; what has none is `other`.
"""

from __future__ import annotations

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry import metrics

OTHER: Final = "other"
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
UNCOUNTED: Final = frozenset({"/metrics", "/metrics/estates", "/healthz", "/readyz"})
"""What machines ask all day says nothing about people's requests."""
NO_SUCH_METHOD: Final = 405


class RequestCounts:
    """Counts around everything else, so that what is refused before its route is counted, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and count once the answer's head is out; a stream lasts, and waits no longer."""
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        is_counted = False

        async def counted(message: Message) -> None:
            nonlocal is_counted
            if message["type"] == "http.response.start" and not is_counted:
                is_counted = True
                _count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            if not is_counted:  # it is answered further out, with 500
                _count(scope, 500, time.perf_counter() - began)
            raise


def _count(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else OTHER
    metrics.REQUEST_SECONDS.labels(
        route=route_of(scope, status), method=method, status=f"{status // 100}xx"
    ).observe(seconds)


def route_of(scope: Scope, status: int) -> str:
    """The template that served it. A method that a path does not have is no route of ours: anybody
    could make as many of these as there are paths.
    """
    path = getattr(scope.get("route"), "path", None)
    return OTHER if path is None or status == NO_SUCH_METHOD else str(path)
