"""The exchange's clock against the listener's. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

AHEAD: Final = timedelta(seconds=60)
BEHIND: Final = timedelta(hours=1)
"""So far off the other events an event is of another clock. Behind may be what had to wait."""
SET_ANEW: Final = 20
"""After so many in a row it is the exchange's clock that was set."""
_TIMESTAMP: Final = re.compile(r"(\d{10})\.(\d{6})")


def time_of(timestamp: str) -> datetime | None:
    """`1795990827.370151`: seconds and microseconds since 1970. None for what is no such time."""
    found = _TIMESTAMP.fullmatch(timestamp)
    if found is None:
        return None
    try:
        whole = datetime.fromtimestamp(int(found[1]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return whole.replace(microsecond=int(found[2]))


@dataclass(slots=True)
class Clock:
    """What the exchange's clock says. `offset`: how much the listener's is ahead of it, delay and
    all; the least that was seen is the nearest to the truth."""

    offset: timedelta | None = None
    last: datetime | None = None
    _strange: list[timedelta] = field(default_factory=list)

    def trusts(self, at: datetime, heard_at: datetime) -> bool:
        """Whether an event of that time, heard then, is by this clock."""
        offset = heard_at - at
        if self.offset is None or -AHEAD <= offset - self.offset <= BEHIND:
            self.offset = offset if self.offset is None else min(self.offset, offset)
            self._strange.clear()
        elif not self._was_set(offset):
            return False
        self.last = at if self.last is None else max(self.last, at)
        return True

    def now(self, heard_at: datetime) -> datetime:
        """The exchange's time at a time of the listener's."""
        return heard_at - (self.offset or timedelta())

    def _was_set(self, offset: timedelta) -> bool:
        self._strange = [each for each in self._strange if abs(each - offset) < AHEAD]
        self._strange.append(offset)
        if len(self._strange) < SET_ANEW:
            return False
        self.offset, self.last = min(self._strange), None
        self._strange.clear()
        return True
