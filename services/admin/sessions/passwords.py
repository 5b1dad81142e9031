"""Passwords hashed and compared (argon2id) in threads, a few at a time: each takes 64 MiB."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.admin.sessions.domain import as_hashed
from shared.contracts.refusals import Away

AT_ONCE: Final = 2
"""A storm of sign-ins waits here rather than in the machine's memory."""
MOST_IN_HAND: Final = 40
"""With those that wait: some seconds' worth, as long as people wait for a form."""
AGAIN_SECONDS: Final = 5


class Passwords:
    """The library's own parameters (RFC 9106, second recommendation); a hash names its own."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._in_hand = 0
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """What is kept of a password; raises Away while too many wait."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password that was kept; where none was, saying no takes as
        long. Raises Away while too many wait.
        """
        async with self._turn():
            fits = await asyncio.to_thread(self._fits, as_hashed(password), kept or self._nobodys)
        return fits and kept is not None

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._in_hand >= MOST_IN_HAND:
            raise Away(
                "busy",
                "Too many people are signing in at once; come back in a moment",
                "nothing was tried and nothing counted",
                wait=AGAIN_SECONDS,
            )
        self._in_hand += 1
        try:
            async with self._gate:
                yield
        finally:
            self._in_hand -= 1

    def _fits(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
