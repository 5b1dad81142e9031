"""What the services logged while they were measured must not be believed away."""

from __future__ import annotations

import json

import pytest

from bench.complaints import heard, tell
from bench.results import Result


def line(level: str, **more: str) -> str:
    return json.dumps({"level": level, "event": "it_happened", **more})


@pytest.mark.parametrize("level", ["debug", "info"])
def test_what_is_said_in_passing_is_no_complaint(level: str) -> None:
    assert not heard("router", [line(level), ""])


def test_the_same_complaint_is_counted() -> None:
    found = heard("router", [line("warning", why="slow", at=str(n)) for n in range(3)])
    assert {str(complaint): n for complaint, n in found.items()} == {
        "router: warning: it_happened slow": 3
    }


@pytest.mark.parametrize(
    ("said", "breaks"),
    [
        (line("warning"), []),
        (line("error"), ["logged 1 times: router: error: it_happened"]),
        (line("critical"), ["logged 1 times: router: critical: it_happened"]),
        ("ValueError: no", ["logged 1 times: router: unformatted: ValueError: no"]),
        ('"a text"', ['logged 1 times: router: unformatted: "a text"']),
        ("{}", ["logged 1 times: router: unformatted: {}"]),
    ],
)
def test_figures_beside_an_error_are_not_believed(said: str, breaks: list[str]) -> None:
    result = Result()
    tell(result, heard("router", [said]))
    assert result.broken == breaks
    assert list(result.details["complaints"].values()) == [1]
