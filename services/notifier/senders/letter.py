"""What a channel is given and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from services.notifier.messages import Handover
from shared.contracts import Lane
from shared.contracts.notifier import Purpose


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Letter:
    """One rendered message with its address; lives for one attempt, is never logged or stored."""

    id: str
    cause: str
    purpose: Purpose
    lane: Lane
    address: str
    subject: str
    body: str

    @override
    def __repr__(self) -> str:
        """The id only."""
        return f"Letter({self.id})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said; `code` is its code or the kind of failure, never its words, which
    may repeat the address.
    """

    outcome: Handover
    code: str | None = None


class Sender(Protocol):
    """One channel. `send` answers within the lane's timeout and raises nothing foreseeable."""

    @property
    def channel(self) -> str:
        """Its name in attempts, events and metrics."""

    @property
    def is_open(self) -> bool:
        """Whether it leads to anybody now."""

    async def send(self, letter: Letter) -> Answer:
        """Hand the letter over."""

    async def aclose(self) -> None:
        """Let go of what was kept open; nothing is sent afterwards."""
