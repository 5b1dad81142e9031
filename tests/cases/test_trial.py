"""What whoever tries the hotline has in their hands: everybody's messages and links."""

from __future__ import annotations

from typing import Final

import pytest

from hotline.demo.left import FILE, floor_of_before, keep_floor
from hotline.demo.play import play
from hotline.demo.steps import done_by, first_order, told
from tests.support.command import hotline
from tests.support.floor import Floor, caller

TAP: Final = {"text": "厨房水龙头滴水，请来修一下", "type": "repair", "area": "plumbing",
              "estate": "jinyuan", "caller": caller()}  # fmt: skip
LIFT: Final = {"text": "二号楼电梯困人了，快来人", "estate": "jinyuan", "caller": caller()}


async def test_the_outbox_shows_what_the_caller_and_the_engineer_were_told(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(TAP))["number"]
    await first_order(floor.clients, number)
    await floor.clients.until_message(number, "receipt")
    await floor.clients.until_message(number, "assignment")

    page = await floor.clients.http.get(f"{floor.endpoints.services['notifier']}/outbox")

    assert page.status_code == 200
    assert page.text.count(number) >= 2
    assert "王桂兰" in page.text


async def test_the_links_of_work_and_of_an_alert_are_printed_and_open_them(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(LIFT))["number"]
    await floor.clients.until_ticket(
        number, lambda t: any(o["department"] == "lift_firm" for o in t["work_orders"]), "the firm"
    )

    for kind in ("work", "alert"):
        code, said = await hotline(floor, "link", kind, number.lower())

        assert code == 0, said
        page = await floor.clients.http.get(said.strip())
        assert page.status_code == 200
        assert number in page.text


async def test_who_was_not_alerted_has_no_link_and_who_was_is_told(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(LIFT))["number"]
    await floor.clients.until_message(number, "alert")

    code, said = await hotline(floor, "link", "alert", number, "--person", "chain-3")
    quiet = (await floor.clients.post_ticket(TAP))["number"]
    none, why = await hotline(floor, "link", "alert", quiet)

    assert (code, none) == (2, 2)
    assert "jy-engineering" in said
    assert f"Nobody was alerted to {quiet}" in why


async def test_where_nobody_is_to_ring_a_caller_there_is_no_link_to_it(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(TAP))["number"]

    code, said = await hotline(floor, "link", "task", number)

    assert code == 2
    assert f"There is no task to tell a caller something by telephone: {number}" in said


async def test_a_survey_s_link_is_printed_as_the_caller_got_it(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(TAP))["number"]
    early, why = await hotline(floor, "link", "survey", number)
    order = await first_order(floor.clients, number)
    await done_by(floor.clients, order, "accept", "start", "resolve")
    await told(floor.clients, number)
    await floor.clients.until_message(number, "survey")

    code, said = await hotline(floor, "link", "survey", number)

    assert (early, code) == (2, 0), why
    assert said.strip() == floor.clients.survey_link(number, 1)


async def test_a_number_that_is_none_is_told(floor: Floor) -> None:
    code, said = await hotline(floor, "link", "survey", "22222222")

    assert code == 2
    assert "There is no ticket 22222222" in said


async def test_a_demo_on_the_same_data_lays_no_second_floor_on_the_first(
    floor: Floor, capsys: pytest.CaptureFixture[str]
) -> None:
    number = (await floor.clients.post_ticket(TAP))["number"]
    keep_floor(floor.data, ["22222222", number])
    before = await floor.clients.call("GET", "intake", "/v1/tickets/counts")
    try:
        await play(floor.endpoints, floor.data)
    finally:
        (floor.data / FILE).unlink()

    after = await floor.clients.call("GET", "intake", "/v1/tickets/counts")
    assert after.json() == before.json()
    said = capsys.readouterr().out
    assert "演示现场还在" in said
    assert f"rm -r {floor.data}" in said


async def test_a_floor_whose_tickets_are_gone_is_none(floor: Floor) -> None:
    keep_floor(floor.data, ["22222222"])
    try:
        assert await floor_of_before(floor.clients, floor.data) is None
    finally:
        (floor.data / FILE).unlink()
    assert await floor_of_before(floor.clients, floor.data) is None
