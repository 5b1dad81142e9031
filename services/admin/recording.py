"""How what the administration keeps is changed: never before it is on record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from shared.contracts import Step

T = TypeVar("T")
Record = Callable[[], Awaitable[None]]


def once(record: Record) -> Record:
    """Put something on record the first time alone: a decision that is asked again is one act."""
    recorded = False

    async def record_once() -> None:
        nonlocal recorded
        if not recorded:
            await record()
            recorded = True

    return record_once


def step_to(old: T, new: T) -> Step[T] | None:
    """To what was decided; none where it is as it was."""
    return None if new == old else Step(new)


def on_record(
    decide: Callable[[T, datetime], T], record: Record
) -> Callable[[T, datetime], Awaitable[Step[T] | None]]:
    """A decision that is on record before it is written. What stays as it was is neither."""
    record = once(record)

    async def decided(old: T, now: datetime) -> Step[T] | None:
        step = step_to(old, decide(old, now))
        if step is not None:
            await record()
        return step

    return decided
