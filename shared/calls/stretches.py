"""Stretches of time that begin and end, each of one leg of a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shared.calls.facts import Party

Who = tuple[Party, str | None]
Stretch = tuple[str, Who, datetime, datetime]


@dataclass(slots=True)
class Stretches:
    """A beginning told twice is one, and an end without a beginning is none."""

    _done: list[Stretch] = field(default_factory=list)
    _open: dict[str, tuple[datetime, Who]] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        """Whether any is over."""
        return bool(self._done)

    def begin(self, leg: str | None, at: datetime, who: Who) -> None:
        """It begins, unless it runs already."""
        if leg is not None:
            self._open.setdefault(leg, (at, who))

    def end(self, leg: str | None, at: datetime) -> None:
        """It ends, if it runs."""
        opened = self._open.pop(leg or "", None)
        if leg is not None and opened is not None:
            began, who = opened
            self._done.append((leg, who, began, at))

    def until(self, at: datetime) -> list[Stretch]:
        """All of them, by their beginning; what still runs ends then."""
        running = [(leg, who, began, max(began, at)) for leg, (began, who) in self._open.items()]
        return sorted(self._done + running, key=lambda stretch: (stretch[2], stretch[0]))
