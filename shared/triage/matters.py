"""What a caller comes for, matter by matter: one call may tell of a leak, a rude engineer and an
invoice. Pure, and bounded: only a text no longer than a letter is parted, into a dozen parts.

Where one matter ends and the next begins is decided here alone. A part is another matter only where
it says by itself, and surely, that it is about something else; all the rest belongs to what was
said before it. So what one matter is told with is not torn apart, and whatever is unsure stays
whole. Of a danger nothing is cut off but what the caller says is something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from shared.triage.classify import Classification, classify
from shared.triage.lexicon import Lexicon
from shared.triage.taxonomy import Taxonomy

MOST_PARTS: Final = 12
"""Parts of a text that are looked at; what is beyond belongs to the last one."""
_SURE: Final = 0.55
"""How sure a part must be of its type and area by itself."""
_SURELY_ASKS: Final = 0.75
"""How sure of a question: most are about what was told before them."""
_INQUIRY: Final = "inquiry"
_ENDS: Final = re.compile(r"[。!！?？;；\n]+|\.(?![0-9])")
_ANOTHER: Final = re.compile(
    r"(?:(?<=[,，、:：。!！?？;；.\n ])|^)"
    r"(?:还有(?!人|没|不|点|些)|另外|此外|再有|再就是|再问|顺便|对了|还想(?:问|反映|投诉|报)|第二(?:件|个)|"
    r"(?i:also\b|by the way|another thing|one more thing|and also))"
)
"""By what callers say that they come to something else."""

_Judge = Callable[[int, int], Classification]


class _Part(NamedTuple):
    """Where a part stands; `says_so` where the caller begins it as something else."""

    start: int
    end: int
    says_so: bool


@dataclass(frozen=True, slots=True)
class Matter:
    """What one part of a text is about: where it was said (`start`, `end`), and what was found."""

    start: int
    end: int
    found: Classification


def matters_in(
    text: str,
    taxonomy: Taxonomy,
    lexicon: Lexicon,
    *,
    type_hint: str | None = None,
    area_hint: str | None = None,
) -> tuple[Matter, ...]:
    """The matters of a text in the order in which they are told, at least one; together they are
    the whole text. With a hint, or in a letter, it is one: somebody has decided, or tells a story.
    """

    @cache
    def judge(start: int, end: int) -> Classification:
        return classify(text[start:end], taxonomy, lexicon)

    whole = classify(text, taxonomy, lexicon, type_hint=type_hint, area_hint=area_hint)
    one = (Matter(0, len(text), whole),)
    if type_hint or area_hint or len(text) > lexicon.letter.longer_than:
        return one
    parts = [part for telling in _tellings(text) for part in _parts_of(text, telling, judge)]
    matters = _joined(parts, judge)
    tells_of_danger = any(matter.found.emergency for matter in matters)
    if len(matters) == 1 or (whole.emergency and not tells_of_danger):
        return one
    return tuple(matters)


def _tellings(text: str) -> list[_Part]:
    """What is told in one breath, up to where the caller says that they come to something else."""
    begins = [mark.start() for mark in _ANOTHER.finditer(text)]
    edges = _edges(text, 0, len(text), begins)
    return [_Part(start, end, says_so=start > 0) for start, end in edges]


def _parts_of(text: str, telling: _Part, judge: _Judge) -> list[_Part]:
    """What was told in one breath, sentence by sentence; a danger is told as a whole, and what
    silences one may stand in another sentence.
    """
    start, end, says_so = telling
    if judge(start, end).emergency:
        return [telling]
    ends = [mark.end() for mark in _ENDS.finditer(text, start, end)]
    edges = _edges(text, start, end, ends)
    if any(judge(*edge).emergency for edge in edges):
        return [telling]
    return [_Part(*edge, says_so=says_so and edge[0] == start) for edge in edges]


def _edges(text: str, start: int, end: int, cuts: Iterable[int]) -> list[tuple[int, int]]:
    """Where parts begin and end; none of them is empty, and they are few."""
    edges = [start]
    for cut in cuts:
        if len(edges) < MOST_PARTS and text[edges[-1] : cut].strip() and text[cut:end].strip():
            edges.append(cut)
    return list(pairwise((*edges, end)))


def _joined(parts: Iterable[_Part], judge: _Judge) -> list[Matter]:
    """Neighbours that belong together as one."""
    joined: list[Matter] = []
    for start, end, says_so in parts:
        is_another = _is_said_to_be_another if says_so else _is_plainly_another
        matter = Matter(start, end, judge(start, end))
        while joined and not is_another(joined[-1].found, matter.found):
            first = joined.pop().start
            matter = Matter(first, end, judge(first, end))
        joined.append(matter)
    return joined


def _is_said_to_be_another(before: Classification, found: Classification) -> bool:
    """Whether what a caller calls something else is that."""
    if before.emergency or found.emergency:
        calm = found if before.emergency else before
        return before.emergency != found.emergency and calm.confidence >= _SURE
    return before.area != found.area and _are_sure(before, found)


def _is_plainly_another(before: Classification, found: Classification) -> bool:
    """Whether a sentence is about something else without saying so. What is as much a fault as the
    one before it is most often the same one, told on.
    """
    same = before.area == found.area or before.type == found.type
    if same or before.emergency or found.emergency:
        return False
    asks = found.type == _INQUIRY
    return _are_sure(before, found) and (not asks or found.confidence >= _SURELY_ASKS)


def _are_sure(before: Classification, found: Classification) -> bool:
    return not found.refers_back and min(before.confidence, found.confidence) >= _SURE
