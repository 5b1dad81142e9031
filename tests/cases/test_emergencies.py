"""A running emergency is what its ticket says."""

from __future__ import annotations

from typing import Any, Final

from hotline.demo.clients import Json, until
from tests.support.floor import Floor, caller

LIFT: Final = {"estate": "jinyuan", "text": "电梯里困了两个人，快来", "caller": caller()}
TRAPPED: Final = {"jy-engineering-1", "jy-security-1", "jy-customer-service-1", "lift-firm-1"}
LEAK: Final = {"jy-engineering-1", "jy-security-1"}


async def emergency(floor: Floor, number: str) -> Json:
    path = f"/v1/emergencies/{number}"
    answer = await floor.clients.call("GET", "router", path, role="supervisor")
    assert answer.is_success, answer.text
    found: Json = answer.json()
    return found


async def told(floor: Floor, number: str, purpose: str, people: set[str], times: int = 1) -> None:
    """Return when each of these people has so many messages of the purpose, and nobody else any."""

    async def look() -> bool | None:
        found = await floor.clients.messages(number)
        to = [m["recipient"] for m in found if m["purpose"] == purpose]
        return True if sorted(to) == sorted([*people] * times) else None

    await until(look, f"{sorted(people)} have {times} {purpose}")


async def alerted(floor: Floor) -> str:
    number = str((await floor.clients.post_ticket(LIFT))["number"])
    await told(floor, number, "alert", TRAPPED)
    taken = await floor.clients.call(
        "POST", "router", f"/v1/emergencies/{number}/acknowledge", role="department",
        by="lift-firm-1", department="lift_firm",
    )  # fmt: skip
    assert taken.is_success, taken.text
    return number


async def reclassify(floor: Floor, number: str, **body: Any) -> None:
    path = f"/v1/tickets/{number}/reclassify"
    answer = await floor.clients.call("POST", "intake", path, role="supervisor", json=body)
    assert answer.is_success, answer.text


async def test_b10_an_emergency_of_another_kind_alerts_whom_it_concerns_and_tells_the_others(
    floor: Floor,
) -> None:
    number = await alerted(floor)
    before = await emergency(floor, number)

    await reclassify(floor, number, emergency_kind="gas_leak")

    async def followed() -> Json | None:
        now = await emergency(floor, number)
        return now if now["kind"] == "gas_leak" else None

    now = await until(followed, f"the emergency of {number} is of the other kind")
    assert now["advice"] != before["advice"]
    assert next(step["step"] for step in now["checklist"]) == "no_sparks"
    assert now["acknowledged_by"] is None
    assert set(now["alerts"][1]["recipients"]) == LEAK
    await told(floor, number, "spared", TRAPPED - LEAK)


async def test_b10_who_came_to_what_it_was_before_does_not_keep_the_chain_from_ringing(
    floor: Floor,
) -> None:
    number = await alerted(floor)
    there = await floor.clients.call(
        "POST", "router", f"/v1/emergencies/{number}/arrive", role="department",
        by="jy-security-1", department="security",
    )  # fmt: skip
    assert there.is_success, there.text

    await reclassify(floor, number, emergency_kind="gas_leak")

    async def followed() -> Json | None:
        now = await emergency(floor, number)
        return now if now["kind"] == "gas_leak" else None

    now = await until(followed, f"the emergency of {number} is of the other kind")
    assert now["on_site"] == ["jy-security-1"]
    assert now["acknowledged_by"] is None
    assert now["next_due"] is not None


async def test_b10_at_another_place_those_of_the_first_are_told_that_they_are_not_needed(
    floor: Floor,
) -> None:
    number = await alerted(floor)

    await reclassify(floor, number, estate="binjiang")

    await told(floor, number, "spared", {p for p in TRAPPED if p.startswith("jy-")})


async def test_b10_when_it_is_none_after_all_everybody_who_was_called_is_told(
    floor: Floor,
) -> None:
    number = await alerted(floor)

    await reclassify(floor, number, no_danger=True, reason="nobody_inside")

    await told(floor, number, "spared", TRAPPED)
