"""A system registers at the places of its key; somebody of the desk at any place, and then sees
what the caller was told and no more.
"""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest

from hotline.demo.clients import until
from tests.support.floor import Floor, caller

LAMP: Final = {"text": "楼道灯不亮，请来修", "type": "repair", "area": "electrical",
               "caller": caller()}  # fmt: skip
CRY: Final = {"text": "三号楼电梯困人了，快来人", "estate": "binjiang"}
THERE: Final = [{"estate": "binjiang"}, {"address": "滨江花园3栋"}]


async def key_of(floor: Floor, publisher: str, *places: str) -> str:
    made = await floor.clients.call(
        "POST", "admin", "/v1/api-keys", role="administrator",
        json={"publisher": publisher, "places": places, "actions": ["ticket.register"]},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    return str(made.json()["secret"])


async def post(floor: Floor, key: str, report: dict[str, Any]) -> httpx.Response:
    """Send a report with a key, once intake knows of it."""
    address = floor.endpoints.services["intake"]

    async def sent() -> httpx.Response | None:
        answer = await floor.clients.http.post(
            f"{address}/v1/tickets", json=report, headers={"Authorization": f"Bearer {key}"}
        )
        return None if answer.status_code == 401 else answer

    return await until(sent, "intake knows the key")


async def test_a8_a_key_registers_at_its_places_only(floor: Floor) -> None:
    key = await key_of(floor, "a8-app", "jinyuan")

    for place in THERE:
        refused = await post(floor, key, LAMP | place)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (
            403, "not-your-place",
        )  # fmt: skip

    assert (await post(floor, key, LAMP | {"estate": "jinyuan"})).status_code == 201
    assert (await post(floor, key, LAMP | {"estate": "哪里都不是"})).status_code == 201


async def test_a8_a_key_registers_at_the_places_below_its_own(floor: Floor) -> None:
    key = await key_of(floor, "a8-lakeside", "lakeside")

    assert (await post(floor, key, LAMP | {"estate": "cuihu"})).status_code == 201
    assert (await post(floor, key, LAMP | {"estate": "jinyuan"})).status_code == 403


async def test_a8_an_emergency_is_taken_from_every_key(floor: Floor) -> None:
    key = await key_of(floor, "a8-gate", "jinyuan")

    assert (await post(floor, key, CRY)).status_code == 201


@pytest.mark.parametrize("place", THERE)
async def test_a8_an_agent_registers_anywhere_and_reads_the_receipt_alone(
    floor: Floor, place: dict[str, str]
) -> None:
    here = {"role": "agent", "place": "jinyuan", "by": "a8-agent"}
    answer = await floor.clients.post_ticket({**LAMP, **place}, **here)
    path = f"/v1/tickets/{answer['number']}"

    receipt = await floor.clients.call("GET", "intake", f"{path}/receipt", **here)

    assert receipt.status_code == 200
    assert receipt.json()["promised"] == answer["promised"]
    assert (await floor.clients.call("GET", "intake", path, **here)).status_code == 404
    listed = await floor.clients.call("GET", "intake", "/v1/tickets", **here)
    assert answer["number"] not in listed.text
    assert (await floor.clients.ticket(answer["number"]))["owner"] is None


async def test_a8_nobody_else_reads_the_receipt_of_another_place(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(LAMP | {"estate": "binjiang"}))["number"]
    path = f"/v1/tickets/{number}/receipt"

    for place, expected in (("jinyuan", 404), ("binjiang", 200)):
        answer = await floor.clients.call("GET", "intake", path, by="a8-other", place=place)
        assert answer.status_code == expected
    engineer = await floor.clients.call("GET", "intake", path, role="department")
    assert engineer.status_code == 403


async def test_a8_a_matter_may_turn_out_to_be_at_another_place(floor: Floor) -> None:
    here = {"role": "agent", "place": "jinyuan", "by": "a8-agent"}
    answer = await floor.clients.post_ticket(LAMP | {"estate": "jinyuan"}, **here)
    path = f"/v1/tickets/{answer['number']}"

    moved = await floor.clients.call(
        "POST", "intake", f"{path}/reclassify", **here, json={"estate": "binjiang"}
    )

    assert moved.status_code == 200
    assert (await floor.clients.call("GET", "intake", path, **here)).status_code == 404
    assert (await floor.clients.call("GET", "intake", f"{path}/receipt", **here)).status_code == 200
