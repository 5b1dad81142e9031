"""Photos of work: what one sender does harms no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest_asyncio

from hotline.demo.clients import Json
from hotline.demo.steps import done_by, first_order
from shared.identity import sign_link
from shared.privacy import load_keys
from tests.support.floor import Floor, caller
from tests.support.photos import photo, scan_bomb

TAP: Final = {"text": "厨房水龙头滴水，请来修一下", "type": "repair", "area": "plumbing",
              "estate": "jinyuan", "caller": caller()}  # fmt: skip
LIFT: Final = {"text": "二号楼电梯困人了，快来人", "estate": "jinyuan", "caller": caller()}
FIRM: Final = "lift-firm-1"
PART: Final = '--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
SLOW: Final = 16
"""As many connections as there are places for photos."""


@pytest_asyncio.fixture
async def link(floor: Floor) -> str:
    """The address at which the lift firm sends photos of its work."""
    number = (await floor.clients.post_ticket(LIFT))["number"]
    ticket = await floor.clients.until_ticket(
        number, lambda t: any(o["department"] == "lift_firm" for o in t["work_orders"]), "the firm"
    )
    (order,) = [o for o in ticket["work_orders"] if o["department"] == "lift_firm"]
    token = sign_link("work", f"{order['id']}/{FIRM}", load_keys(floor.data / "keys.json").link)
    address = f"{floor.endpoints.services['router']}/w/{token}"
    for step in ("accept", "arrive"):
        assert (await floor.clients.http.post(f"{address}/{step}")).status_code == 303
    return address


@pytest_asyncio.fixture
async def order(floor: Floor) -> AsyncIterator[Json]:
    """Work of one of our own, which is under way."""
    taken = await first_order(floor.clients, (await floor.clients.post_ticket(TAP))["number"])
    await done_by(floor.clients, taken, "accept", "start")
    yield taken


async def send_own(floor: Floor, order: Json) -> tuple[int, float]:
    """A normal photo: what became of it, and after how long."""
    begun = time.monotonic()
    answer = await floor.clients.call(
        "POST", "router", f"/v1/work-orders/{order['id']}/proofs", role="department",
        by=order["assignee"], department=order["department"], content=photo(800, 600),
    )  # fmt: skip
    return answer.status_code, time.monotonic() - begun


async def test_a4_two_scan_bombs_of_one_link_hold_up_nobody_else_s_photo(
    floor: Floor, link: str, order: Json
) -> None:
    files = {"photo": ("a.jpg", scan_bomb(), "image/jpeg")}
    await send_own(floor, order)
    async with httpx.AsyncClient(timeout=60) as http:
        bombs = [asyncio.create_task(http.post(f"{link}/photo", files=files)) for _ in range(2)]
        await asyncio.sleep(1)

        status, seconds = await send_own(floor, order)
        answers = [await bomb for bomb in bombs]

    assert (status, seconds < 10) == (201, True), seconds
    assert {answer.status_code for answer in answers} == {422}
    assert all("照片打开太慢" in answer.text for answer in answers)


async def dripping(address: str, head: str, begin: str = "") -> bytes:
    """Say two bytes at a time for as long as the other side listens; what it says in the end."""
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    lines = (f"POST {url.path} HTTP/1.1", f"Host: {url.netloc}", "Content-Length: 200000", head)
    writer.write("\r\n".join((*lines, "", begin)).encode())
    said = asyncio.create_task(reader.read(4_096))
    while not said.done():
        writer.write(b"--")
        await asyncio.wait([said], timeout=0.5)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return said.result()


async def test_a5_who_says_two_bytes_at_a_time_holds_no_place(
    floor: Floor, link: str, order: Json
) -> None:
    form = "Content-Type: multipart/form-data; boundary=x"
    slow = [asyncio.create_task(dripping(f"{link}/photo", form, PART)) for _ in range(SLOW)]
    await asyncio.sleep(1)

    status, seconds = await send_own(floor, order)

    assert (status, seconds < 5) == (201, True), seconds
    async with asyncio.timeout(60):
        answers = [await each for each in slow]
    assert all(a.startswith((b"HTTP/1.1 408", b"HTTP/1.1 503")) for a in answers)
    assert any(a.startswith(b"HTTP/1.1 408") for a in answers)


async def test_a5_no_endpoint_waits_for_ever_for_a_body(floor: Floor) -> None:
    token = (await floor.clients.call("GET", "intake", "/v1/tickets")).request.headers
    head = f"Authorization: {token['authorization']}\r\nContent-Type: application/json"
    survey = floor.clients.survey_link("22222222", 1)
    services = floor.endpoints.services
    at = [
        (f"{services['intake']}/v1/tickets", head),
        (f"{services['intake']}/v1/classify", head),
        (f"{services['router']}/v1/work-orders/22222222-1/note", head),
        (f"{services['admin']}/v1/session", "Content-Type: application/json"),
        (survey, "Content-Type: application/x-www-form-urlencoded"),
    ]

    async with asyncio.timeout(40):
        answers = await asyncio.gather(*(dripping(*each) for each in at))

    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"408"] * len(at)
    assert all(b"connection: close" in answer.lower() for answer in answers)
