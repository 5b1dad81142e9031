"""The ``hotline`` command: one module per command, each adding itself; and what the operator sees
while it runs.

To add a command, write a module with ``register(app)`` and name it in COMMANDS.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog
import typer

from hotline import (
    audit,
    classify,
    clock,
    dead,
    doctor,
    exchange,
    keys,
    link,
    messages,
    policy,
    publishers,
    seed,
    serve,
    token,
    topology,
    up,
    users,
    watch,
)
from hotline.demo import play as demo
from hotline.errors import HotlineError

COMMANDS = (
    up,
    serve,
    seed,
    topology,
    token,
    users,
    publishers,
    policy,
    classify,
    exchange,
    dead,
    messages,
    audit,
    keys,
    clock,
    link,
    doctor,
    watch,
    demo,
)
EXIT_FAULT = 2


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


def build_app() -> typer.Typer:
    """Join the commands."""
    app = typer.Typer(
        name="hotline",
        help="Run and look after the property-service hotline.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # they may hold personal data
    )
    for command in COMMANDS:
        command.register(app)
    return app


def main() -> None:
    """Run the command line; a fault of the machine or the call is one paragraph and exit code 2."""
    configure_operator_log()
    try:
        build_app()(prog_name="hotline")
    except HotlineError as error:
        typer.echo(f"hotline: {error}", err=True)
        sys.exit(EXIT_FAULT)
