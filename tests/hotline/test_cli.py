"""How the command ends: 0, or 2 and one paragraph that names the fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from hotline.cli import build_app
from tests.support.command import Ended, invoked, started

ROOT: Final = Path(__file__).parents[2]
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
        (invoked, ["serve", "intake", "main"], {}, "leave out 'main'"),
        (invoked, ["serve", "exchange"], {}, "serve exchange main"),
        (invoked, ["token", "--role", "agent", "--id", "王 13800138000"], {}, "--id"),
        (invoked, ["token", "--role", "agent", "--id", "caller"], {}, "--id"),
        (invoked, ["users", "lost", "jy-security-1"], {}, "--none"),
        (invoked, ["users", "lost", "jy-security-1", "--none", "--address", "mail"], {}, "--none"),
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


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_every_command_stands_in_the_readme(page: str) -> None:
    said = (ROOT / page).read_text("utf-8")
    app = build_app()
    names = [command.name or command.callback.__name__ for command in app.registered_commands
             if command.callback]  # fmt: skip
    for group in app.registered_groups:
        assert group.typer_instance is not None
        names += [f"{group.name} {each.name}" for each in group.typer_instance.registered_commands]

    rows = [row for row in said.splitlines() if row.startswith("| `hotline ")]
    missing = [name for name in names if not any(_names(row, *name.split()) for row in rows)]
    assert len(names) > 20
    assert missing == []


def _names(row: str, first: str, second: str = "") -> bool:
    """Whether a row is that of a command, and names the second word of it too."""
    command = row.split("|")[1]
    begins = re.match(rf" `hotline {first}\b", command) is not None
    return begins and re.search(rf"[` ]{second}\b", command) is not None
