"""Many callers, one outage: who counts, and what tells of one."""

from __future__ import annotations

from typing import Any, Final

from hotline.demo.clients import Json, until
from tests.support.floor import Floor

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
