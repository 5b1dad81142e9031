"""Numbers can be dialled or are none, and an extension is somebody else's telephone."""

from __future__ import annotations

from typing import Final

import pytest

from hotline.demo.clients import Json, until
from shared.privacy import BlindIndex, read_telephone
from tests.support.floor import Floor, caller, orders_of

LAMP: Final = "楼道灯不亮，请来修"
TAP: Final = "厨房水龙头滴水，请来修一下"


def test_b14_the_same_extension_is_the_same_telephone_and_another_is_not() -> None:
    index = BlindIndex(b"secret")
    said = ("010-62345678转801", "010-62345678 ext 801", "01062345678-801", "010-62345678分机801")

    assert len({index.phone(each) for each in said}) == 1
    assert index.phone("010-62345678转802") not in {None, index.phone(said[0])}
    assert index.phone("010-62345678") not in {None, index.phone(said[0])}


@pytest.mark.parametrize("none", ["00000000000", "138****8000", "12345", "不详"])
async def test_b14_what_nobody_can_dial_is_no_number_and_told_to_be_none(
    floor: Floor, none: str
) -> None:
    report = {"estate": "cuihu", "text": LAMP, "caller": caller("钱七七", none, "9-1-101")}
    answer = await floor.clients.post_ticket(report)

    assert [fault["field"] for fault in answer["faults"]] == ["caller.phone"]
    assert (await floor.clients.ticket(answer["number"]))["has_contact"] is False
    assert BlindIndex(b"secret").phone(none) is None


@pytest.mark.parametrize(
    "number", ["010-62345678转801", "0571-88880000", "400-800-0000", "00000000000"]
)
async def test_b14_whom_no_text_reaches_somebody_rings(floor: Floor, number: str) -> None:
    """What was done for them does not close by itself."""
    clients = floor.clients
    report = {"estate": "cuihu", "text": TAP, "caller": caller(phone=number, room="4-1-101")}
    ticket = await clients.post_ticket(report)
    (order,) = orders_of(await clients.until_status(ticket["number"], "dispatched"))
    for act in ("accept", "start", "resolve"):
        (await clients.work(order, act)).raise_for_status()

    async def task() -> Json | None:
        params = {"number": ticket["number"], "state": "open"}
        answer = await clients.call("GET", "router", "/v1/follow-ups", params=params)
        return next(iter(answer.json()["items"]), None)

    assert (await until(task, "the task to tell it"))["why"] == "tell"
    assert (await clients.ticket(ticket["number"]))["status"] == "resolved"


@pytest.mark.parametrize(
    ("given", "takes"),
    [("138 0013 8000", True), ("+8613800138000", True), ("0571-88880000", False),
     ("010-62345678", False), ("010-62345678转801", False), ("400-800-0000", False),
     ("+852 5123 4567", True)],
)  # fmt: skip
def test_a_text_comes_to_a_mobile_alone(given: str, *, takes: bool) -> None:
    telephone = read_telephone(given)

    assert telephone is not None
    assert telephone.takes_texts is takes
