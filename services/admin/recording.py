"""How what lies in the administration's collections is changed: never before it is on record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.store import Contested
from shared.store.tickets import ATTEMPTS

T = TypeVar("T")


async def change_on_record(
    read: Callable[[], Awaitable[T]],
    decide: Callable[[T], T],
    record: Callable[[], Awaitable[None]],
    save: Callable[[T, T], Awaitable[T | None]],
    *,
    of: tuple[str, str],
) -> T:
    """Read, decide, put on record once, save; again when somebody else was faster.

    What stays as it was is neither recorded nor saved. `save` is given what was read and what was
    decided, and returns that as it was written, or None when it lost. `of` is collection and id.
    Raises what these raise, and Contested.
    """
    recorded = False
    for _ in range(ATTEMPTS):
        old = await read()
        new = decide(old)
        if new == old:
            return old
        if not recorded:
            await record()
            recorded = True
        if (saved := await save(old, new)) is not None:
            return saved
    raise Contested(*of)
