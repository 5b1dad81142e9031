"""A provider that takes everything at once and sends nothing: for trials, and for text messages
until their sender comes. What it took is seen, masked, under `/v1/messages`.
"""

from __future__ import annotations

from typing import Final

from services.notifier.messages import Handover
from services.notifier.senders.letter import Answer, Letter


class Sandbox:
    """The tray."""

    channel: Final = "sandbox"

    async def send(self, letter: Letter) -> Answer:
        """Take the letter; its words are not kept, they can be rendered again."""
        del letter
        return Answer(Handover.ACCEPTED)

    async def aclose(self) -> None:
        """Nothing is open."""
