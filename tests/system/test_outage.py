"""An outage on a whole hotline: many call, each household is told once, and each caller hears the
end of it by their own request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from hotline.demo.clients import Json, until
from tests.support.floor import Floor

NO_WATER = "停水了，家里一点水都没有"


async def test_callers_of_one_outage_are_told_once_and_each_hears_its_end(floor: Floor) -> None:
    numbers = [await called(floor, home) for home in range(5)]
    incident = await offered(floor)
    confirmed = await decided(
        floor, incident, "confirm", restore_by=(datetime.now(UTC) + timedelta(hours=3)).isoformat()
    )
    assert (confirmed["status"], confirmed["buildings"]) == ("confirmed", ["6"])

    # The neighbour of a flat that has called already, and one who calls only now.
    numbers += [await called(floor, 4, phone="13800138077"), await called(floor, 9)]
    await linked(floor, incident, 7)
    await decided(floor, incident, "announce", at_most=6)
    told = [n for n in numbers if n != numbers[5]]
    for number in told:
        await floor.clients.until_message(number, "outage")
    await decided(floor, incident, "restore")
    for number in numbers:
        await floor.clients.until_status(number, "closed")

    for number in numbers:
        ticket = await floor.clients.ticket(number)
        purposes = sorted(m["purpose"] for m in await floor.clients.messages(number))
        extra = ["outage"] if number in told else []
        assert [p for p in purposes if p in {"outage", "feedback"}] == ["feedback", *extra]
        assert ticket["incident"] == incident
    await until(partial(is_closed, floor, incident), "it is closed")


async def called(floor: Floor, home: int, *, phone: str | None = None) -> str:
    caller = {
        "name": "王桂兰", "phone": phone or f"1380013810{home}", "role": "owner",
        "room": f"6-1-{home}01",
    }  # fmt: skip
    report = {"estate": "binjiang", "location": "6号楼", "text": NO_WATER, "caller": caller}
    return str((await floor.clients.post_ticket(report))["number"])


async def offered(floor: Floor) -> str:
    async def look() -> str | None:
        items = (await listed(floor))["items"]
        return next((i["id"] for i in items if i["households"] >= 5), None)

    return await until(look, "an incident is offered")


async def is_closed(floor: Floor, incident: str) -> Json | None:
    found = await shown(floor, incident)
    return found if found["status"] == "closed" else None


async def linked(floor: Floor, incident: str, count: int) -> None:
    async def look() -> Json | None:
        found = await shown(floor, incident)
        return found if len(found["tickets"]) == count else None

    await until(look, f"{count} tickets are linked")


async def listed(floor: Floor) -> Json:
    answer = await floor.clients.call(
        "GET", "router", "/v1/incidents", role="dispatcher", params={"estate": "binjiang"}
    )
    found: Json = answer.json()
    return found


async def shown(floor: Floor, incident: str) -> Json:
    path = f"/v1/incidents/{incident}"
    found: Json = (await floor.clients.call("GET", "router", path, role="dispatcher")).json()
    return found


async def decided(floor: Floor, incident: str, act: str, **body: Any) -> Json:
    path = f"/v1/incidents/{incident}/{act}"
    answer = await floor.clients.call("POST", "router", path, role="dispatcher", json=body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found
