"""Where messages go, and who hears what the caller wants."""

from __future__ import annotations

import pytest

from services.notifier.senders.addresses import Addresses, MayNot
from services.notifier.settings import NotifierSettings
from tests.support.floor import Floor, caller, orders_of


async def test_a20_a_webhook_leads_to_the_machine_itself_only_where_the_operator_says_so() -> None:
    fields = NotifierSettings.model_fields
    plain, private = fields["webhook_plain_hosts"].default, fields["webhook_private_hosts"].default

    for address in ("http://127.0.0.1:8002/v1/parked", "https://127.0.0.1:8002/v1/parked"):
        with pytest.raises(MayNot):
            await Addresses(plain, private).resolve(address)


@pytest.mark.parametrize(
    ("act", "body", "said"),
    [
        ("urge", {"note": "请快一点"}, "业主催办"),
        ("supplement", {"note": "水漏到楼下了"}, "业主补充了情况"),
        ("cancel", {}, "业主要求取消，请确认"),
    ],
)
async def test_b27_whoever_has_the_work_hears_what_the_caller_wants(
    floor: Floor, act: str, body: dict[str, str], said: str
) -> None:
    clients = floor.clients
    report = {"estate": "cuihu", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}
    number = (await clients.post_ticket(report))["number"]
    (order,) = orders_of(await clients.until_status(number, "dispatched"))
    (await clients.work(order, "accept")).raise_for_status()

    done = await clients.call("POST", "intake", f"/v1/tickets/{number}/{act}", json=body)

    assert done.status_code == 200, done.text
    message = await clients.until_message(number, "wish", "received")
    shown = await clients.call("GET", "notifier", f"/v1/messages/{message['id']}")
    assert shown.json()["recipient"] == order["assignee"]
    assert said in shown.json()["subject"]
