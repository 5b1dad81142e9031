"""What is on a board: a table of panels, read from its file."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

Unit = Literal[
    "count", "number", "seconds", "ratio", "erlangs", "per_hour", "days", "bytes", "yes_no", "works"
]
MOST_PANELS: Final = 16
BOARDS: Final = ("now", "load", "promises", "plant", "engine")
_BAD: Final = re.compile(r"(<|>|<=|>=) (\d+(?:\.\d+)?(?:e\d+)?)")
_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """The same in both languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """In one of them."""
        return self.en if language == "en" else self.zh


class Panel(_Strict):
    """One figure: what it means, how it is asked for, when it is bad and what that is called.
    `by` is the label that tells its values apart.
    """

    title: Words
    says: Words
    query: str
    unit: Unit
    by: str | None = None
    bad: Annotated[str, Field(pattern=_BAD.pattern)] | None = None
    words: Words | None = None
    runbook: str
    first: bool = False

    @model_validator(mode="after")
    def _bad_has_words(self) -> Panel:
        if (self.bad is None) != (self.words is None):
            raise ValueError("`bad` and `words` belong together")
        return self

    def threshold(self) -> tuple[str, float] | None:
        """From where on it is bad, and on which side."""
        found = _BAD.fullmatch(self.bad) if self.bad else None
        return (found[1], float(found[2])) if found else None

    def is_bad(self, value: float) -> bool:
        """Whether somebody should look."""
        limit = self.threshold()
        return limit is not None and _COMPARE[limit[0]](value, limit[1])


class Board(_Strict):
    """At most sixteen panels; those that are `first` answer the board's first question."""

    title: Words
    refresh: Annotated[str, Field(pattern=r"^\d+[smh]$")]
    panels: Annotated[tuple[Panel, ...], Field(min_length=1, max_length=MOST_PANELS)]


@cache
def board(name: str) -> Board:
    """One of BOARDS."""
    text = (files("hotline.watching") / "boards" / f"{name}.yaml").read_text("utf-8")
    return Board.model_validate(yaml.safe_load(text))
