"""By which terms the scrubbed copy of a ticket's words is found. Pure.

Chinese has no gaps between its words: each two characters that stand side by side are a term, so
that whatever somebody looks for is found wherever it stands. Of other scripts each word is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from shared.contracts import MalformedMessage
from shared.words import HAN, plain

MOST_TERMS: Final = 400
"""So many of a ticket are kept, the first: a caller says what it is about long before that."""
MOST_SOUGHT: Final = 40
"""So many are looked for at once."""
LONGEST: Final = 40
_MARKS: Final = re.compile("〔[^〔〕]{1,4}〕")
"""What stands for what was cut is nobody's word."""
_STRETCH: Final = re.compile(r"[^\W_]+")
_UNIT: Final = re.compile(f"[{HAN}]|[^{HAN}]+")
_HAN: Final = re.compile(f"[{HAN}]")


def terms_of(scrubbed: str) -> list[str]:
    """The terms of a scrubbed copy, each once, in the order in which they come."""
    found: dict[str, None] = {}
    for units in _stretches(scrubbed):
        for term in _in_stretch(units):
            found[term] = None
            if len(found) == MOST_TERMS:
                return list(found)
    return list(found)


def sought_in(words: str) -> tuple[str, ...]:
    """The terms that must all be there for somebody's words; raises MalformedMessage where there is
    nothing to look for, since a part that is left out would be one that finds too much.
    """
    # Words that stand apart are looked for apart: in what was said they are elsewhere, too.
    said = [units for word in words.split() for units in _stretches(word)]
    stretches = [list(_in_stretch(units)) for units in said]
    if not stretches:
        raise MalformedMessage("q", "holds no word", "write a ticket number or words")
    if short := [units for units, terms in zip(said, stretches, strict=True) if not terms]:
        raise MalformedMessage(
            "q",
            f"“{short[0][0]}” is one character by itself, which is too little to look for",
            "write two or more that stand side by side, such as 漏水",
        )
    terms = dict.fromkeys(term for found in stretches for term in found)
    if len(terms) > MOST_SOUGHT:
        raise MalformedMessage("q", "is too long", "write the few words that matter")
    return tuple(terms)


def _stretches(text: str) -> Iterator[list[str]]:
    """What is written without a gap, in its units: a Chinese character, or a word."""
    for found in _STRETCH.finditer(_MARKS.sub(" ", plain(text)).casefold()):
        yield [unit[:LONGEST] for unit in _UNIT.findall(found.group())]


def _in_stretch(units: Sequence[str]) -> Iterator[str]:
    """Each word, and each two neighbours: 3栋漏水 is found by 3, 3栋, 栋漏 and 漏水."""
    yield from (unit for unit in units if not _HAN.match(unit))
    yield from map("".join, pairwise(units))
