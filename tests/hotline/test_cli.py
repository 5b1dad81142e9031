import os
import subprocess
import sys
from pathlib import Path

import pytest

HOTLINE = [sys.executable, "-m", "services.hotline"]


def hotline(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.run(
        [*HOTLINE, *arguments],
        env={**kept, **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (["up"], {"HOTLINE_INTAKE_PORT": "eighty"}, "HOTLINE_INTAKE_PORT"),
        (["up", "--policy", "no-such-file"], {}, "--policy"),
        (["serve", "kitchen"], {}, "intake, router"),
        (["serve", "intake"], {}, "hotline up"),
    ],
)
def test_a_fault_is_one_paragraph_and_exit_code_2(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], named: str
) -> None:
    ended = hotline(*arguments, HOTLINE_DATA=str(tmp_path), **settings)
    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_the_commands_are_listed() -> None:
    ended = hotline("--help")
    assert ended.returncode == 0
    assert "serve" in ended.stdout
