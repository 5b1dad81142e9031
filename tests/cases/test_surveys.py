"""What a caller's answer does, and who may write it down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hotline.demo.clients import until
from hotline.demo.steps import done_by, first_order, told
from tests.support.floor import Floor, caller, with_account

WEEK: Final = "local: {binjiang: {rules: {reopen_within: P7D}}}"
LEAK: Final = {"estate": "binjiang", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}
OWNER: Final = "agent-he"


async def closed(floor: Floor, *, owner: str | None = None, then: str | None = None) -> str:
    """A repair that is done and told, which somebody at the desk, and `then` somebody else, may
    have seen through.
    """
    clients, number = floor.clients, str((await floor.clients.post_ticket(LEAK))["number"])
    order = await first_order(clients, number)
    for owns in filter(None, (owner, then)):
        owned = await clients.call(
            "POST", "intake", f"/v1/tickets/{number}/own", by=owner, json={"owner": owns}
        )
        assert owned.is_success, owned.text
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, number)
    await clients.until_message(number, "survey")
    return number


async def answered(
    floor: Floor, number: str, score: int, language: str = "zh", comment: str = ""
) -> str:
    link, form = floor.clients.survey_link(number, 1), {"score": str(score), "comment": comment}
    sent = await floor.clients.http.post(f"{link}?lang={language}", data=form)
    assert sent.status_code == 200, sent.text
    return sent.text


async def change_policy(floor: Floor, overlay: str) -> None:
    async def ask(path: str, role: str, **body: Any) -> dict[str, Any]:
        path = f"/v1/policies{path}"
        answer = await floor.clients.call("POST", "admin", path, role=role, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    id = (await ask("", "supervisor", title="Reopen within a week", overlay=overlay))["id"]
    await ask(f"/{id}/submit", "supervisor")
    await ask(f"/{id}/approve", "manager")
    for service in ("intake", "survey"):

        async def followed(service: str = service) -> bool | None:
            ready = (await floor.clients.call("GET", service, "/readyz")).json()
            return True if ready["policy"] == id else None

        await until(followed, f"{service} follows")


async def test_b18_a_page_does_not_say_that_it_is_reopened_when_it_is_not(floor: Floor) -> None:
    await change_policy(floor, WEEK)
    number = await closed(floor)
    await floor.forward(timedelta(days=7, hours=12))

    page = await answered(floor, number, 1)

    assert "正在重新开启" not in page
    assert "已过重新开启的期限" in page
    assert "being reopened" not in await answered(floor, number, 1, "en")  # sent again
    assert (await floor.clients.ticket(number))["status"] == "closed"


async def test_b18_a_page_says_that_it_is_reopened_when_it_is(floor: Floor) -> None:
    number = await closed(floor)

    assert "正在重新开启" in await answered(floor, number, 1)
    await floor.clients.until_ticket(number, lambda ticket: ticket["round"] == 2, "it is reopened")
    assert "being reopened" in await answered(floor, number, 1, "en")  # sent again


async def test_b18_b3_a_danger_told_of_what_was_cancelled_since_is_called_out_and_said_so(
    floor: Floor,
) -> None:
    number, clients = await closed(floor), floor.clients
    for way in ("reopen", "cancel"):
        path = f"/v1/tickets/{number}/{way}"
        assert (await clients.call("POST", "intake", path, json={})).is_success
    await floor.forward(timedelta(days=2))

    page = await answered(floor, number, 1, "zh", comment="厨房着火了")

    assert "正在重新开启" not in page
    assert "新的紧急事件" in page
    assert (await clients.ticket(number))["status"] == "cancelled"

    async def own() -> dict[str, Any] | None:
        listed = (await clients.call("GET", "intake", "/v1/tickets?estate=binjiang")).json()
        fires = [each for each in listed["items"] if each["emergency_kind"] == "fire"]
        found = [await clients.ticket(each["number"]) for each in fires]
        return next((each for each in found if each.get("duplicate_of") == number), None)

    found = await until(own, "an emergency of its own")
    await clients.until_message(found["number"], "alert")


async def test_b26_a_case_owner_does_not_record_the_survey_of_their_own_case(floor: Floor) -> None:
    number = await closed(floor, owner=OWNER)
    path = f"/v1/surveys/{number}-1/answer"

    own = await floor.clients.call("POST", "survey", path, by=OWNER, json={"score": 5})
    other = await floor.clients.call("POST", "survey", path, by="agent-li", json={"score": 4})

    assert own.status_code == 403
    assert "somebody else at the desk" in own.text
    assert other.status_code == 200, other.text
    assert other.json()["answer"]["recorded_by"] == "agent-li"


async def test_b26_nor_does_who_handed_it_over_before(floor: Floor) -> None:
    await with_account(floor, "agent-sun")
    number = await closed(floor, owner=OWNER, then="agent-sun")
    path = f"/v1/surveys/{number}-1/answer"

    for who in (OWNER, "agent-sun"):
        refused = await floor.clients.call("POST", "survey", path, by=who, json={"score": 5})
        assert refused.status_code == 403
