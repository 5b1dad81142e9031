"""The edges: what is asked for beyond them is refused by name."""

from __future__ import annotations

import pytest

from tests.support.floor import Floor


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1900-01-01"])
@pytest.mark.parametrize("what", ["cover", "shifts"])
async def test_b27_a_day_beyond_the_calendar_is_refused_by_name(
    floor: Floor, what: str, day: str
) -> None:
    path = f"/v1/rosters/jinyuan/engineering/{what}?first={day}"
    answer = await floor.clients.call("GET", "router", path, role="supervisor")

    assert answer.status_code == 422
    [fault] = answer.json()["faults"]
    assert fault["field"] == "first"
