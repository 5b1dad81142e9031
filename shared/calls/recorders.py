"""What was recorded of a call, as its facts say, taken by time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.calls.call import Pause, Recording
from shared.calls.facts import Fact, Recorder


@dataclass(slots=True)
class Recorders:
    """One recorder a side: no event says which of two would be meant.

    An exchange tells of no end where a side hangs up, so a recording lasts until it is stopped, the
    side parts for good, or the call ends.
    """

    _done: list[Recording] = field(default_factory=list)
    _running: dict[str, Recording] = field(default_factory=dict)
    _paused: dict[str, datetime] = field(default_factory=dict)
    _parted: dict[str, datetime] = field(default_factory=dict)

    def take(self, fact: Fact) -> None:
        """It begins, pauses, goes on or stops; what is told of one that does not run is nothing."""
        id, at = fact.leg or fact.call, fact.at
        if fact.recorder is Recorder.STARTED:
            self._running.setdefault(id, Recording(id, at, at))
        elif id not in self._running:
            return
        elif fact.recorder is Recorder.PAUSED:
            self._paused.setdefault(id, at)
        elif fact.recorder is Recorder.RESUMED:
            self._running[id] = self._without_pause(id, at)
        elif fact.recorder is Recorder.STOPPED:
            self._done.append(self._ended(id, at))
            del self._running[id]
        if fact.recorder in {Recorder.RESUMED, Recorder.STOPPED}:
            self._paused.pop(id, None)

    def part(self, leg: str | None, at: datetime) -> None:
        """This side is with the caller no more, unless it comes back."""
        if leg is not None:
            self._parted.setdefault(leg, at)

    def join(self, leg: str) -> None:
        """This side is with the caller."""
        self._parted.pop(leg, None)

    def until(self, at: datetime) -> tuple[Recording, ...]:
        """All of them, by their beginning; what still runs ends then."""
        running = [self._ended(id, self._parted.get(id, at)) for id in self._running]
        return tuple(sorted(self._done + running, key=lambda each: (each.began, each.id)))

    def _ended(self, id: str, at: datetime) -> Recording:
        recording = self._without_pause(id, at)
        return replace(recording, ended=max(at, recording.began))

    def _without_pause(self, id: str, at: datetime) -> Recording:
        """With the pause that runs, if one does, until then."""
        recording, began = self._running[id], self._paused.get(id)
        if began is None:
            return recording
        return replace(recording, pauses=(*recording.pauses, Pause(began, max(began, at))))
