"""``hotline exchange``: what a telephone exchange said, as calls."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from hotline.errors import UnusableSettingError

# The reader is the telephony service's own; a command knows no service, but may start its program.
READER = "services.telephony.exchange.read"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What a telephone exchange said.", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("read")(read)
    app.add_typer(group, name="exchange")


def read(
    file: Annotated[Path, typer.Argument(help="A recorded manager stream; may be gzipped.")],
    document: Annotated[
        Path, typer.Option("--exchange", help="The document that describes the exchange (YAML).")
    ],
) -> None:
    """Write one JSON line a call; what could not be heard goes to standard error."""
    ended = subprocess.run(
        (sys.executable, "-m", READER, str(file), str(document)),
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if ended.returncode:
        raise UnusableSettingError(
            ended.stderr.strip() or f"{READER} ended with {ended.returncode}."
        )
    typer.echo(ended.stdout, nl=False)
    typer.echo(ended.stderr, nl=False, err=True)
