"""What the operator sees while the hotline runs: one line per event, on standard error."""

import sys

import structlog


def configure_operator_log() -> None:
    """Send the command's own events to standard error, in colour where it is a terminal."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
