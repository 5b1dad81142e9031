"""Water from above: nine days with three agents, played by the times of the story.

Clauses A4.2 to A4.4, B3.2.4, B4.1 to B4.4, C3.2 and C3.3: one request goes from hand to hand, and
each promise that anybody made stays on record. The tests are the steps of one story, in order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from services.hotline.demo.hands import Json, until
from tests.support.floor import caller, running_floor
from tests.support.played import Played, playing

TUESDAY: Final = 1
HE, CAI, YAN = "jy-customer-service-2", "jy-customer-service-1", "group-desk-1"
XU, GUO, FOREMAN = "jy-engineering-1", "jy-engineering-2", "jy-engineering-3"
LIST: Final = "/v1/rosters/jinyuan/engineering"
BY_CALL: Final = "rules: {feedback_by_call: [urgent]}"
LEAK: Final = {
    "estate": "jinyuan", "text": "楼上漏水，我家顶上湿了一大片，请来修", "type": "repair",
    "area": "plumbing", "caller": caller("吴桂芳", room="6-2-1502"),
}  # fmt: skip


pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Story:
    """What the later steps know of the earlier ones: the ticket and the present work order."""

    played: Played
    number: str = ""
    order: str = ""
    first_promise: Json = field(default_factory=dict)

    async def ticket(self) -> Json:
        return await self.played.floor.hands.ticket(self.number)

    async def act(self, action: str, by: str, status: int = 200, **body: Any) -> Json:
        """Do something to the ticket at the desk; the answer."""
        return _checked(await self.played.act(self.number, action, by, **body), status)

    async def work(
        self, action: str, by: str, status: int = 200, *, role: str = "department", **body: Any
    ) -> Json:
        """Do something to the work order; the answer."""
        answer = await self.played.work(self.order, action, by, role=role, **body)
        return _checked(answer, status)

    async def appoint(self, day: int, begin: str, end: str) -> None:
        at, until_ = (self.played.time(day, clock).isoformat() for clock in (begin, end))
        await self.work("appoint", HE, role="agent", at=at, until=until_)

    async def due(self, clock: str) -> datetime:
        found = (await self.ticket())["clocks"][clock]["due"]
        return datetime.fromisoformat(found).replace(second=0, microsecond=0)


def _checked(answer: httpx.Response, status: int) -> Json:
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    """A running hotline on the Tuesday evening, its engineers on shift."""
    environment = {"HOTLINE_ROUTER_LOOK_AT_ROSTERS_EVERY": "PT1S"}
    folder = tmp_path_factory.mktemp("days")
    async with (
        running_floor(folder, overlay=BY_CALL, environment=environment) as floor,
        playing(floor, weekday=TUESDAY) as played,
    ):
        await played.at(1, "18:00")
        await put_on_shift(played)
        yield Story(played)


async def put_on_shift(played: Played) -> None:
    """Xu by day, Guo by night, for as long as the story lasts; one engineer is always needed."""
    call = played.floor.hands.call
    chief: dict[str, Any] = {"role": "supervisor", "by": "chief"}
    days = {"first": played.time(1, "00:00").date().isoformat(),
            "last": played.time(11, "00:00").date().isoformat()}  # fmt: skip
    for person, hours in ((XU, ("07:00", "19:00")), (GUO, ("18:45", "07:15"))):
        pattern = {
            "people": [person], "hours": {"x": {"start": hours[0], "end": hours[1]}},
            "cycle": ["x"], **days,
        }  # fmt: skip
        planned = await call("POST", "router", f"{LIST}/plan", json=pattern, **chief)
        assert planned.json()["refused"] == [], planned.text
    needs = {"needs": [{"start": "00:00", "end": "00:00", "people": 1}]}
    answer = await call("PUT", "router", f"{LIST}/needs", json=needs, **chief)
    assert answer.status_code == 200, answer.text


async def on_duty(played: Played, *people: str) -> None:
    async def look() -> bool | None:
        answer = await played.floor.hands.call("GET", "router", LIST, role="supervisor")
        return True if answer.json()["on_duty"] == list(people) else None

    await until(look, f"{', '.join(people)} on duty")


async def order_of(played: Played, number: str, assignee: str, status: str = "dispatched") -> str:
    """Wait for somebody's work order."""

    async def look() -> str | None:
        ticket = await played.floor.hands.ticket(number)
        found = [o for o in ticket["work_orders"] if o["round"] == ticket["round"]
                 and (o["assignee"], o["status"]) == (assignee, status)]  # fmt: skip
        return found[0]["id"] if found else None

    return await until(look, f"{number} to {assignee}, {status}")


async def test_1_the_request_is_registered_owned_and_promised(story: Story) -> None:
    played, hands = story.played, story.played.floor.hands
    await played.at(1, "18:42")
    await on_duty(played, XU)

    story.number = (await hands.post_ticket(LEAK, by=HE))["number"]
    story.order = await order_of(played, story.number, XU)
    await story.appoint(2, "14:00", "16:00")
    await hands.until_message(story.number, "visit")
    await played.at(1, "18:45")
    await story.act("tell", HE)

    ticket = await story.ticket()
    assert (ticket["owner"], ticket["urgency"]) == (HE, "normal")
    story.first_promise = ticket["promised"][0]
    assert (story.first_promise["by"], story.first_promise["told"]) == (HE, True)


