"""Words in which those are marked by which somebody was judged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.console.clients.shapes.common import Span


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of somebody's words; one that decided is marked."""

    text: str
    is_marked: bool


def pieces(
    text: str, spans: Iterable[Span], start: int = 0, end: int | None = None
) -> Iterator[Piece]:
    """The words from `start` to before `end` in order, those that decided marked; a span that lies
    over another, or beyond the words, marks no more than is left.
    """
    at, stop = start, len(text) if end is None else min(end, len(text))
    for each in sorted(spans, key=lambda one: one.start):
        begin, over = max(each.start, at), min(each.end, stop)
        if begin >= over:
            continue
        if begin > at:
            yield Piece(text[at:begin], is_marked=False)
        yield Piece(text[begin:over], is_marked=True)
        at = over
    if at < stop:
        yield Piece(text[at:stop], is_marked=False)
