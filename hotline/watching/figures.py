"""Figures in words: how a value of a unit is written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hotline.watching.board import Unit

_WORKS: Final = {1.0: ("正常", "works"), 0.5: ("部分", "in part"), 0.0: ("不通", "down")}
_BYTES: Final = ("B", "kB", "MB", "GB", "TB")
_SPANS: Final = ((86400, "天", "d"), (3600, "小时", "h"), (60, "分", "min"), (1, "秒", "s"))
Writer = Callable[[float, int], str]
"""A value; 0 for Chinese, 1 for English."""


def written(value: float, unit: Unit, language: str) -> str:
    """Such as `3 min 20 s`, `81 %`, `12 GB`."""
    return _WRITERS.get(unit, _count)(value, int(language == "en"))


def _count(value: float, _: int) -> str:
    return f"{value:.0f}"


def _number(value: float, _: int) -> str:
    return f"{value:.2f}"


def _share(value: float, _: int) -> str:
    return f"{value * 100:.0f} %"


def _days(value: float, tongue: int) -> str:
    return f"{value:.0f} {'days' if tongue else '天'}"


def _yes_no(value: float, tongue: int) -> str:
    return ("no", "yes")[value > 0] if tongue else ("否", "是")[value > 0]


def _works(value: float, tongue: int) -> str:
    return _WORKS[value][tongue] if value in _WORKS else f"{value:.2f}"


def _span(seconds: float, tongue: int) -> str:
    """The two largest parts of it."""
    gap = " " if tongue else ""
    whole = abs(round(seconds))
    if whole < 10:
        return f"{seconds:.1f}{gap}{_SPANS[-1][1 + tongue]}"
    parts: list[str] = []
    for size, *names in _SPANS:
        if whole >= size or parts:
            count, whole = divmod(whole, size)
            parts.append(f"{count}{gap}{names[tongue]}" if count else "")
    said = gap.join(part for part in parts[:2] if part)
    return f"-{said}" if seconds < 0 else said


def _bytes(value: float, _: int) -> str:
    size = 0
    while abs(value) >= 1000 and size < len(_BYTES) - 1:
        value, size = value / 1000, size + 1
    return f"{value:.1f} {_BYTES[size]}" if size else f"{value:.0f} B"


_WRITERS: Final[Mapping[Unit, Writer]] = {
    "number": _number,
    "erlangs": _number,
    "ratio": _share,
    "days": _days,
    "yes_no": _yes_no,
    "works": _works,
    "seconds": _span,
    "bytes": _bytes,
}
