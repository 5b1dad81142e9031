"""Words as people send them, and as we read them. Pure.

`legible` is what may be kept and shown. `plain` is what is judged and searched, and is never shown:
one width, one kind of dash, simplified characters, nothing hidden between them. `Words` know where
each character that is read was said, so that what is found in the one is cut out of the other.
Whatever is sent, the cost grows with its length and not faster.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

from opencc import OpenCC

MOST_MARKS: Final = 4
"""So many marks one letter has in any script; more are ornament, or an attack on whoever sorts
them.
"""
MOST_LETTERS: Final = 4
"""So many letters one sign stands for, such as ⅷ; what stands for a whole prayer is cut."""
_KEPT: Final = "\n\t"
_KNOWN: Final = (range(0x20000), range(0xE0000, 0xE0200))
"""Where marks, dashes and hidden signs stand."""
HAN: Final = "一-鿿㐀-䶿〇"


def _by_category(wanted: Iterable[str]) -> dict[str, list[int]]:
    """Of these alone: letters and what is unassigned are most of all there is."""
    found: dict[str, list[int]] = {category: [] for category in wanted}
    for code in chain(*_KNOWN):
        if (category := unicodedata.category(chr(code))) in found:
            found[category].append(code)
    return found


def _class(codes: Iterable[int]) -> str:
    """The inside of a character class, in ranges."""
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _simplified() -> dict[int, str]:
    """Each traditional character alone: phrases would need more than a character's place to undo.
    What differs by place is read as in the mainland, then as in Taiwan, then as in Hong Kong.
    """
    codes = (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))
    lines = "\n".join(map(chr, codes))
    table: dict[int, str] = {}
    for config in ("t2s", "tw2s", "hk2s"):
        read = OpenCC(config).convert(lines).split("\n")
        for code, char in zip(codes, read, strict=True):
            if len(char) == 1 and char != chr(code):
                table.setdefault(code, char)
    del table[ord("么")]  # in Taiwan a way to write 幺, here in every second question
    # In 著火 it is 着; in 著名 it becomes 着, too, for whoever only compares.
    return table | {ord("著"): "着"}


_OF: Final = _by_category(("Mn", "Me", "Mc", "Cc", "Cf", "Cs", "Pd"))
_MARKS: Final = _class(_OF["Mn"] + _OF["Me"] + _OF["Mc"])
_TAILS: Final = rf"{_MARKS}\uff9e\uff9f"
"""What belongs to the character before it; the two are halves of Japanese ones."""
_RUN: Final = re.compile(rf"(?<=[{_MARKS}]{{{MOST_MARKS}}})[{_MARKS}]+")
_PIECE: Final = re.compile(rf"[^{_TAILS}][{_TAILS}]*|[{_TAILS}]+", re.DOTALL)
_JOINING: Final = re.compile(
    rf"[{_TAILS}\ufdfa\ufdfb\u1100-\u11ff\u3131-\u318e\uffa0-\uffdc\ud7b0-\ud7fb]"
)
"""What may become one with its neighbour, or very long; without any of these each character is read
by itself.
"""
_HIDDEN: Final = (
    *(code for code in _OF["Cc"] + _OF["Cf"] + _OF["Cs"] if chr(code) not in _KEPT),
    *(0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0xFFFD),  # blanks, and what could not be read
)
_PLAIN: Final[Mapping[int, str | None]] = {
    **_simplified(),
    **dict.fromkeys(_OF["Pd"], "-"),
    **dict.fromkeys(map(ord, "−ー─⁃"), "-"),
    **dict.fromkeys(map(ord, "’‘`´"), "'"),
    **dict.fromkeys(_OF["Mn"] + _OF["Me"], None),
    **dict.fromkeys(_HIDDEN, None),
}
_SPACED: Final = re.compile(rf"(?<=[{HAN}])[ \t]+(?=[{HAN}])")


def legible(text: str) -> str:
    """What may be kept and shown: without control and half characters, which break logs, terminals
    and mail, and with at most MOST_MARKS marks on a letter. Line ends and tabs stay.
    """
    if not text.isprintable():
        text = "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in {"Cc", "Cs"})
    return text if text.isascii() else _RUN.sub("", text)


# One report is judged, scrubbed and searched: the same words are read six times.
_JUST_READ: Final = lru_cache(maxsize=32)


@_JUST_READ
def plain(text: str) -> str:
    """The words as they are judged and searched; letters keep their case."""
    if not text.isascii():
        if _JOINING.search(text) is None:
            text = unicodedata.normalize("NFKC", text)
        else:
            text = "".join(map(_composed, _PIECE.findall(text)))
    return _SPACED.sub("", text.translate(_PLAIN))


def says_nothing(text: str | None) -> bool:
    """Whether there is nothing to read: no words, or only blanks and hidden signs."""
    return not text or not plain(text).strip()


def _composed(piece: str) -> str:
    return unicodedata.normalize("NFKC", piece[: MOST_MARKS + 1])[:MOST_LETTERS]


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they were `said`, and `text` as it is read; character n of the text was said between
    `starts[n]` and `ends[n]`.
    """

    said: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the text, which is not empty, was said."""
        return self.starts[start], self.ends[end - 1]

    def part(self, start: int, end: int) -> tuple[int, int]:
        """The part of the text that was said there."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)


