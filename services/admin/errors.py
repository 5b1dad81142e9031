"""What can go wrong here, by what should happen next."""

from __future__ import annotations

from typing import Literal

Refusal = Literal[
    "sign-in",
    "refresh",
    "invitation",
    "unknown-state",
    "declined",
    "code-refused",
    "provider-away",
    "id-token",
    "no-account",
    "no-second-factor",
]
"""Why nobody was signed in, as a code. `sign-in` is one word for many reasons, on purpose."""


class NoSuchThing(Exception):
    """There is none of that id: 404."""


class Refused(Exception):
    """Not in the present state, or not by you: say which, and the way out."""

    def __init__(self, kind: str, title: str, remedy: str = "") -> None:
        self.kind = kind
        self.remedy = remedy
        super().__init__(title)


class NotSignedIn(Exception):
    """Nobody was signed in; nothing of what was shown is repeated."""

    def __init__(self, reason: Refusal) -> None:
        self.reason = reason
        super().__init__(reason)


class Locked(Exception):
    """Too many tries: come back after so many seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"locked for {seconds} s")
