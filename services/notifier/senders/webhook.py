"""Webhooks: one POST of a small JSON document to an address of the duty list.

The message's id goes along as `Idempotency-Key`, the same at every attempt, so that a receiver can
fold repeats.
"""

from __future__ import annotations

import asyncio
from typing import Final

import orjson

from services.notifier.messages import Handover
from services.notifier.senders.addresses import MayNot
from services.notifier.senders.http import LOST, Http, Progress, outcome_of
from services.notifier.senders.letter import Letter, ProviderReply


class WebhookSender:
    """Sends letters to webhooks."""

    channel: Final = "webhook"
    is_open: Final = True

    def __init__(self, http: Http) -> None:
        self._http = http

    async def send(self, letter: Letter) -> ProviderReply:
        """Hand one letter over; the whole attempt stays within the lane's timeout."""
        progress = Progress()
        try:
            async with asyncio.timeout(self._http.timeouts[letter.lane].total_seconds()):
                await self._post(letter, progress)
        except MayNot as error:
            return ProviderReply(Handover.REFUSED, error.code)
        except LOST as error:
            if progress.status is None:
                return ProviderReply(progress.without_word, type(error).__name__)
        assert progress.status is not None, "a request that does not fail has a status"
        return ProviderReply(outcome_of(progress.status), str(progress.status))

    async def aclose(self) -> None:
        """Close the connections that were kept."""
        await self._http.aclose()

    async def _post(self, letter: Letter, progress: Progress) -> None:
        await self._http.request(
            "POST",
            letter.address,
            progress,
            lane=letter.lane,
            content=to_json(letter),
            headers={"Idempotency-Key": letter.id},
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
