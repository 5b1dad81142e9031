"""The notifier with a provider of text messages for callers, in the place of the sandbox.

python -m faults.texting

There is none in the house yet: here it is one HTTP address, which takes a letter as a webhook does.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Final

from fastapi import FastAPI

from services.notifier.app import INDEXES, KEEPS, join, mail_sender
from services.notifier.senders import Letter, ProviderReply, WebhookSender
from services.notifier.senders.addresses import Addresses
from services.notifier.senders.http import Http
from services.notifier.settings import NotifierSettings
from shared.runtime import open_platform, run_service

PROVIDER: Final = "FAULTS_TEXT_PROVIDER"
"""Where texts go, in the environment."""


class Texts:
    """Posts each text to the provider, whatever number it is for."""

    channel: Final = "text"
    is_open: Final = True

    def __init__(self, provider: str, http: Http) -> None:
        self._provider = provider
        self._sender = WebhookSender(http)

    async def send(self, letter: Letter) -> ProviderReply:
        """Hand one over."""
        return await self._sender.send(replace(letter, address=self._provider))

    async def aclose(self) -> None:
        """Close the connections that were kept."""
        await self._sender.aclose()


async def build(settings: NotifierSettings) -> FastAPI:
    """The notifier, ready to be served."""
    platform = await open_platform("notifier", settings, keeps=KEEPS, indexes=INDEXES)
    addresses = Addresses(settings.webhook_plain_hosts, settings.webhook_private_hosts)
    texts = Texts(
        os.environ[PROVIDER], Http(settings.webhook_timeouts, settings.workers, addresses)
    )
    return join(platform, settings, text=texts, mail=mail_sender(settings))


if __name__ == "__main__":
    run_service("notifier", NotifierSettings, build)
