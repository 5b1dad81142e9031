"""Whether a caller's words say that it may go to an authority, a court or the press."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from shared.words import in_digits, read

# 0571-12345 is the hotline of a city; elsewhere digits before it make it part of a longer number.
_BEGINS: Final = r"(?<![¥$])(?:(?<!\d)0\d{2,3}[-\s]?|(?<![\d.])(?<!\d[-\s.·]))"
_COUNTED: Final = "元|块|圆|万|度|吨|方(?!面)|平(?!台)|米|层|楼|栋|户|次|天|kw|rmb|yuan|cny"
_ENDS: Final = rf"(?!\d)(?![-.·]\d)(?!\s*(?:{_COUNTED}))"


class RiskWords:
    """Listens for words that stand by themselves: a number is no part of a longer one and counts
    nothing, and what is within one of the `harmless` longer words tells nothing.
    """

    def __init__(self, words: Sequence[str], harmless: Sequence[str] = ()) -> None:
        self._words = _any_of([_bordered(word) for word in map(_as_read, words) if word])
        self._harmless = _any_of([re.escape(word) for word in map(_as_read, harmless) if word])

    def heard_in(self, said: str) -> bool:
        """Whether one of them is said."""
        text = _as_read(said)
        if self._harmless is not None:
            text = self._harmless.sub("\n", text)
        return self._words is not None and self._words.search(text) is not None


@lru_cache(maxsize=16)
def risk_words(words: tuple[str, ...], harmless: tuple[str, ...]) -> RiskWords:
    """What a group listens for, made once for the rules that name it."""
    return RiskWords(words, harmless)


def _as_read(words: str) -> str:
    return in_digits(read(words)).text.strip().casefold()


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(patterns)) if patterns else None


def _bordered(word: str) -> str:
    """A number, an English word in one or many, or Chinese, which has no borders of its own."""
    if word.isdecimal():
        return f"{_BEGINS}{word}{_ENDS}"
    begins = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    ends = r"(?:e?s)?(?![a-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return f"{begins}{re.escape(word)}{ends}"