async def test_2_what_is_not_accepted_in_time_goes_to_who_is_on_tonights_roster(
    story: Story,
) -> None:
    await story.played.at(1, "18:58")

    story.order = await order_of(story.played, story.number, GUO)

    await story.played.told(story.number, "assignment", XU, GUO)
    await story.work("accept", GUO)


async def test_3_what_she_adds_makes_it_urgent_and_the_first_promise_stays(story: Story) -> None:
    await story.played.at(1, "23:10")

    await story.act("supplement", CAI, note="刚才忘了说，客厅的水滴得更快了")
    await story.act("reclassify", CAI, urgency="urgent")
    await story.act("tell", CAI)

    ticket = await story.ticket()
    assert ticket["urgency"] == "urgent"
    assert ticket["promised"][0] == story.first_promise
    last = ticket["promised"][-1]
    assert (last["by"], last["told"], last["policy"]) == (CAI, True, story.first_promise["policy"])
    assert await story.due("resolve") == story.played.time(2, "23:10")


async def test_4_it_waits_for_access_no_longer_than_the_policy_allows(story: Story) -> None:
    await story.played.at(1, "23:36")
    await story.work("arrive", GUO)
    await story.played.at(1, "23:55")

    too_long = story.played.time(2, "12:30").isoformat()
    refused = await story.work("suspend", GUO, 409, reason="access", until=too_long)
    assert "12 hours" in refused["detail"]

    await story.work("suspend", GUO, reason="access")


async def test_5_the_pause_ends_by_itself_and_a_missed_visit_is_told(story: Story) -> None:
    played = story.played
    await played.at(2, "11:56")
    await played.floor.hands.until_status(story.number, "in_progress")
    await story.appoint(2, "14:00", "16:00")

    await played.at(2, "13:31")
    await until(partial(_warned, story, GUO), "Guo is warned of his visit")
    await played.at(2, "15:58")
    await story.act("urge", YAN)
    await played.told(story.number, "raised", FOREMAN)  # the third contact
    await played.at(2, "16:01")
    await until(partial(_missed, story), "a missed visit for the foreman and the owner")
    await story.appoint(3, "10:00", "12:00")


async def test_6_due_is_what_was_promised_and_the_pause_and_it_is_extended_once(
    story: Story,
) -> None:
    played = story.played
    assert await story.due("resolve") == played.time(3, "11:10")
    await played.at(3, "10:40")
    await story.work("arrive", GUO)
    until_ = played.time(8, "18:00").isoformat()

    await story.work("extend", GUO, until=until_, reason="parts")
    await played.at(3, "10:55")
    await story.work("extend", "chief", role="supervisor", until=until_)
    await played.floor.hands.until_message(story.number, "extended")

    assert await story.due("resolve") == played.time(8, "18:00")
    again = await story.work("extend", GUO, 409, until=until_, reason="parts")
    assert "as often as the policy allows" in again["detail"]
    assert (await story.ticket())["promised"][0] == story.first_promise


async def test_7_done_that_is_not_done_is_given_to_todays_roster_and_told_to_the_estate(
    story: Story,
) -> None:
    played = story.played
    await played.at(4, "16:30")
    await story.work("resolve", GUO)
    await played.floor.hands.until_status(story.number, "resolved")

    await played.at(5, "10:00")
    await story.act("feedback", YAN, outcome="not_satisfied", reason="not_done")

    story.order = await order_of(played, story.number, XU)
    await played.told(story.number, "raised", FOREMAN, "jy-manager")
    await story.work("accept", XU)


async def test_8_the_fourth_contact_is_heard_above_the_estate_and_makes_no_second_ticket(
    story: Story,
) -> None:
    await story.played.at(8, "09:00")

    await story.act("urge", CAI, note="再不来我就打别的电话了")

    await story.played.told(story.number, "raised", FOREMAN, "jy-manager", "group-manager")
    assert (await story.ticket())["level"] == 2


async def test_9_it_is_told_after_attempts_two_hours_apart_and_over(story: Story) -> None:
    played = story.played
    await played.at(8, "15:00")
    await story.work("arrive", XU)
    await story.work("resolve", XU)
    await played.floor.hands.until_status(story.number, "resolved")

    for day, clock, status in ((8, "17:00", 200), (8, "17:30", 409), (8, "19:30", 200),
                               (9, "09:00", 200)):  # fmt: skip
        await played.at(day, clock)
        await story.act("feedback", HE, status, outcome="no_answer")
    await story.act("feedback", HE, outcome="told", note="已告知其儿子")

    ticket = await story.ticket()
    assert (ticket["status"], ticket["round"], ticket["owner"]) == ("closed", 2, HE)
    made = [(promise["by"], promise["told"]) for promise in ticket["promised"]]
    assert made[0] == (HE, True)


async def _warned(story: Story, person: str) -> bool | None:
    found = await story.played.said(story.number, "warning")
    clocks = {m["facts"]["clock"] for m in found if m["recipient"] == person}
    return True if "appointment" in clocks else None


async def _missed(story: Story) -> bool | None:
    found = await story.played.said(story.number, "breach")
    people = {m["recipient"] for m in found if m["facts"]["clock"] == "appointment"}
    return True if people == {FOREMAN, HE} else None
