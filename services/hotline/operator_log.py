"""What the operator sees while the hotline runs: one line per event, on standard error."""

import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class Unbreakable:
    """A terminal or pipe whose reader may go: the hotline then runs on in silence."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, or lose it where nobody reads any more."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Pass on what was written, where somebody reads."""
        with suppress(OSError):
            self._stream.flush()


def configure_operator_log() -> None:
    """Send the command's own events to standard error, in colour where it is a terminal."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Unbreakable(sys.stderr))),
        cache_logger_on_first_use=True,
    )
