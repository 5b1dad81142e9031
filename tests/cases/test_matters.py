"""What is about somebody is hidden from them, and what is foreign from everybody else."""

from __future__ import annotations

from typing import Any, Final

from hotline.demo.clients import Json, until
from hotline.demo.steps import first_order
from tests.support.floor import Floor, caller, with_account

DARK: Final = {"text": "楼道灯不亮，请来修", "type": "repair", "area": "electrical",
               "estate": "jinyuan", "caller": caller()}  # fmt: skip


async def messages(floor: Floor, who: str, **params: Any) -> Json:
    answer = await floor.clients.call(
        "GET", "notifier", "/v1/messages", role="supervisor", by=who, params=params
    )
    answer.raise_for_status()
    page: Json = answer.json()
    return page


async def test_a21_no_cursor_names_a_message_of_a_ticket_about_whoever_asks(floor: Floor) -> None:
    them = await with_account(floor, "a21.subject", role="supervisor", places=["jinyuan"])
    about = {"about": {"people": [them]}}
    number = (await floor.clients.post_ticket({**DARK, **about}))["number"]
    await first_order(floor.clients, number)

    async def both() -> Json | None:
        page = await messages(floor, "jy-manager", number=number)
        return page if len(page["items"]) > 1 else None

    await until(both, "a receipt and an assignment")

    for limit in (1, 2, 50):
        assert await messages(floor, them, number=number, limit=limit) == {
            "items": [], "next": None,
        }  # fmt: skip


async def test_a21_an_outage_holds_no_request_that_turned_out_to_be_about_whoever_looks(
    floor: Floor,
) -> None:
    them = await with_account(floor, "a21.looks", role="supervisor", places=["jinyuan"])
    clients = floor.clients
    made = await clients.call(
        "POST", "router", "/v1/incidents", role="supervisor",
        json={"estate": "jinyuan", "area": "electrical", "buildings": ["a21"]},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    path = f"/v1/incidents/{made.json()['id']}"
    numbers = [(await clients.post_ticket(DARK))["number"] for _ in range(2)]
    for number in numbers:
        await first_order(clients, number)
        linked = await clients.call(
            "POST", "router", f"{path}/link", role="supervisor", json={"number": number}
        )
        assert linked.status_code == 200, linked.text
    told = await clients.call(
        "POST", "intake", f"/v1/tickets/{numbers[0]}/reclassify", role="supervisor",
        json={"about": {"people": [them]}},
    )  # fmt: skip
    assert told.status_code == 200, told.text

    theirs = (await clients.call("GET", "router", path, role="supervisor", by=them)).json()

    assert (theirs["tickets"], theirs["linked"]) == ([numbers[1]], 1)
    await clients.call("POST", "router", f"{path}/restore", role="supervisor")
