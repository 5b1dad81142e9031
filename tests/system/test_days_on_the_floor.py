"""Two stories of the departments' work, played by their times; the tests are the steps, in order.

Water from above: nine days with three agents. Clauses A4.2 to A4.4, B3.2.4, B4.1 to B4.4, C3.2 and
C3.3: one request goes from hand to hand, and each promise that anybody made stays on record.
A lift that talks: clause B3.2.3. A machine reports, people confirm, and only who is there ends it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import httpx
import orjson
import pytest
import pytest_asyncio

from hotline.demo.clients import Json, until
from tests.support.command import hotline
from tests.support.floor import caller, running_floor
from tests.support.photos import photo
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


pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.whole]


@dataclass
class Story:
    """What the later steps know of the earlier ones: the ticket and the present work order."""

    played: Played
    number: str = ""
    order: str = ""
    first_promise: Json = field(default_factory=dict)

    async def ticket(self) -> Json:
        return await self.played.floor.clients.ticket(self.number)

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

    async def photo(self, by: str, **tag: str) -> Json:
        """Whoever does the work shows it, with the tag on the wall; what is known of the photo."""
        answer = await self.played.floor.clients.call(
            "POST", "router", f"/v1/work-orders/{self.order}/proofs", role="department", by=by,
            files={"photo": ("photo.jpg", photo())}, data=tag,
        )  # fmt: skip
        return _checked(answer, 201)

    async def look(self, proof: str) -> int:
        """The desk looks at a photo before it rings the caller; the status."""
        answer = await self.played.floor.clients.call(
            "GET", "intake", f"/v1/proofs/{proof}", by=YAN
        )
        return answer.status_code

    async def is_marked_in_cases(self, owner: str) -> bool:
        """Whether who rings the caller reads in the list that a photo was taken elsewhere."""
        cases = await self.played.floor.clients.call("GET", "intake", "/v1/cases", by=owner)
        (case,) = [item for item in cases.json()["items"] if item["number"] == self.number]
        return bool(case["place_differs"])

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
    async with running_floor(folder, overlay=BY_CALL, environment=environment) as floor:
        played = await playing(floor, weekday=TUESDAY)
        await played.at(1, "18:00")
        await put_on_shift(played)
        yield Story(played)


async def put_on_shift(played: Played) -> None:
    """Xu by day, Guo by night, for as long as the story lasts; one engineer is always needed."""
    call = played.floor.clients.call
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
        answer = await played.floor.clients.call("GET", "router", LIST, role="supervisor")
        return True if answer.json()["on_duty"] == list(people) else None

    await until(look, f"{', '.join(people)} on duty")


async def order_of(played: Played, number: str, assignee: str, status: str = "dispatched") -> str:
    """Wait for somebody's work order."""

    async def look() -> str | None:
        ticket = await played.floor.clients.ticket(number)
        found = [o for o in ticket["work_orders"] if o["round"] == ticket["round"]
                 and (o["assignee"], o["status"]) == (assignee, status)]  # fmt: skip
        return found[0]["id"] if found else None

    return await until(look, f"{number} to {assignee}, {status}")


async def test_1_the_request_is_registered_owned_and_promised(story: Story) -> None:
    played, clients = story.played, story.played.floor.clients
    await played.at(1, "18:42")
    await on_duty(played, XU)

    story.number = (await clients.post_ticket(LEAK, by=HE))["number"]
    story.order = await order_of(played, story.number, XU)
    await story.appoint(2, "14:00", "16:00")
    await clients.until_message(story.number, "visit")
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
    await played.floor.clients.until_status(story.number, "in_progress")
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
    await played.floor.clients.until_message(story.number, "extended")

    assert await story.due("resolve") == played.time(8, "18:00")
    again = await story.work("extend", GUO, 409, until=until_, reason="parts")
    assert "as often as the policy allows" in again["detail"]
    assert (await story.ticket())["promised"][0] == story.first_promise


async def test_7_done_that_is_not_done_is_given_to_todays_roster_and_told_to_the_estate(
    story: Story,
) -> None:
    played = story.played
    await played.at(4, "16:30")
    shown = await story.photo(GUO, building="6", room="6-2-1602")
    assert (shown["place_differs"], shown["differs"]) == (True, ["room"])
    await story.work("resolve", GUO, proof=[shown["id"]])
    ticket = await played.floor.clients.until_status(story.number, "resolved")
    assert (ticket["place_differs"], ticket["work_orders"][-1]["proof"]) == (True, [shown["id"]])
    assert await story.look(shown["id"]) == 200
    assert await story.is_marked_in_cases(HE)

    await played.at(5, "10:00")
    await story.act("feedback", YAN, outcome="not_satisfied", reason="not_done")

    story.order = await order_of(played, story.number, XU)
    raised = await played.told(story.number, "raised", FOREMAN, "jy-manager")
    assert raised["facts"]["reason"] == "false_completion_elsewhere"
    await until(partial(_reads, played, "照片拍摄地点不符"), "what the manager reads")
    await story.work("accept", XU)


