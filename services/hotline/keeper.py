"""Keeping something running: start it, notice that it fails, wait a little longer each time."""

from dataclasses import dataclass, field

# Short enough that a crash is a hiccup, long enough that a broken service is no busy loop.
FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
# What ran this long was not broken; its next failure is a new one.
HEALTHY_AFTER = 60.0


@dataclass(slots=True)
class BackOff:
    """The pause before the next start; it doubles up to a limit."""

    _delay: float = field(default=FIRST_DELAY, init=False)

    def next_delay(self, *, ran_for: float) -> float:
        """Return the pause to keep before starting again what ran for that many seconds."""
        if ran_for >= HEALTHY_AFTER:
            self._delay = FIRST_DELAY
        delay = self._delay
        self._delay = min(self._delay * 2, LONGEST_DELAY)
        return delay
