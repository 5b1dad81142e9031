"""Who is there is one answer: for work, alerts and shifts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hotline.demo.clients import Json, until
from hotline.demo.steps import first_order
from tests.support.floor import Floor, with_account

PLACE: Final = "cuihu"
LIST: Final = f"/v1/rosters/{PLACE}/greening"
TREE: Final = {"estate": PLACE, "text": "小区绿化带的树该修剪了，挡住路灯",
               "type": "repair", "area": "greening"}  # fmt: skip
QUARTER: Final = 900


async def ask(floor: Floor, method: str, path: str, body: Any = None, **who: str) -> Json:
    answer = await floor.clients.call(
        method, "router", path, json=body, **(who or {"role": "supervisor"})
    )
    assert answer.is_success, answer.text
    found: Json = answer.json()
    return found


async def on_leave(floor: Floor, person: str, begins: datetime, ends: datetime) -> str:
    """Asked for and granted; its id."""
    body = {"begins": begins.isoformat(), "ends": ends.isoformat(), "reason": "annual"}
    asked = await ask(
        floor, "POST", "/v1/leaves", body, role="department", by=person, department="greening"
    )
    await ask(floor, "POST", f"/v1/leaves/{asked['id']}/grant")
    return str(asked["id"])


async def there(floor: Floor, *people: str) -> None:
    async def look() -> bool | None:
        return True if (await ask(floor, "GET", LIST))["on_duty"] == [*people] else None

    await until(look, f"{people} are on duty")


async def around(floor: Floor, first: timedelta, last: timedelta) -> tuple[datetime, datetime]:
    """From now, on the quarter hour."""
    now = (await floor.now()).timestamp() // QUARTER * QUARTER
    begun = datetime.fromtimestamp(now, UTC)
    return begun + first, begun + last


async def test_b15_who_is_on_leave_gets_no_work_though_their_list_goes_by_no_shifts(
    floor: Floor,
) -> None:
    leave = await on_leave(
        floor, "ch-greening-1", *await around(floor, timedelta(), timedelta(days=1))
    )
    await there(floor, "ch-greening-2")

    number = str((await floor.clients.post_ticket(TREE))["number"])

    order = await first_order(floor.clients, number)
    assert order["assignee"] == "ch-greening-2"
    await ask(floor, "POST", f"/v1/leaves/{leave}/refuse")
    await there(floor, "ch-greening-1", "ch-greening-2")


async def test_b15_whose_account_is_frozen_gets_no_work(floor: Floor) -> None:
    await with_account(
        floor, "ch-greening-1", role="department", places=[PLACE], departments=["greening"]
    )
    path, why = "/v1/users/ch-greening-1", {"why": "left"}
    frozen = await floor.clients.call(
        "POST", "admin", f"{path}/freeze", role="administrator", json=why
    )
    assert frozen.is_success, frozen.text
    await there(floor, "ch-greening-2")

    number = str((await floor.clients.post_ticket(TREE))["number"])

    order = await first_order(floor.clients, number)
    assert order["assignee"] == "ch-greening-2"
    await floor.clients.call("POST", "admin", f"{path}/thaw", role="administrator", json=why)
    await there(floor, "ch-greening-1", "ch-greening-2")


async def test_b15_leave_for_tomorrow_cuts_the_shift_of_tonight(floor: Floor) -> None:
    begins, ends = await around(floor, timedelta(hours=-1), timedelta(hours=11))
    person = "ch-greening-2"
    body = {"place": PLACE, "department": "greening", "person": person}
    times = {"begins": begins.isoformat(), "ends": ends.isoformat()}
    shift = await ask(floor, "POST", "/v1/shifts", body | times)
    tomorrow = ends - timedelta(hours=6)

    leave = await on_leave(floor, person, tomorrow, ends + timedelta(days=1))

    found = await ask(floor, "GET", f"/v1/shifts/{shift['id']}")
    assert (found["struck"], datetime.fromisoformat(found["ends"])) == (None, tomorrow)
    assert datetime.fromisoformat(found["begins"]) == begins
    await ask(floor, "POST", f"/v1/leaves/{leave}/refuse")
