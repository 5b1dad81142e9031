"""How tests are divided among the workers of a run."""

from __future__ import annotations

import pytest

from tests.support.schedule import group_of


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/rights/test_walk.py::test_a[@floor]", "floor"),
        ("tests/system/test_users.py::test_b[@floor-x]", "floor"),
        ("tests/system/test_users.py::test_b[x-@floor]", "floor"),
        ("tests/bus/test_loops.py::test_c", "tests/bus/test_loops.py"),
        ("tests/bus/test_loops.py::test_floor[floor]", "tests/bus/test_loops.py"),
    ],
    ids=range(5),
)
def test_a_file_is_one_group_and_the_floor_another(test: str, group: str) -> None:
    assert group_of(test) == group


def test_what_uses_the_floor_is_in_its_group_and_nothing_else_is(
    request: pytest.FixtureRequest,
) -> None:
    for item in request.session.items:
        uses_it = "floor" in getattr(item, "fixturenames", ())
        assert (group_of(item.nodeid) == "floor") == uses_it, item.nodeid
