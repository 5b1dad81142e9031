"""Outside a trial, with no channel to anybody: nothing claims that somebody was told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest
import pytest_asyncio

from hotline.demo.clients import Json, until
from hotline.promises import Findings, examine, kinds
from tests.support.command import hotline
from tests.support.floor import Floor, caller, orders_of, running_floor

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.whole]
IN_A_HURRY: Final = "rules: {acknowledge_within: PT2S}"
TAP: Final = {"estate": "jinyuan", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}
LIFT: Final = {"estate": "cuihu", "text": "十楼电梯里困了人", "caller": caller()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own_floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    folder = tmp_path_factory.mktemp("real")
    async with running_floor(folder, overlay=IN_A_HURRY, trial=False, mail=False) as running:
        yield running


async def finish(own_floor: Floor) -> str:
    """The number of a ticket whose work is done."""
    clients, number = own_floor.clients, str((await own_floor.clients.post_ticket(TAP))["number"])
    (order,) = orders_of(await clients.until_status(number, "dispatched"))
    for act in ("accept", "start", "resolve"):
        (await clients.work(order, act)).raise_for_status()
    return number


async def tasks(own_floor: Floor, number: str, state: str) -> list[Json]:
    params = {"number": number, "state": state}
    answer = await own_floor.clients.call("GET", "router", "/v1/follow-ups", params=params)
    found: list[Json] = answer.json()["items"]
    return found


async def survey(own_floor: Floor, number: str) -> Json | None:
    path = f"/v1/surveys/{number}-1"
    answer = await own_floor.clients.call("GET", "survey", path, role="supervisor")
    found: Json = answer.json()
    return found if answer.is_success and found["unreached"] else None


async def audit(own_floor: Floor) -> Findings:
    return await examine(own_floor.endpoints.mongo, grace=timedelta())


def broken(findings: Findings) -> list[tuple[str, str]]:
    found = findings.of(*(kind for kind in kinds.KINDS if kind.breaks))
    return [(finding.kind.code, finding.id) for finding in found]


async def test_a_result_that_left_the_house_by_no_channel_is_told_by_telephone(
    own_floor: Floor,
) -> None:
    clients, number = own_floor.clients, await finish(own_floor)
    message = await clients.until_message(number, "feedback", "failed")
    assert message["reason"] == "no_channel"

    async def there() -> Json | None:
        return next(iter(await tasks(own_floor, number, "open")), None)

    task = await until(there, "the task to tell it")
    assert (task["why"], task["reason"], task["round"]) == ("tell", "tell", 1)
    assert (await clients.ticket(number))["status"] == "resolved"
    assert broken(await audit(own_floor)) == []

    told = await clients.call(
        "POST", "intake", f"/v1/tickets/{number}/feedback", by="he", json={"outcome": "told"}
    )
    assert told.status_code == 200, told.text

    async def done() -> Json | None:
        return next(iter(await tasks(own_floor, number, "done")), None)

    ended = await until(done, "the task is done")
    assert (ended["id"], ended["outcome"], ended["ended_by"]) == (task["id"], "fed_back", "he")
    assert (await clients.ticket(number))["status"] == "closed"
    assert await tasks(own_floor, number, "open") == []
    asked = await until(lambda: survey(own_floor, number), "what became of the question is known")
    assert (asked["asked_at"], asked["unreached"]) == (None, "no_channel")
    assert "received" not in {message["status"] for message in await clients.messages(number)}


async def test_the_doctor_says_who_has_no_channel(own_floor: Floor) -> None:
    code, said = await hotline(own_floor, "doctor")

    assert code == 1
    assert "Callers have no channel" in said
    assert "来电人没有消息渠道" in said
    assert "WARNING" in said
    assert "HOTLINE_NOTIFIER_SMTP_HOST" in said


async def test_an_emergency_that_reaches_nobody_goes_on_calling_and_is_no_kept_promise(
    own_floor: Floor,
) -> None:
    clients, number = own_floor.clients, str((await own_floor.clients.post_ticket(LIFT))["number"])
    await clients.until_message(number, "alert", "failed")

    async def chained() -> Json | None:
        alerts = [m for m in await clients.messages(number) if m["purpose"] == "alert"]
        steps = {m["facts"].get("step") for m in alerts if m["status"] == "failed"}
        return {"alerts": alerts} if len(steps) > 1 else None

    called = await until(chained, "the next of the chain is called")

    assert {message["reason"] for message in called["alerts"]} == {"no_channel"}
    assert ("alert_unheard", number) in broken(await audit(own_floor))
