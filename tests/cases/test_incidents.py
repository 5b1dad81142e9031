"""Many callers, one outage: who counts, and what tells of one."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from hotline.demo.clients import Json, until
from tests.support.floor import Floor, orders_of

COLD: Final = {
    "estate": "cuihu",
    "text": "家里暖气不热，麻烦来修一下",
    "type": "repair",
    "area": "hvac",
}
WISH: Final = COLD | {"text": "建议暖气早一点开", "type": "suggestion"}


async def report(floor: Floor, said: dict[str, Any], n: int | None = None) -> str:
    """From a home of its own, or from nobody who says who they are."""
    home = (
        {} if n is None else {"caller": {"phone": f"1380013{8500 + n}", "room": f"7-1-{100 + n}"}}
    )
    made = await floor.clients.post_ticket(said | home)
    return str(made["number"])


async def offered(floor: Floor, estate: str, area: str) -> list[Json]:
    path = f"/v1/incidents?status=offered&estate={estate}"
    answer = await floor.clients.call("GET", "router", path, role="dispatcher")
    assert answer.is_success, answer.text
    return [each for each in answer.json()["items"] if each["area"] == area]


async def test_b12_unknown_callers_and_wishes_make_no_outage_and_are_in_no_count(
    floor: Floor,
) -> None:
    for _ in range(6):
        await report(floor, COLD)
    for n in range(5, 10):
        await report(floor, WISH, n)
    for n in range(4):
        await report(floor, COLD, n)
    # What came before it has been looked at when the next one is offered.
    await report(floor, COLD, 4)

    async def found() -> list[Json] | None:
        return await offered(floor, "cuihu", "hvac") or None

    [incident] = await until(found, "five households are offered as one outage")
    assert incident["households"] == 5


DARK: Final = {"estate": "binjiang", "text": "整栋楼都停电了"}
TRAPPED: Final = {"estate": "binjiang", "text": "整栋楼停电，电梯里有人困住了"}


async def purposes(floor: Floor, number: str) -> set[tuple[str, str]]:
    """What was sent because of a ticket, and to whom."""
    found = await floor.clients.messages(number)
    return {(m["purpose"], m["recipient"]) for m in found}


async def test_b11_of_six_households_in_the_dark_one_is_alerted_and_an_incident_is_offered(
    floor: Floor,
) -> None:
    numbers = [await report(floor, DARK, n) for n in range(20, 26)]
    first, *others = numbers
    in_danger = await report(floor, TRAPPED, 26)

    async def all_linked() -> Json | None:
        found = await offered(floor, "binjiang", "electrical")
        return found[0] if found and found[0]["households"] >= 6 else None

    incident = await until(all_linked, "the households are offered as one outage")
    path = f"/v1/incidents/{incident['id']}"
    shown = (await floor.clients.call("GET", "router", path, role="dispatcher")).json()
    linked = set(shown["tickets"])  # with whatever else was reported dark there before
    assert linked >= {*others}
    assert not linked & {first, in_danger}
    for number in others:
        assert await purposes(floor, number) == {("receipt", "caller")}
        ticket = await floor.clients.ticket(number)
        assert (ticket["incident"], len(orders_of(ticket))) == (incident["id"], 3)
        answer = await floor.clients.call(
            "GET", "router", f"/v1/emergencies/{number}", role="supervisor"
        )
        assert answer.status_code == 404
    for number in (first, in_danger):
        await floor.clients.until_message(number, "alert")
        assert (await floor.clients.ticket(number)).get("incident") is None
    for act in ("confirm", "restore"):
        decided = await floor.clients.call(
            "POST", "router", f"{path}/{act}", role="dispatcher", json={}
        )
        assert decided.is_success, decided.text
    for number in others:
        await floor.clients.until_message(number, "feedback")


IN_CUIHU: Final = DARK | {"estate": "cuihu"}


async def is_part(floor: Floor, number: str) -> bool | None:
    return True if (await floor.clients.ticket(number)).get("incident") else None


async def test_b11_what_is_over_for_one_home_is_over_for_no_other_before_the_desk_says_so(
    floor: Floor,
) -> None:
    first = await report(floor, IN_CUIHU, 30)
    alert = await floor.clients.until_message(first, "alert")
    others = [await report(floor, IN_CUIHU, n) for n in (31, 32)]
    for number in others:
        await until(partial(is_part, floor, number), f"{number} shares the alert")
    for act in ("acknowledge", "arrive", "end"):
        done = await floor.clients.call(
            "POST", "router", f"/v1/emergencies/{first}/{act}", role="department",
            by=alert["recipient"], department="engineering",
        )  # fmt: skip
        assert done.is_success, done.text

    asked = await floor.clients.until_message(others[0], "follow_up")

    assert asked["recipient"] != "caller"
    for number in others:
        assert (await floor.clients.ticket(number))["status"] not in {"resolved", "closed"}
        assert await is_part(floor, number)
    [incident] = [i for i in await offered(floor, "cuihu", "electrical") if i["emergency"] == first]
    path = f"/v1/incidents/{incident['id']}/dismiss"
    parted = await floor.clients.call(
        "POST", "router", path, role="dispatcher", json={"reason": "own_fuses"}
    )
    assert parted.is_success, parted.text
    for number in others:
        await floor.clients.until_message(number, "alert")
