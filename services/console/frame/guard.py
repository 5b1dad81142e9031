"""What stands before every page: https or this machine alone, no act from another site, and the
headers that keep a page private and free of anybody else's code.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final, Literal

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Objection = Literal["plain", "foreign"]
"""Asked for over plain http from elsewhere; an act that another site's page sent."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
OPERATORS: Final = frozenset({"/healthz", "/healthz/consumers", "/readyz", "/metrics"})
"""Asked by who watches over the hotline, within its own network; nothing of it is a page."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK_NAMES: Final = frozenset({"localhost"})


def is_on_this_machine(host: str | None) -> bool:
    """Whether an address, or the name of one, is this machine's own."""
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def objection_to(request: Request) -> Objection | None:
    """Why a request is not looked at, or None."""
    if request.url.path in OPERATORS:
        return None
    if request.url.scheme != "https" and not _is_local(request):
        return "plain"
    if request.method not in SAFE and not _is_from_here(request):
        return "foreign"
    return None


def _is_local(request: Request) -> bool:
    """By the name in the browser's address: what goes to that leaves the reader's machine at most
    through a tunnel of their own.
    """
    return is_on_this_machine(request.url.hostname)


def _is_from_here(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return request.headers.get("origin") == own


class Guard:
    """Lets through what may be looked at, and puts the headers on whatever is answered."""

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, Objection], Response]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope)
        objection = objection_to(request)
        answer = self._app if objection is None else self._refuse(request, objection)
        await answer(scope, receive, guarded)
