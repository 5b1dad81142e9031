"""A provider that sends nothing: in a trial it takes everything at once, elsewhere it refuses.

Nobody is told anything by it. What it took is seen, masked, under `/v1/messages`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.notifier.messages import Handover
from services.notifier.senders.letter import Answer, Letter


class Sandbox:
    """The tray of a trial. `is_trial` is asked at each letter: with real data a letter that is left
    here has reached nobody, and must not count as delivered.
    """

    channel: Final = "sandbox"

    def __init__(self, is_trial: Callable[[], bool]) -> None:
        self._is_trial = is_trial

    @property
    def is_open(self) -> bool:
        """Whether it takes letters."""
        return self._is_trial()

    async def send(self, letter: Letter) -> Answer:
        """Take the letter; its words are not kept, they can be rendered again."""
        del letter
        return Answer(Handover.ACCEPTED if self.is_open else Handover.NO_CHANNEL)

    async def aclose(self) -> None:
        """Nothing is open."""
