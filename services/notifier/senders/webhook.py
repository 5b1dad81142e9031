"""Webhooks: one POST of a small JSON document to an address of the duty list.

Until the body has begun to go out a failure means "later". From then on silence means that nobody
knows, and only a status from the receiver says more. The message's id goes along as
`Idempotency-Key`, the same at every attempt, so that a receiver can fold repeats.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
import orjson

from services.notifier.messages import Handover
from services.notifier.senders.addresses import Addresses, MayNot
from services.notifier.senders.letter import Letter, ProviderReply
from shared.contracts import Lane

LARGEST_ANSWER: Final = 4 * 1024
"""So much of an answer's body is read, so that its sender can say it in peace."""
TRY_AGAIN: Final = frozenset({408, 425, 429})
GATEWAY_DOES_NOT_KNOW: Final = frozenset({502, 504})
"""A gateway says so when it lost the receiver, which may have the message. Any other 5xx is the
receiver's own word that it failed."""
BODY_BEGINS: Final = "http11.send_request_body.started"
_LOST: Final = (httpx.HTTPError, OSError, TimeoutError)


@dataclass(slots=True)
class _Progress:
    """How far one attempt came: whether the receiver may have the letter, and its answer."""

    handing_over: bool = False
    status: int | None = None

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Told by the connection what it does."""
        self.handing_over = self.handing_over or event == BODY_BEGINS


class WebhookSender:
    """Sends letters to webhooks, with connections of its own for each lane, where `addresses` lets
    it.
    """

    channel: Final = "webhook"
    is_open: Final = True

    def __init__(
        self,
        timeouts: Mapping[Lane, timedelta],
        at_once: Mapping[Lane, int],
        addresses: Addresses,
    ) -> None:
        self._timeouts = timeouts
        self._addresses = addresses
        trusted = httpx.create_ssl_context(trust_env=False)
        trusted.load_default_certs()  # the machine's own too: a receiver's may be private
        self._clients = {
            lane: _client(number, timeouts[lane].total_seconds(), trusted)
            for lane, number in at_once.items()
        }

    async def send(self, letter: Letter) -> ProviderReply:
        """Hand one letter over; the whole attempt stays within the lane's timeout."""
        progress = _Progress()
        try:
            async with asyncio.timeout(self._timeouts[letter.lane].total_seconds()):
                await self._post(letter, progress)
        except MayNot as error:
            return ProviderReply(Handover.REFUSED, error.code)
        except _LOST as error:
            if progress.status is None:
                outcome = Handover.UNCLEAR if progress.handing_over else Handover.LATER
                return ProviderReply(outcome, type(error).__name__)
        assert progress.status is not None, "a request that does not fail has a status"
        return ProviderReply(outcome_of(progress.status), str(progress.status))

    async def aclose(self) -> None:
        """Close the connections that were kept."""
        for client in self._clients.values():
            await client.aclose()

    async def _post(self, letter: Letter, progress: _Progress) -> None:
        url, host = await self._addresses.resolve(letter.address)
        named = httpx.URL(letter.address).netloc.decode()
        request = self._clients[letter.lane].stream(
            "POST",
            url,
            content=to_json(letter),
            headers={
                "Idempotency-Key": letter.id,
                "Host": named,
            },
            extensions={"trace": progress.trace, "sni_hostname": host},
        )
        async with request as response:
            progress.status = response.status_code
            read = 0
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read > LARGEST_ANSWER:
                    return


def _client(at_once: int, seconds: float, trusted: ssl.SSLContext) -> httpx.AsyncClient:
    limits = httpx.Limits(
        max_connections=at_once,
        # Each letter has a connection of its own: kept ones are found by their number alone, and
        # one that was made for another name at it would be taken for this.
        max_keepalive_connections=0,
    )
    return httpx.AsyncClient(
        headers={"Content-Type": "application/json", "User-Agent": "estateline"},
        verify=trusted,
        limits=limits,
        # One limit holds for the whole attempt. Connecting and agreeing on TLS take half of it at
        # most each: cut off from outside they would leave a socket behind.
        timeout=httpx.Timeout(None, connect=seconds / 2),
        follow_redirects=False,
        trust_env=False,  # neither a proxy nor a .netrc of the machine sees a message
    )


def to_json(letter: Letter) -> bytes:
    """What a receiver gets."""
    return orjson.dumps(
        {
            "id": letter.id,
            "cause": letter.cause,
            "purpose": letter.purpose,
            "lane": letter.lane,
            "subject": letter.subject,
            "text": letter.body,
            **({"receipt": letter.receipt} if letter.receipt else {}),
        }
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