async def test_8_the_fourth_contact_is_heard_above_the_estate_and_makes_no_second_ticket(
    story: Story,
) -> None:
    await story.played.at(8, "09:00")

    await story.act("urge", CAI, note="再不来我就打12345")

    await story.played.told(story.number, "raised", FOREMAN, "jy-manager", "group-manager")
    ticket = await story.ticket()
    assert (ticket["level"], ticket["risk"]) == (2, True)


async def test_9_it_is_told_after_attempts_two_hours_apart_and_over(story: Story) -> None:
    played = story.played
    await played.at(8, "15:00")
    await story.work("arrive", XU)
    shown = await story.photo(XU, estate="锦园", building="6", room="2-1502")
    await story.work("resolve", XU, proof=[shown["id"]])
    ticket = await played.floor.clients.until_status(story.number, "resolved")
    assert (shown["tagged"], ticket["place_differs"]) == (True, False)

    for day, clock, status in ((8, "17:00", 200), (8, "17:30", 409), (8, "19:30", 200),
                               (9, "09:00", 200)):  # fmt: skip
        await played.at(day, clock)
        await story.act("feedback", HE, status, outcome="no_answer")
    await story.act("feedback", HE, outcome="told", note="已告知其儿子")

    ticket = await story.ticket()
    assert (ticket["status"], ticket["round"], ticket["owner"]) == ("closed", 2, HE)
    made = [(promise["by"], promise["told"]) for promise in ticket["promised"]]
    assert made[0] == (HE, True)


LIFT: Final = {
    "estate": "jinyuan", "channel": "iot", "external_id": "lift-jy-03-1-0801",
    "text": "电梯JY-03-1困人报警", "type": "emergency", "area": "elevator",
}  # fmt: skip
FIRM, GUARD = "lift-firm-1", "jy-security-1"


async def emergency(story: Story, number: str) -> Json:
    answer = await story.played.floor.clients.call("GET", "router", f"/v1/emergencies/{number}")
    return _checked(answer, 200)


async def until_emergency(story: Story, number: str, field_: str) -> Json:
    """Wait until something is known of an emergency."""

    async def look() -> Json | None:
        found = await emergency(story, number)
        return found if found[field_] is not None else None

    return await until(look, f"{number}: {field_}")


async def test_lift_1_a_machine_s_report_is_acted_on_at_once_as_a_suspicion(story: Story) -> None:
    clients = story.played.floor.clients
    await story.played.at(10, "08:01")

    answer = await clients.report(LIFT, key="ticket.report.urgent")
    story.number = answer["number"]

    await story.played.told(story.number, "alert", XU, GUARD, CAI, FIRM)
    found = await emergency(story, story.number)
    ticket = await story.ticket()
    registered_at = datetime.fromisoformat(ticket["registered_at"])
    assert datetime.fromisoformat(found["started_at"]) - registered_at <= timedelta(seconds=2)
    assert (found["confirmed_at"], found["kind"]) == (None, "elevator_entrapment")
    assert found["checklist"][0]["step"] == "intercom"


async def test_lift_2_the_call_of_a_child_confirms_it_and_makes_no_second_emergency(
    story: Story,
) -> None:
    clients = story.played.floor.clients
    running = await clients.call("GET", "router", "/v1/emergencies", role="agent", by=HE)
    assert [e["number"] for e in running.json()["items"]] == [story.number]

    path = f"/v1/emergencies/{story.number}/confirm"
    confirmed = _checked(await clients.call("POST", "router", path, role="agent", by=HE), 200)
    await story.act("supplement", HE, note="来电人是被困的孩子，一个人，十三岁")

    assert confirmed["confirmed_by"] == HE
    running = await clients.call("GET", "router", "/v1/emergencies", role="agent", by=HE)
    assert len(running.json()["items"]) == 1


async def test_lift_3_a_signal_that_clears_is_on_record_and_ends_nothing(story: Story) -> None:
    clients = story.played.floor.clients
    for moment in ("08:00", "08:06"):
        cleared = {"external_id": LIFT["external_id"],
                   "time": story.played.time(10, moment).isoformat()}  # fmt: skip
        answer = await clients.publish(orjson.dumps(cleared), key="alarm.cleared")
        assert answer is not None
        assert answer["number"] == story.number, answer

    notes = [entry["note"] or "" for entry in (await story.ticket())["timeline"]]
    assert sum(note.startswith("alarm.cleared") for note in notes) == 2
    found = await emergency(story, story.number)
    assert (found["ended_at"], found["released_at"]) == (None, None)
    ended = await clients.call(
        "POST", "router", f"/v1/emergencies/{story.number}/end", role="supervisor", by="chief"
    )
    assert ended.json()["type"] == "urn:hotline:problem:not-on-site"
    cancelled = await story.act("cancel", HE, 409)
    assert "no_danger" in cancelled["detail"]


