"""What a decision says: how something is to be, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.contracts.base import Event

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """The next state of something and its events, which are stored in one write.

    Who decides leaves the version of the value alone: it is the version that was read, and the
    write counts it on.
    """

    value: T
    events: Sequence[Event] = ()
