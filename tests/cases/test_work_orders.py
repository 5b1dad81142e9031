"""Who has a work order, and that a department has one at a time."""

from __future__ import annotations

from typing import Final

from hotline.demo.clients import Json
from hotline.demo.steps import first_order
from tests.support.floor import Floor, caller, orders_of

LEAK: Final = {"estate": "jinyuan", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}
ENGINEERS: Final = ("jy-engineering-1", "jy-engineering-2")


async def given(floor: Floor) -> Json:
    """A work order that engineering has."""
    number = (await floor.clients.post_ticket(LEAK))["number"]
    return await first_order(floor.clients, number)


async def support(floor: Floor, order: Json, department: str) -> None:
    """Another department helps with it."""
    path, body = f"/v1/work-orders/{order['id']}/support", {"department": department}
    answer = await floor.clients.call("POST", "router", path, role="dispatcher", json=body)
    assert answer.is_success, answer.text


async def orders(floor: Floor, order: Json) -> list[tuple[str, str]]:
    ticket = await floor.clients.ticket(str(order["id"]).partition("-")[0])
    return [(o["department"], o["status"]) for o in orders_of(ticket)]


async def test_b20_a_department_that_is_at_it_already_gets_no_second_order(floor: Floor) -> None:
    order = await given(floor)
    path = f"/v1/work-orders/{order['id']}"
    to = {"department": "security"}
    await support(floor, order, "security")
    moving = to | {"reason": "not_ours"}

    refused = await floor.clients.call(
        "POST", "router", f"{path}/transfer", role="dispatcher", json=moving
    )

    assert refused.status_code == 409
    assert "security already has a work order" in refused.text
    assert await orders(floor, order) == [("engineering", "dispatched"), ("security", "dispatched")]


async def test_b20_once_the_other_has_done_its_share_it_may_get_the_rest(floor: Floor) -> None:
    order = await given(floor)
    path = f"/v1/work-orders/{order['id']}"
    to = {"department": "security"}
    await support(floor, order, "security")
    found = await floor.clients.ticket(str(order["id"]).partition("-")[0])
    [theirs] = [o for o in orders_of(found) if o["department"] == "security"]
    for step in ("accept", "start", "resolve"):
        assert (await floor.clients.work(theirs, step)).is_success

    moved = await floor.clients.call(
        "POST", "router", f"{path}/transfer", role="dispatcher", json=to | {"reason": "not_ours"}
    )

    assert moved.is_success, moved.text


async def test_b31_what_an_account_of_nobody_accepts_stays_with_whom_it_was_given_to(
    floor: Floor,
) -> None:
    """Somebody has to hear of its deadlines."""
    order = await given(floor)

    accepted = await floor.clients.call(
        "POST", "router", f"/v1/work-orders/{order['id']}/accept",
        role="department", by="workshop", department="engineering", json={},
    )  # fmt: skip

    assert accepted.is_success, accepted.text
    [found] = orders_of(await floor.clients.ticket(str(order["id"]).partition("-")[0]))
    assert (found["assignee"], found["status"]) == (order["assignee"], "accepted")


async def test_b31_who_accepts_a_colleagues_order_has_it(floor: Floor) -> None:
    order = await given(floor)
    colleague = next(person for person in ENGINEERS if person != order["assignee"])

    accepted = await floor.clients.call(
        "POST", "router", f"/v1/work-orders/{order['id']}/accept",
        role="department", by=colleague, department="engineering", json={},
    )  # fmt: skip

    assert accepted.is_success, accepted.text
    [found] = orders_of(await floor.clients.ticket(str(order["id"]).partition("-")[0]))
    assert (found["assignee"], found["status"]) == (colleague, "accepted")
