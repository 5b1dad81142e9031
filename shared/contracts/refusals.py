"""Why something is not done, by what the caller should do next.

Use cases raise these with the facts of the answer; `shared.runtime.problems` alone makes answers of
them, for HTTP and for the queue.
"""

from __future__ import annotations

from typing import Any, Final


class Refused(Exception):
    """It is not done. `code` is for programs, `title` and `remedy` are for people, `facts` stand
    beside them; after `wait` seconds it is worth trying again.
    """

    def __init__(
        self, code: str, title: str, remedy: str = "", *, wait: int | None = None, **facts: Any
    ) -> None:
        self.code, self.title, self.remedy, self.wait, self.facts = code, title, remedy, wait, facts
        super().__init__(title)


class NotThere(Refused):
    """Look at the number again. What is missing and what is not yours look the same, so that
    nothing can be guessed; other words are for what the caller may see. Without words the answer
    names the kind of thing that its path is about.
    """

    NOTHING: Final = "There is nothing here, or it is not yours"

    def __init__(
        self,
        code: str = "not-found",
        title: str = NOTHING,
        remedy: str = "check the number; your token may not reach its place or department",
    ) -> None:
        super().__init__(code, title, remedy)


class NotNow(Refused):
    """Read it again: as it is now, this cannot be done to it. The remedy says what can."""


class NotYours(Refused):
    """Let somebody else do it."""


class NotSignedIn(Refused):
    """Sign in again."""


class Unfit(Refused):
    """Send something else."""


class Gone(Refused):
    """Do not try again: it will not come back."""


class TooSlow(Refused):
    """Send it again where the network is better."""


class TooOften(Refused):
    """Wait."""


class Away(Refused):
    """Send it again: something that is needed is away, or busy."""


def used_key(wish: str) -> Unfit:
    """The `Idempotency-Key` of a wish of this kind stands for another one."""
    title = f"This Idempotency-Key was used for another {wish}"
    return Unfit("conflict", title, f"send a key of its own with each {wish}")
