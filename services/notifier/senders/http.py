"""One request to a receiver by HTTP, and how far it came.

Until the body has begun to go out a failure means "later". From then on silence means that nobody
knows, and only a status from the receiver says more.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import httpx

from services.notifier.messages import Handover
from services.notifier.senders.addresses import Addresses
from shared.contracts import Lane

LARGEST_ANSWER: Final = 4 * 1024
"""So much of an answer's body is read, so that its sender can say it in peace."""
TRY_AGAIN: Final = frozenset({408, 425, 429})
GATEWAY_DOES_NOT_KNOW: Final = frozenset({502, 504})
"""A gateway says so when it lost the receiver, which may have the message. Any other 5xx is the
receiver's own word that it failed."""
BODY_BEGINS: Final = "http11.send_request_body.started"
LOST: Final = (httpx.HTTPError, OSError, TimeoutError)
"""What a request may raise besides MayNot."""


@dataclass(slots=True)
class Progress:
    """How far one request came: whether the receiver may have the letter, its status, and as much
    of its answer's body as was read.
    """

    handing_over: bool = False
    status: int | None = None
    body: bytes = b""

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Told by the connection what it does."""
        self.handing_over = self.handing_over or event == BODY_BEGINS

    @property
    def without_word(self) -> Handover:
        """What it means that nothing was said any more."""
        return Handover.UNCLEAR if self.handing_over else Handover.LATER


class Http:
    """Requests where `addresses` lets them lead, with connections of its own for each lane."""

    def __init__(
        self,
        timeouts: Mapping[Lane, timedelta],
        at_once: Mapping[Lane, int],
        addresses: Addresses,
    ) -> None:
        self.timeouts = timeouts
        self._addresses = addresses
        trusted = httpx.create_ssl_context(trust_env=False)
        trusted.load_default_certs()  # the machine's own too: a receiver's may be private
        self._clients = {
            lane: _client(number, timeouts[lane].total_seconds(), trusted)
            for lane, number in at_once.items()
        }

    async def request(
        self,
        method: Literal["GET", "POST"],
        address: str,
        progress: Progress,
        *,
        lane: Lane,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Ask once, and note in `progress` what comes of it. Raises MayNot, or one of LOST; the
        caller limits how long it takes.
        """
        url, host = await self._addresses.resolve(address)
        named = httpx.URL(address).netloc.decode()
        request = self._clients[lane].stream(
            method,
            url,
            content=content,
            headers={**(headers or {}), "Host": named},
            extensions={"trace": progress.trace, "sni_hostname": host},
        )
        async with request as response:
            progress.status = response.status_code
            async for chunk in response.aiter_raw():
                progress.body += chunk
                if len(progress.body) > LARGEST_ANSWER:
                    return

    async def aclose(self) -> None:
        """Close the connections that were kept."""
        for client in self._clients.values():
            await client.aclose()


def _client(at_once: int, seconds: float, trusted: ssl.SSLContext) -> httpx.AsyncClient:
    limits = httpx.Limits(
        max_connections=at_once,
        # Each letter has a connection of its own: kept ones are found by their number alone, and
        # one that was made for another name at it would be taken for this.
        max_keepalive_connections=0,
    )
    return httpx.AsyncClient(
        headers={
            "Content-Type": "application/json",
            "User-Agent": "estateline",
            "Accept-Encoding": "identity",  # a body is read as it comes, and only its beginning
        },
        verify=trusted,
        limits=limits,
        # One limit holds for the whole attempt. Connecting and agreeing on TLS take half of it at
        # most each: cut off from outside they would leave a socket behind.
        timeout=httpx.Timeout(None, connect=seconds / 2),
        follow_redirects=False,
        trust_env=False,  # neither a proxy nor a .netrc of the machine sees a message
    )


def outcome_of(status: int) -> Handover:
    """What the receiver's answer means. A redirect is refused: the duty list names the place."""
    if 200 <= status < 300:
        return Handover.ACCEPTED
    if status in GATEWAY_DOES_NOT_KNOW:
        return Handover.UNCLEAR
    if status in TRY_AGAIN or status >= 500:
        return Handover.LATER
    return Handover.REFUSED
