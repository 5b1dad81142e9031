"""What a channel is given and what it answers, and the provider that sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from typing_extensions import override

from services.notifier.messages import Handover
from shared.contracts import Lane
from shared.contracts.notifier import Purpose


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Letter:
    """One rendered message with its address; lives for one attempt, is never logged or stored.
    `receipt` is where whoever takes it says that it has arrived, where anybody waits for that.
    `stamp` is the line that makes its text like no other, where a tool folds equal texts.
    """

    id: str
    cause: str
    purpose: Purpose
    lane: Lane
    address: str
    subject: str
    body: str
    receipt: str | None = None
    stamp: str = ""

    @override
    def __repr__(self) -> str:
        """The id only."""
        return f"Letter({self.id})"


@dataclass(frozen=True, slots=True)
class ProviderReply:
    """What the provider said; `code` is its code or the kind of failure, never its words, which
    may repeat the address. `wait` is for how long it, or its rate, takes nothing.
    """

    outcome: Handover
    code: str | None = None
    wait: timedelta = timedelta()


class Sender(Protocol):
    """One channel. `send` answers within the lane's timeout and raises nothing foreseeable."""

    @property
    def channel(self) -> str:
        """Its name in attempts, events and metrics."""

    @property
    def is_open(self) -> bool:
        """Whether it leads to anybody now."""

    async def send(self, letter: Letter) -> ProviderReply:
        """Hand the letter over."""

    async def aclose(self) -> None:
        """Let go of what was kept open; nothing is sent afterwards."""


class Absent:
    """A channel that a message was to go by, and that is set no more."""

    is_open: Final = False

    def __init__(self, channel: str) -> None:
        self.channel = channel

    async def send(self, letter: Letter) -> ProviderReply:
        """Nothing leads there."""
        del letter
        return ProviderReply(Handover.NO_CHANNEL)

    async def aclose(self) -> None:
        """Nothing is open."""


class Sandbox:
    """The tray of a trial. `is_trial` is asked at each letter: with real data a letter that is left
    here has reached nobody. Whoever tries the hotline reads the tray, so in a trial it has arrived.
    """

    channel: Final = "sandbox"

    def __init__(self, is_trial: Callable[[], bool]) -> None:
        self._is_trial = is_trial

    @property
    def is_open(self) -> bool:
        """Whether it takes letters."""
        return self._is_trial()

    async def send(self, letter: Letter) -> ProviderReply:
        """Take the letter; its words are not kept, they can be rendered again."""
        del letter
        return ProviderReply(Handover.RECEIVED if self.is_open else Handover.NO_CHANNEL)

    async def aclose(self) -> None:
        """Nothing is open."""
