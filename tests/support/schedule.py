"""Which tests run in one worker, in which order they begin, and which of the two runs they are of.

`make test` runs what asks single services, on real servers; `make whole` what asks a whole hotline,
on the floor, in a browser or over days, and what kills a process or cuts its lines. CI runs both.

The tests of a file run in one worker, one after the other: they share what their module makes. All
tests of the floor, whatever their file, run in one worker too, so that a run starts one hotline and
not one in each worker. They are the longest line of all and so begin first, after what must be
alone; when the last of them is over the floor ends, since it works even when nobody asks it
anything. Of the rest the long files begin first, or everybody would wait for them in the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typing_extensions import override
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tests.support.alone import is_alone
from tests.support.floor import FLOOR, MARK


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "whole: asks a whole hotline or kills something: of `make whole`"
    )


def group_of(test: str) -> str:
    """What a test runs together with: the floor, or its file."""
    file, _, name = test.partition("::")
    return FLOOR if MARK in name.partition("[")[2] else file


class ByFileOrFloor(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """`--dist loadfile` with one group that is more than a file."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFileOrFloor | None:
    return ByFileOrFloor(config, log) if config.getoption("dist") == "loadfile" else None


# Before pytest itself leaves out what `-m` does not want.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    for item in items:
        if _is_of_the_floor(item):
            item.add_marker("whole")


def _turn(item: pytest.Item) -> tuple[bool, bool, bool, bool]:
    return (
        not is_alone(item),
        not _is_of_the_floor(item),
        # What was broken from outside changes lists, policies and the time: others come before.
        item.nodeid.startswith("tests/cases/"),
        item.get_closest_marker("whole") is None,
    )


def _is_of_the_floor(item: pytest.Item) -> bool:
    return FLOOR in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    yield
    if _is_of_the_floor(item) and nextitem is not None and not _is_of_the_floor(nextitem):
        _end_floor(item)


def _end_floor(item: Any) -> None:
    """End the fixture before its session does."""
    for fixture in item.session._fixturemanager.getfixturedefs(FLOOR, item):
        fixture.finish(item._request)
