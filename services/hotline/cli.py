"""The ``hotline`` command: one module per command, each adding itself.

To add a command, write a module with ``register(app)`` and name it in COMMANDS.
"""

import sys

import typer

from services.hotline import (
    audit,
    classify,
    clock,
    dead,
    doctor,
    keys,
    policy,
    seed,
    serve,
    token,
    up,
    users,
)
from services.hotline.demo import play as demo
from services.hotline.errors import HotlineError
from services.hotline.operator_log import configure_operator_log

COMMANDS = (
    up, serve, seed, token, users, policy, classify, dead, audit, keys, clock, doctor, demo,
)  # fmt: skip
EXIT_FAULT = 2


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
