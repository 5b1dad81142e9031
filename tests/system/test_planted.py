"""Private stays private (promise 9): what residents say of themselves is planted in every field and
form, and found nowhere in the clear: no collection, event, queue, log, metric, answer or parked
message. A report that is still on its way to be registered is the stated exception.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aio_pika
import httpx
import pytest

from hotline.demo.clients import Clients, Json
from hotline.demo.steps import first_order, told
from services.intake.queues import REPORTS_ROUTINE, REPORTS_URGENT
from shared.bus import EVENTS, INBOUND, exchange_of
from tests.support.command import hotline
from tests.support.floor import Floor
from tests.support.photos import encoded, noise

pytestmark = pytest.mark.whole
CALLER: Final = {"name": "诸葛晚晴", "phone": "13800138765", "role": "owner", "room": "21-3-1907"}
CONTACT: Final = {"name": "Petra Kowalczyk", "phone": "+86 138 0013 8654", "room": "22-4-2308"}
FORMS: Final = (
    # The own name, number and flat, as they are written and as they are said.
    "我叫诸葛晚晴，住21-3-1907，电话13800138765，厨房水龙头滴水",
    "住户诸葛晚晴，２１－３－１９０７，打１３８００１３８７６５，水龙头滴水",
    "诸葛女士，138 0013 8765，21号楼3单元1907室，水龙头滴水",
    "我姓诸葛，幺三八零零幺三八七六五，一九零七滴水",
    "Petra Kowalczyk has the key, call +86 138-0013-8654, flat 2308",
    # Strangers' names, and numbers of every kind.
    "找上官映月，身份证110101198803071239，车牌沪A97531，信箱shangguan@example.com",
    "我是欧阳听雪，护照号E13572468不记得，座机021-6000 1357，6栋2单元1804",
    "业主令狐先生说找尉迟师傅，令狐女士不在",
)
NEEDLES: Final = (
    "诸葛", "晚晴", "13800138765", "138 0013 8765", "１３８００１３８７６５",
    "幺三八零零幺三八七六五",
    "21-3-1907", "２１－３－１９０７", "3单元1907", "1907室", "一九零七",
    "Petra", "Kowalczyk", "138 0013 8654", "138-0013-8654", "13800138654", "22-4-2308",
    "上官映月", "110101198803071239", "A97531", "shangguan@example.com",
    "欧阳听雪", "13572468", "6000 1357", "2单元1804", "令狐", "尉迟",
)  # fmt: skip
REPORTS: Final = frozenset({REPORTS_URGENT.name, REPORTS_ROUTINE.name})
NOTE: Final = "打13800138765找诸葛晚晴，住21-3-1907；诸葛女士姓诸葛"


def found_in(said: str | bytes) -> list[str]:
    """The needles in what was said, which may be JSON that spells Chinese by numbers."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return [needle for needle in NEEDLES if needle in text or json.dumps(needle).strip('"') in text]


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it was published; nothing is to be found in it but what is still inbound."""

    exchange: str
    keys: frozenset[str]
    content: bytes

    @property
    def is_inbound(self) -> bool:
        """On its way to its registration: from outside, or passed on to the lane it belongs to."""
        passed_on = {exchange_of(queue) for queue in REPORTS}
        return self.exchange == INBOUND or (self.exchange in passed_on and self.keys <= REPORTS)


class Tap:
    """All that was published on any exchange, the default one included, as the broker traced it."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    async def take(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        headers: Any = message.headers
        keys = frozenset(map(str, headers["routing_keys"]))
        content = message.body + repr(headers).encode()
        self.heard.append(Heard(headers["exchange_name"], keys, content))

    def betrayed(self) -> list[tuple[str, list[str]]]:
        return [
            (f"{heard.exchange} {sorted(heard.keys)}", needles)
            for heard in self.heard
            if not heard.is_inbound and (needles := found_in(heard.content))
        ]


@asynccontextmanager
async def tapped(floor: Floor) -> AsyncIterator[Tap]:
    """Listen to every exchange while the block lasts."""
    tap = Tap()
    connection = await aio_pika.connect(floor.endpoints.amqp_operator)
    async with connection, tracing(floor):
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind("amq.rabbitmq.trace", "publish.#")
        await queue.consume(tap.take, no_ack=True)
        yield tap


@asynccontextmanager
async def tracing(floor: Floor) -> AsyncIterator[None]:
    assert floor.endpoints.management is not None
    address = f"{floor.endpoints.management.rstrip('/')}/api/vhosts/%2F"
    async with httpx.AsyncClient() as http:
        (await http.put(address, json={"tracing": True})).raise_for_status()
        try:
            yield
        finally:
            (await http.put(address, json={"tracing": False})).raise_for_status()


def report(text: str, **more: Any) -> dict[str, Any]:
    return {"estate": "jinyuan", "text": text, "caller": CALLER, "on_site_contact": CONTACT, **more}


