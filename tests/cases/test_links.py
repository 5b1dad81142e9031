"""A link ends with what it is for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest

from hotline.demo.clients import Json
from hotline.demo.steps import first_order
from hotline.endpoints import Endpoints
from shared.identity import sign_link
from shared.privacy import load_keys
from tests.support.floor import Floor, caller, orders_of

FIRM: Final = "lift-firm-1"
WORDS: Final = "电梯门关不上"
BROKEN: Final = {"estate": "jinyuan", "text": f"三号楼{WORDS}，请来修一下", "caller": caller()}


async def given(floor: Floor) -> Json:
    """A work order that the lift firm has."""
    number = str((await floor.clients.post_ticket(BROKEN))["number"])
    first = await first_order(floor.clients, number)
    body = {"department": "lift_firm", "assignee": FIRM}
    path = f"/v1/work-orders/{first['id']}/support"
    answer = await floor.clients.call("POST", "router", path, role="dispatcher", json=body)
    assert answer.is_success, answer.text
    found = orders_of(await floor.clients.ticket(number))
    return next(dict(order) for order in found if order["department"] == "lift_firm")


def link(floor: Floor, order: Json) -> str:
    secret = load_keys(floor.data / "keys.json").link
    token = sign_link("work", f"{order['id']}/{FIRM}", secret)
    return f"{floor.endpoints.services['router']}/w/{token}"


async def opened(floor: Floor, order: Json) -> httpx.Response:
    return await floor.clients.http.get(link(floor, order))


def shows_nothing(page: httpx.Response, order: Json) -> bool:
    number = str(order["id"]).partition("-")[0]
    told = (WORDS, "锦园", number, "<button")
    return page.status_code == 404 and not any(word in page.text for word in told)


async def test_a22_a_link_shows_the_work_while_it_is_theirs(floor: Floor) -> None:
    page = await opened(floor, await given(floor))

    assert page.status_code == 200
    assert WORDS in page.text


async def test_a22_a_link_ends_when_the_work_goes_to_somebody_else(floor: Floor) -> None:
    order = await given(floor)
    path = f"/v1/work-orders/{order['id']}/transfer"
    body = {"department": "security", "reason": "not_ours"}
    moved = await floor.clients.call("POST", "router", path, role="dispatcher", json=body)
    assert moved.is_success, moved.text

    page = await opened(floor, order)

    assert shows_nothing(page, order)
    assert "链接打不开" in page.text
    assert (await floor.clients.http.post(f"{link(floor, order)}/accept")).status_code == 404


async def test_a22_a_link_ends_when_the_request_is_cancelled(floor: Floor) -> None:
    order = await given(floor)
    number = str(order["id"]).partition("-")[0]
    cancelled = await floor.clients.call("POST", "intake", f"/v1/tickets/{number}/cancel", json={})
    assert cancelled.is_success, cancelled.text

    assert shows_nothing(await opened(floor, order), order)


async def test_a22_a_link_is_looked_back_at_for_a_day_and_then_ends(floor: Floor) -> None:
    order = await given(floor)
    for step in ("accept", "arrive", "done"):
        moved = await floor.clients.http.post(f"{link(floor, order)}/{step}")
        assert moved.status_code == 303, moved.text

    assert (await opened(floor, order)).status_code == 200
    await floor.forward(timedelta(days=1, minutes=1))
    page = await opened(floor, order)
    photo = {"photo": ("a.jpg", b"x")}
    sent = await floor.clients.http.post(f"{link(floor, order)}/photo", files=photo)

    assert shows_nothing(page, order)
    assert shows_nothing(sent, order)


def test_b22_links_lead_to_where_the_services_really_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    services = {
        "intake": "http://127.0.0.1:9101",
        "router": "http://127.0.0.1:9102",
        "survey": "http://127.0.0.1:9104",
        "admin": "http://127.0.0.1:9105",
    }
    endpoints = Endpoints("amqp://x", "amqp://y", "mongodb://x", None, services)
    for name in ("HOTLINE_WORK_URL", "HOTLINE_SURVEY_URL", "HOTLINE_POLICY_URL",
                 "HOTLINE_PERSON_URL"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)

    told = endpoints.environment(tmp_path)
    assert told["HOTLINE_WORK_URL"] == "http://127.0.0.1:9102"
    assert told["HOTLINE_SURVEY_URL"] == "http://127.0.0.1:9104"
    assert told["HOTLINE_POLICY_URL"] == "http://127.0.0.1:9105"

    assert told["HOTLINE_PERSON_URL"] == "http://127.0.0.1:9101"

    monkeypatch.setenv("HOTLINE_SURVEY_URL", "https://survey.example")
    assert endpoints.environment(tmp_path)["HOTLINE_SURVEY_URL"] == "https://survey.example"
    monkeypatch.setenv("HOTLINE_WORK_URL", "https://work.example")
    assert endpoints.environment(tmp_path)["HOTLINE_PERSON_URL"] == ""
