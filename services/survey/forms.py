"""The resident's form: what was typed, what is wrong with it, and the answer it makes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self
from urllib.parse import parse_qs

from services.survey.domain import BEST_SCORE, DIMENSIONS, LONGEST_COMMENT, Given
from shared.words import legible

FaultCode = Literal["score_missing", "score_unknown", "comment_too_long"]
SCORES: Final = tuple(str(n) for n in range(BEST_SCORE, 0, -1))
"""As the page lists them, best first."""
MOST_FIELDS: Final = 20


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, kept for showing it again, and the faults by field."""

    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, FaultCode] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a posted form; whatever cannot be read counts as not filled in."""
        typed = _fields(body)
        return cls(typed, _faults(typed))

    def to_given(self) -> Given:
        """The answer; only for a form without faults."""
        return Given(
            score=int(self.typed["score"]),
            dimensions={d: int(self.typed[d]) for d in DIMENSIONS if self.typed.get(d)},
            comment=self.typed.get("comment", ""),
        )


def _fields(body: bytes) -> dict[str, str]:
    try:
        sent = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    known = ("score", *DIMENSIONS, "comment")
    return {name: tidy(sent[name][0]) for name in known if name in sent}


def tidy(text: str) -> str:
    """One kind of line break, no control characters, no blank ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return legible(lines).strip()


def _faults(typed: Mapping[str, str]) -> dict[str, FaultCode]:
    faults: dict[str, FaultCode] = {}
    if not typed.get("score"):
        faults["score"] = "score_missing"
    for name in ("score", *DIMENSIONS):
        if typed.get(name) and typed[name] not in SCORES:
            faults[name] = "score_unknown"
    if len(typed.get("comment", "")) > LONGEST_COMMENT:
        faults["comment"] = "comment_too_long"
    return faults
