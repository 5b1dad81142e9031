"""What several answers have alike."""

from __future__ import annotations

from datetime import datetime

from services.console.clients.service import Answered


class Both(Answered):
    """The same in both languages."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """In one of them."""
        return self.en if language == "en" else self.zh


class Counted(Answered):
    """How many a whole list has; with `more` at least so many."""

    count: int = 0
    more: bool = False


class Held(Answered):
    """Why something waits for a person, and since when."""

    reason: str
    since: datetime


class Span(Answered):
    """Part of words: characters from `start` to before `end`."""

    start: int
    end: int


class Advice(Answered):
    """What to tell the caller, to ask them, and to see to."""

    say: Both
    ask: Both | None = None
    do: Both | None = None
