"""The building that words name, however people write it: 3号楼, 三栋, 3#, 一期3栋, 6-2-1502 or
Tower B. Pure.

Numerals are read as digits, so that whoever says 三号楼 and whoever writes 3栋 mean the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from shared.words import in_digits, read

_PHASE: Final = r"(?:第?(?P<phase>\d{1,2})期(?:的)?\s*)?"
_NOT_A_PLACE: Final = "电梯|梯|泵|机|柜|变|门(?!口)|车|桩|井|灯|表|线"
"""What has numbers with a # as well: 3#电梯 is a lift."""
_NAMED: Final = re.compile(
    rf"{_PHASE}(?<![\d.-])(?P<id>\d{{1,3}}|(?<![A-Za-z])[A-Za-z])\s*"
    rf"(?:号楼|号栋|#楼|#栋|栋|幢|座(?!位|椅|沙发|桥|亭)|#(?!\s*(?:\d{{1,2}}#|{_NOT_A_PLACE})))"
)
_FLAT: Final = re.compile(
    rf"{_PHASE}(?<![\d.\-/:A-Za-z])(?P<id>\d{{1,3}})\s*-\s*\d{{1,2}}\s*-\s*\d{{3,4}}(?![\d\-/.])"
)
"""Building, unit and flat. Of two numbers nobody knows which the first is."""
_ENGLISH: Final = re.compile(
    r"\b(?:(?i:phase)\s+(?P<phase>\d{1,2})[\s,]+)?"
    r"(?i:block|building|bldg\.?|tower)\s+(?P<id>\d{1,3}[A-Za-z]?|[A-Z]\d{0,3}|[a-z]\d{1,3})\b"
)
"""A small letter by itself is an article: in the building a pipe bursts."""


@dataclass(frozen=True, slots=True)
class Named:
    """A building by its id, which with a phase is such as 1期3, and where it was said."""

    id: str
    start: int
    end: int


def building_in(said: str | None) -> Named | None:
    """The building that is named first; None where there is none."""
    if not said:
        return None
    words = in_digits(read(said))
    found = [
        match for pattern in (_NAMED, _FLAT, _ENGLISH) if (match := pattern.search(words.text))
    ]
    if not found:
        return None
    first = min(found, key=re.Match.start)
    phase, id = first["phase"], first["id"].upper()
    start, end = words.place(first.start(), first.end())
    return Named(f"{phase}期{id}" if phase else id.lstrip("0") or id, start, end)


def building_of(*words: str | None) -> str | None:
    """The building that one of these names, the first of them first, which may be kept in plain;
    None where there is none.
    """
    for said in words:
        named = building_in(said)
        if named is not None:
            return named.id
    return None
