"""A system sees and acts on its own tickets only, over HTTP and on the queue (promise 10)."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import aio_pika
import httpx
import pytest

from shared.bus import INBOUND
from shared.identity import Role
from shared.tickets.acts import AnswerQuestion
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.bench import until
from tests.support.servers import Servers

MISSING = "22222222"
ACTIONS = ("cancel", "reopen", "urge", "supplement")
DIRECT_REPLY = "amq.rabbitmq.reply-to"


async def ask(
    bench: IntakeBench, path: str, id: str, role: Role = "system", **body: Any
) -> httpx.Response:
    headers = bench.signed_in(role, id=id)
    return await bench.http.post(f"/v1/tickets{path}", json=body, headers=headers)


async def reported(bench: IntakeBench, id: str, role: Role = "system") -> str:
    return str((await ask(bench, "", id, role, **LAMP)).json()["number"])


async def steps(bench: IntakeBench, number: str) -> list[str]:
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    return [entry.transition for entry in ticket.timeline]


def shown(answer: httpx.Response) -> tuple[int, bytes]:
    return answer.status_code, answer.content


async def test_a_system_urges_adds_to_and_cancels_its_own_ticket(bench: IntakeBench) -> None:
    number = await reported(bench, "system:parking-gate")

    for action in ("urge", "supplement", "cancel"):
        answer = await ask(bench, f"/{number}/{action}", "system:parking-gate", note="道闸不抬杆")
        assert answer.status_code == 200, answer.text

    assert await steps(bench, number) == ["register", "urge", "supplement", "cancel"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("id", "role"), [("system:app-owners", "system"), ("agent-7", "agent")]
)  # fmt: skip
async def test_a_foreign_ticket_looks_to_a_system_like_a_missing_one(
    bench: IntakeBench, action: str, id: str, role: Role
) -> None:
    number = await reported(bench, id, role)

    foreign = await ask(bench, f"/{number}/{action}", "system:parking-gate")
    missing = await ask(bench, f"/{MISSING}/{action}", "system:parking-gate")

    assert foreign.status_code == 404
    assert shown(foreign) == shown(missing)
    assert await steps(bench, number) == ["register"]


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_status_of_a_foreign_ticket_is_not_told(bench: IntakeBench, action: str) -> None:
    """Cancelling, urging and adding to what is over is not allowed, which would be an answer."""
    number = await reported(bench, "system:app-owners")
    await bench.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="agent-7"))

    answer = await ask(bench, f"/{number}/{action}", "system:parking-gate")

    assert answer.status_code == 404


async def answer_on_the_queue(
    bench: IntakeBench, key: str, user: str | None, body: dict[str, Any]
) -> dict[str, Any]:
    """What a sender hears of a command; TimeoutError when it hears nothing."""
    heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    channel = await bench.connection.channel()
    replies = await channel.declare_queue(DIRECT_REPLY)

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.set_result(message)

    await replies.consume(hear, no_ack=True)
    exchange = await channel.get_exchange(INBOUND, ensure=False)
    message = aio_pika.Message(json.dumps(body).encode(), user_id=user, reply_to=replies.name)
    await exchange.publish(message, key)
    async with asyncio.timeout(20):
        found: dict[str, Any] = json.loads((await heard).body)
    await channel.close()
    return found


async def test_on_the_queue_a_foreign_number_is_answered_like_a_missing_one(
    bench: IntakeBench, servers: Servers
) -> None:
    number = await reported(bench, "system:app-owners")
    user = servers.rabbit.user

    foreign = await answer_on_the_queue(bench, "ticket.cancel", user, {"number": number})
    missing = await answer_on_the_queue(bench, "ticket.cancel", user, {"number": MISSING})

    assert foreign["status"] == 404
    assert foreign == missing
    await until(lambda: _are_parked(bench, 2))
    parked = await bench.store.find("parked", {}, limit=9)
    assert {(entry["reason"], entry["detail"]) for entry in parked} == {
        ("refused", "There is nothing here, or it is not yours")
    }
    assert await steps(bench, number) == ["register"]


async def _are_parked(bench: IntakeBench, times: int) -> bool:
    """A sender is answered a moment before its message is put aside."""
    return len(await bench.store.find("parked", {}, limit=9)) >= times


async def give_key(bench: IntakeBench, publisher: str, *places: str, **more: Any) -> None:
    await bench.store.documents("api_keys").insert_one(
        {
            "_id": "abcdefghijkl", "publisher": publisher, "places": places,
            "actions": ["ticket.register"], "digests": [], "revoked_at": None, "held": False,
            "expires_at": bench.now() + timedelta(days=1),
        } | more
    )  # fmt: skip
    await bench.platform.credentials.refresh()


async def change_key(bench: IntakeBench, **fields: Any) -> None:
    await bench.store.documents("api_keys").update_one({"_id": "abcdefghijkl"}, {"$set": fields})
    await bench.platform.credentials.refresh()


async def test_on_the_queue_a_system_registers_at_the_places_of_its_key(
    bench: IntakeBench, servers: Servers
) -> None:
    user = servers.rabbit.user
    await give_key(bench, user, "lakeside")

    there = await answer_on_the_queue(bench, "ticket.report", user, LAMP | {"estate": "cuihu"})
    elsewhere = await answer_on_the_queue(bench, "ticket.report", user, LAMP)

    assert "number" in there
    assert elsewhere["type"] == "urn:hotline:problem:not-your-place"
    assert len(await bench.store.find("tickets", {}, limit=9)) == 1


@pytest.mark.parametrize("how", ["revoked", "held", "expired"])
async def test_on_the_queue_a_system_whose_key_has_ended_does_nothing_but_cry_for_help(
    bench: IntakeBench, servers: Servers, how: str
) -> None:
    user, now = servers.rabbit.user, bench.now()
    await give_key(bench, user, "jinyuan")
    registered = await answer_on_the_queue(bench, "ticket.report", user, LAMP)
    ends: dict[str, Any] = {
        "revoked": {"revoked_at": now}, "held": {"held": True}, "expired": {"expires_at": now},
    }  # fmt: skip
    await change_key(bench, **ends[how])

    for place in ("jinyuan", "binjiang", "哪里都不是"):
        lamp = LAMP | {"estate": place}
        refused = await answer_on_the_queue(bench, "ticket.report", user, lamp)
        assert refused["type"] == "urn:hotline:problem:not-your-place"
    number = {"number": registered["number"]}
    assert (await answer_on_the_queue(bench, "ticket.cancel", user, number))["status"] == 404
    lift = {"estate": "jinyuan", "text": "三号楼电梯困人了，快来人"}
    taken = await answer_on_the_queue(bench, "ticket.report", user, lift)

    assert taken["emergency"] is True
    assert await steps(bench, registered["number"]) == ["register"]
    assert len(await bench.store.find("tickets", {}, limit=9)) == 2