async def test_lift_4_the_firm_opens_its_link_and_the_man_on_site_ends_it(story: Story) -> None:
    played, clients = story.played, story.played.floor.clients
    order = await order_of(played, story.number, FIRM)
    mails = played.floor.postbox.to("lift.firm.1@duty.example")
    (sent,) = [mail for mail in mails if f"【派单】{story.number}" in str(mail["Subject"])]
    path = re.search(r"/w/\S+", sent.get_content())
    assert path is not None
    page = f"{played.floor.endpoints.services['router']}{path.group()}"
    shown = await clients.http.get(page)
    assert "电梯困人" in shown.text
    assert order.rpartition("-")[0] in shown.text

    for clock, step, known in (("08:03", "accept", "acknowledged_at"),
                               ("08:17", "arrive", "arrived_at"),
                               ("08:19", "release", "released_at"),
                               ("08:20", "end", "ended_at")):  # fmt: skip
        await played.at(10, clock)
        sure = {"sure": "yes"} if step == "end" else {}
        assert (await clients.http.post(f"{page}/{step}", data=sure)).status_code == 303
        found = await until_emergency(story, story.number, known)

    assert (found["outcome"], found["ended_by"]) == ("ended", FIRM)
    assert await clients.call("GET", "router", "/v1/emergencies") is not None


async def test_lift_5_the_desk_sees_by_the_number_what_became_of_it(story: Story) -> None:
    """Whoever asks is told nothing of a person: the desk has none in what it shows."""
    found = await emergency(story, story.number)

    steps = [found[name] for name in ("started_at", "acknowledged_at", "arrived_at", "released_at",
                                      "ended_at")]  # fmt: skip
    assert steps == sorted(steps)
    assert "persons" not in found


async def test_a_drill_is_one_everywhere_and_in_no_figure(story: Story) -> None:
    clients = story.played.floor.clients
    before = await _figures(story)

    answer = await clients.report({**LIFT, "external_id": "drill-1", "test": True},
                                key="ticket.report.urgent")  # fmt: skip
    number = answer["number"]
    await story.played.told(number, "alert", XU, GUARD, CAI, FIRM)

    found = await emergency(story, number)
    assert (found["test"], found["external"]) == (True, [])
    mails = [str(m["Subject"]) for m in story.played.floor.postbox.mails]
    assert any(subject.startswith("【演练】") for subject in mails)
    assert await _figures(story) == before


async def test_the_operators_commands_know_the_time_of_the_trial(story: Story) -> None:
    """Ten days ahead, a token made now would be over before it is shown."""
    floor = story.played.floor

    status, token = await hotline(floor, "token", "--role", "supervisor", as_program=True)
    headers = {"Authorization": f"Bearer {token.strip()}"}
    answer = await floor.clients.http.get(
        f"{floor.endpoints.services['router']}{LIST}", headers=headers
    )
    listed, said = await hotline(floor, "dead", "list")

    assert (status, answer.status_code) == (0, 200)
    assert listed == 0, said


async def _figures(story: Story) -> list[str]:
    """What intake and router count of tickets and emergencies."""
    lines: list[str] = []
    for service in ("intake", "router"):
        address = story.played.floor.endpoints.services[service]
        text = (await story.played.floor.clients.http.get(f"{address}/metrics")).text
        counted = ("hotline_tickets_total", "hotline_emerg", "hotline_clock_total")
        lines += [line for line in text.splitlines() if line.startswith(counted)
                  and "_created" not in line]  # fmt: skip
    return lines


async def _reads(played: Played, words: str) -> bool | None:
    """Whether a mail to the manager of the estate has these words."""
    mails = played.floor.postbox.to("jy.manager@duty.example")
    return any(words in str(mail.get_content()) for mail in mails) or None


async def _warned(story: Story, person: str) -> bool | None:
    found = await story.played.said(story.number, "warning")
    clocks = {m["facts"]["clock"] for m in found if m["recipient"] == person}
    return True if "appointment" in clocks else None


async def _missed(story: Story) -> bool | None:
    found = await story.played.said(story.number, "breach")
    people = {m["recipient"] for m in found if m["facts"]["clock"] == "appointment"}
    return True if people == {FOREMAN, HE} else None
