"""Tests that ask what the product promises in seconds have the whole machine to themselves.

Beside another hotline that starts on the same two processors they would measure that one. They
run first, while nothing else is there yet.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

MACHINE: Final = Path(__file__)
"""Held by every test while it runs: by one that is alone for itself, by the others together."""
DOOR: Final = Path(__file__).with_name("__init__.py")
"""Passed by every test before: so whoever waits to be alone is not overtaken for ever."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: promises seconds; no other test runs meanwhile")


def is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


# Outermost: the time a test may take begins when it has the machine.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    with ExitStack() as until_it_ends:
        with _held(DOOR, fcntl.LOCK_EX):
            how = fcntl.LOCK_EX if is_alone(item) else fcntl.LOCK_SH
            until_it_ends.enter_context(_held(MACHINE, how))
        return (yield)


@contextmanager
def _held(path: Path, how: int) -> Iterator[None]:
    with path.open("rb") as file:
        fcntl.flock(file, how)
        yield
