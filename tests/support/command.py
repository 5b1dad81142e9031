"""The operator's command: in this process, where a test asks what it does, or started as a program.

To start it takes two seconds of a processor, so one test of each family of commands does.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from typer.testing import CliRunner

from hotline.cli import EXIT_FAULT, build_app
from hotline.errors import HotlineError
from tests.support.floor import Floor

PROGRAM: Final = (sys.executable, "-m", "hotline")
PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def invoked(arguments: Sequence[str], settings: Mapping[str, str]) -> Ended:
    """Run the command in this process, with these settings alone. It brings its own event loop, so
    a coroutine calls this in a thread.
    """
    foreign = dict.fromkeys(name for name in os.environ if name.startswith("HOTLINE_"))
    result = CliRunner().invoke(build_app(), arguments, env={**foreign, **settings})
    match result.exception:
        case HotlineError() as fault:  # as `main` of the command line does
            said = f"{result.stderr}hotline: {fault}\n"
            return Ended(EXIT_FAULT, result.stdout, said)
        case None | SystemExit():
            return Ended(result.exit_code, result.stdout, result.stderr)
        case unforeseen:
            raise unforeseen


def started(arguments: Sequence[str], settings: Mapping[str, str]) -> Ended:
    """Run the command as a program, with these settings alone."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    ended = subprocess.run(
        [*PROGRAM, *arguments], env={**own, **settings}, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    return Ended(ended.returncode, ended.stdout, ended.stderr)


async def hotline(floor: Floor, *arguments: str, as_program: bool = False) -> tuple[int, str]:
    """Run the command on the floor's data folder: its exit code, and all it said."""
    run = started if as_program else invoked
    ended = await asyncio.to_thread(run, arguments, {"HOTLINE_DATA": str(floor.data)})
    return ended.returncode, ended.stdout + ended.stderr