@_JUST_READ
def read(said: str) -> Words:
    """Read words as `plain` does, and remember where each character was said."""
    text = plain(said)
    if _JOINING.search(said) is None:
        wide = unicodedata.normalize("NFKC", said)
        # Each character is one or more of them: as many in all is one for each.
        if len(said) == len(wide) == len(text):
            return Words(said, text, range(len(said)), range(1, len(said) + 1))
    chars: list[str] = []
    places: list[tuple[int, int]] = []
    for piece in _PIECE.finditer(said):
        found = _composed(piece.group()).translate(_PLAIN)
        chars += found
        places += [piece.span()] * len(found)
    joined = "".join(chars)
    gone = {n for blank in _SPACED.finditer(joined) for n in range(*blank.span())}
    left = [place for n, place in enumerate(places) if n not in gone]
    return Words(said, text, [start for start, _ in left], [end for _, end in left])


_UNITS: Final = "零一二三四五六七八九"
_DIGITS: Final = {n: str(i) for i, n in enumerate(_UNITS)} | {"〇": "0", "幺": "1", "两": "2"}
_NUMERALS: Final = re.compile("[零〇一二两三四五六七八九幺十百千]+")
_ONE_TO_NINE: Final = "([一二两三四五六七八九])"
_CARDINAL: Final = re.compile(
    f"(?:{_ONE_TO_NINE}千零?)?(?:{_ONE_TO_NINE}百零?)?(?:{_ONE_TO_NINE}?(十))?{_ONE_TO_NINE}?"
)


def in_digits(words: Words) -> Words:
    """The same words with numbers in digits: 一三九 as 139, 九百零三 as 903, 十九零七 as 1907. A
    round hundred stays: it counts something, and is no flat.
    """
    if _NUMERALS.search(words.text) is None:
        return words
    parts, starts, ends, at = list[str](), list[int](), list[int](), 0

    def keep(end: int) -> None:
        parts.append(words.text[at:end])
        starts.extend(words.starts[at:end])
        ends.extend(words.ends[at:end])

    for numerals in _NUMERALS.finditer(words.text):
        keep(numerals.start())
        at = numerals.start()
        while at < numerals.end():
            number, end = _number_at(words.text, at)
            start_said, end_said = words.place(at, end)
            parts.append(number)
            starts.extend([start_said] * len(number))
            ends.extend([end_said] * len(number))
            at = end
    keep(len(words.text))
    return Words(words.said, "".join(parts), starts, ends)


def _number_at(text: str, at: int) -> tuple[str, int]:
    """The number that is said there, and where it ends; a numeral by itself is a digit."""
    found = _CARDINAL.match(text, at)
    if found is not None and (found[1] or found[2] or found[4]):
        thousands, hundreds, tens, ten, ones = found.groups()
        value = (
            1000 * int(_DIGITS.get(thousands, "0"))
            + 100 * int(_DIGITS.get(hundreds, "0"))
            + 10 * int(_DIGITS.get(tens, "1" if ten else "0"))
            + int(_DIGITS.get(ones, "0"))
        )
        if value % 100:
            return str(value), found.end()
    return _DIGITS.get(text[at], text[at]), at + 1
