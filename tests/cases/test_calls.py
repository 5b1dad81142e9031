"""From the exchange to the ticket: who rings is on record, and nobody sees the number."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import aio_pika

from hotline.demo.clients import Json, until
from shared.calls.facts import EndedBy, Fact, Kind, Party, fact_id
from shared.calls.telling import told
from tests.support.floor import Floor

NUMBER: Final = "13800138047"
MASKED: Final = "138****8047"
LAMP: Final = {"estate": "jinyuan", "text": "楼道灯不亮，请来修", "type": "repair"}


def fact(exchange: str, kind: Kind, at: datetime, call: str, **said: Any) -> Fact:
    id = fact_id(exchange, kind.value, at, f"{call}+{said.get('leg', '')}")
    return Fact(id=id, kind=kind, exchange=exchange, call=call, at=at, **said)


async def ring(floor: Floor, call: str, *, answered: bool) -> None:
    """A call as its exchange tells it, which is called as its broker user is."""
    url = floor.endpoints.amqp_operator
    user = urlsplit(url).username or ""
    began = await floor.now() - timedelta(minutes=2)
    later = began + timedelta(seconds=20)
    facts = [fact(user, Kind.OFFERED, began, call, line="hotline", number=NUMBER),
             fact(user, Kind.QUEUED, began, call, queue="hotline")]  # fmt: skip
    if answered:
        agent = {"leg": "9", "party": Party.AGENT, "agent": "8001"}
        facts.append(fact(user, Kind.ANSWERED, began + timedelta(seconds=3), call, **agent))
    facts.append(fact(user, Kind.ENDED, later, call, by=EndedBy.CALLER))
    async with await aio_pika.connect(url) as connection:
        exchange = await (await connection.channel()).get_exchange("hotline.inbound", ensure=False)
        for each in facts:
            key, body = told(each)
            await exchange.publish(aio_pika.Message(body, user_id=user), key)


async def test_a_ticket_is_made_from_a_call_and_who_got_nobody_is_rung_back(floor: Floor) -> None:
    clients = floor.clients
    await ring(floor, "1.1", answered=False)

    async def to_ring() -> Json | None:
        listed = await clients.call("GET", "telephony", "/v1/calls/callbacks", role="agent")
        found = listed.raise_for_status().json()["items"]
        return next((each for each in found if each["caller"] == MASKED), None)

    back = await until(to_ring, "a call back")
    assert back["count"] == 1

    await ring(floor, "1.2", answered=True)

    async def answered() -> Json | None:
        listed = await clients.call(
            "GET", "telephony", "/v1/calls", role="agent", params={"outcome": "answered"}
        )
        return next(iter(listed.raise_for_status().json()["items"]), None)

    call = (await until(answered, "the call"))["id"]
    made = await clients.post_ticket({**LAMP, "call": call})
    shown = await clients.call("GET", "intake", f"/v1/tickets/{made['number']}", role="agent")
    assert shown.json()["caller"]["phone"] == MASKED
    assert NUMBER not in shown.text

    async def is_tied() -> bool | None:
        one = (await clients.call("GET", "telephony", f"/v1/calls/{call}", role="agent")).json()
        return True if one["tickets"] == [made["number"]] else None

    async def is_superseded() -> bool | None:
        return True if await to_ring() is None else None

    await until(is_tied, "the call to be tied to its ticket")
    await until(is_superseded, "the caller to be answered")
