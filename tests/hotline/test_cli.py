"""How the command ends: 0, or 2 and one paragraph that names the fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.command import Ended, invoked, started

Run = Callable[[Sequence[str], Mapping[str, str]], Ended]


def hotline(*arguments: str, **settings: str) -> Ended:
    """The command as a program."""
    return started(arguments, settings)


@pytest.mark.parametrize(
    ("run", "arguments", "settings", "named"),
    [
        (started, ["up"], {"HOTLINE_INTAKE_PORT": "eighty"}, "HOTLINE_INTAKE_PORT"),
        (invoked, ["up"], {"HOTLINE_INTAKE_PORT": "eighty"}, "HOTLINE_INTAKE_PORT"),
        (invoked, ["up", "--policy", "no-such-file"], {}, "--policy"),
        (invoked, ["serve", "kitchen"], {}, "intake, router"),
        (invoked, ["serve", "intake"], {}, "hotline up"),
        (invoked, ["token", "--role", "agent", "--id", "王 13800138000"], {}, "--id"),
        (invoked, ["token", "--role", "agent", "--id", "caller"], {}, "--id"),
    ],
)
def test_a_fault_is_one_paragraph_and_exit_code_2(
    tmp_path: Path, run: Run, arguments: list[str], settings: dict[str, str], named: str
) -> None:
    ended = run(arguments, {"HOTLINE_DATA": str(tmp_path), **settings})
    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "13800138000" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_the_commands_are_listed() -> None:
    ended = started(["--help"], {})
    assert ended.returncode == 0
    assert "serve" in ended.stdout
