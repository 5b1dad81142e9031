"""How many of a list want somebody: what the rail shows. Known from the lists that are shown, and
asked for only where nobody is shown the list.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.console.live.listings import Listing
from services.console.live.streams import Stream
from services.console.live.topics import is_of_person

GATHERED_SECONDS: Final = 2.0
"""So often a list is asked for at most because its count may have changed."""
LONGEST_SECONDS: Final = 60.0
"""So long a count is believed though nothing is heard of: some change because time passes."""


@dataclass(frozen=True, slots=True)
class _Known:
    at: float
    listing: Listing
    """Without its cards."""


class Counts:
    """What was last heard of each list, by whoever it was asked for; where two readers of one reach
    have the same, for all of it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[object, ...], _Known] = {}
        self._touched: dict[tuple[str, str | None], float] = defaultdict(float)

    def touch(self, topic: str, at: float, reader: str | None = None) -> None:
        """Something may have changed in this list at that time, in that of one reader alone where
        each has their own.
        """
        self._touched[topic, reader] = max(at, self._touched[topic, reader])

    def forget(self) -> None:
        """Nobody knows what changed."""
        self._known.clear()

    def now(self) -> float:
        """When a list is asked for, which is what its count is as old as."""
        return self._clock()

    def note(
        self, topic: str, at: float, found: Sequence[tuple[Sequence[Stream], Listing]]
    ) -> None:
        """What these readers were shown, asked for at this time."""
        for readers, listing in found:
            known = _Known(at, replace(listing, cards=()))
            ids = {stream.viewer.who.id for stream in readers}
            for id in ids:
                self._known[topic, id] = known
            if len(ids) > 1 and not is_of_person(topic):
                self._known[topic, *readers[0].viewer.reach] = known

    def of(self, topic: str, stream: Stream, *, is_new: bool) -> Listing | None:
        """The list without its cards, or None where it is to be asked for. For a page that has just
        come what is younger than two seconds does.
        """
        viewer = stream.viewer
        for key in ((topic, viewer.who.id), (topic, *viewer.reach)):
            known = self._known.get(key)
            if known is not None and self._is_good(topic, viewer.who.id, known, is_new=is_new):
                return known.listing
        return None

    def _is_good(self, topic: str, reader: str, known: _Known, *, is_new: bool) -> bool:
        age = self._clock() - known.at
        if is_new and age < GATHERED_SECONDS:
            return True
        touched = max(self._touched[topic, None], self._touched[topic, reader])
        return known.at >= touched and age < LONGEST_SECONDS