async def whole_life(clients: Clients, number: str) -> None:
    """Every word that anybody may add to a ticket on its way."""
    for path in ("supplement", "urge"):
        answer = await clients.call(
            "POST", "intake", f"/v1/tickets/{number}/{path}", json={"note": NOTE}
        )
        assert answer.is_success, answer.text
    order = await first_order(clients, number)
    for action in ("accept", "start"):
        answer = await clients.work(order, action, note=NOTE)
        assert answer.is_success, answer.text
    answer = await clients.work(order, "resolve", note=NOTE, proof=[await shown(clients, order)])
    assert answer.is_success, answer.text
    await told(clients, number)
    await clients.until_message(number, "survey")
    assert await clients.answer_survey(number, 1, 5, comment=NOTE) == 200


async def shown(clients: Clients, order: Mapping[str, Any]) -> str:
    """A photo of the home, with the tag on its wall and words in and behind the picture."""
    raw = encoded(noise(200, 150), comment=NOTE.encode()) + NOTE.encode()
    assert found_in(raw)
    answer = await clients.call(
        "POST", "router", f"/v1/work-orders/{order['id']}/proofs", role="department",
        by=order["assignee"], department=order["department"],
        files={"photo": (f"{CALLER['name']}.jpg", raw)}, data={"room": CALLER["room"]},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    assert found_in(answer.text) == []
    id = str(answer.json()["id"])
    opened = await clients.call("GET", "intake", f"/v1/proofs/{id}")
    assert (opened.status_code, found_in(opened.content)) == (200, [])
    return id


async def rubbish(floor: Floor) -> list[str]:
    """What is at fault, by HTTP and by queue; the answers."""
    person = {**CALLER, "phone": ["13800138765"], "诸葛晚晴": "13800138765"}
    bodies: Iterable[Any] = (
        report("", type="诸葛晚晴", channel="13800138765"),
        report(FORMS[0], caller=person, reported_at="13800138765"),
        report(FORMS[0], estate=CALLER["room"], area="诸葛晚晴"),
        [CALLER, NOTE],
    )
    said = []
    for body in bodies:
        answer = await floor.clients.call("POST", "intake", "/v1/tickets", json=body)
        assert answer.status_code in {201, 422}, answer.text
        said.append(answer.text)
        published = await floor.clients.publish(json.dumps(body, ensure_ascii=False).encode())
        said.append(json.dumps(published, ensure_ascii=False))
    said.append(json.dumps(await floor.clients.publish(f'{{"text": "{NOTE}"'.encode())))
    for service, path in (
        ("intake", "/v1/reveals"), ("intake", "/v1/persons/seen"), ("admin", "/v1/session"),
        ("admin", "/v1/privacy-requests"), ("admin", "/v1/users"),
        ("router", "/v1/work-orders/诸葛晚晴/accept"), ("survey", "/s/13800138765"),
    ):  # fmt: skip
        answer = await floor.clients.call(
            "POST", service, path, role="administrator", json={**CALLER, "id": NOTE, "note": NOTE}
        )
        assert 400 <= answer.status_code < 500, (path, answer.text)
        said.append(answer.text)
    return said


async def emergency(clients: Clients) -> str:
    """Recorded whatever is wrong with it, and alerted at once."""
    broken = report(f"{FORMS[2]}，着火了，快来人", estate=["诸葛晚晴"], channel="13800138765")
    answer = await clients.report(broken)
    await clients.until_message(answer["number"], "alert")
    return str(answer["number"])


async def shown_of(clients: Clients, number: str) -> str:
    ticket: Json = await clients.ticket(number)
    return json.dumps([ticket, await clients.messages(number)], ensure_ascii=False)


@pytest.mark.timeout(240)
async def test_what_is_planted_is_found_nowhere_in_the_clear(floor: Floor, tmp_path: Path) -> None:
    clients = floor.clients
    planted, known = tmp_path / "planted.txt", tmp_path / "known.txt"
    planted.write_text("\n".join(NEEDLES), "utf-8")
    async with tapped(floor) as tap:
        by_phone = [await clients.post_ticket(report(text, address=NOTE)) for text in FORMS]
        by_queue = [await clients.report(report(text, subject=NOTE)) for text in FORMS]
        said = [json.dumps(answer, ensure_ascii=False) for answer in (*by_phone, *by_queue)]
        tap_water = report(FORMS[0], type="repair", area="plumbing")
        number = str((await clients.post_ticket(tap_water))["number"])
        await whole_life(clients, number)
        said += await rubbish(floor)
        shown = [await shown_of(clients, n) for n in (number, await emergency(clients))]
        known.write_text(number, "utf-8")

    assert [found for text in (*said, *shown) if (found := found_in(text))] == []
    assert {heard.exchange for heard in tap.heard} >= {INBOUND, EVENTS, "hotline.intake"}
    assert any(found_in(heard.content) for heard in tap.heard if heard.is_inbound)
    assert tap.betrayed() == []
    code, told_ = await hotline(floor, "doctor", "--search", str(planted))
    assert (code, "none of" in told_) == (0, True), told_
    code, told_ = await hotline(floor, "doctor", "--search", str(known))
    assert (code, "FOUND" in told_) == (1, True), "a search that finds nothing proves nothing"
