"""What a caller's answer does, and who may write it down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hotline.demo.clients import until
from hotline.demo.plots import done_by, first_order, told
from tests.support.floor import Floor, caller

WEEK: Final = "local: {binjiang: {rules: {reopen_within: P7D}}}"
LEAK: Final = {"estate": "binjiang", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}
OWNER: Final = "agent-he"


async def closed(floor: Floor, *, owner: str | None = None) -> str:
    """A repair that is done and told, which somebody at the desk may have seen through."""
    clients, number = floor.clients, str((await floor.clients.post_ticket(LEAK))["number"])
    order = await first_order(clients, number)
    if owner is not None:
        owned = await clients.call(
            "POST", "intake", f"/v1/tickets/{number}/own", by=owner, json={"owner": owner}
        )
        assert owned.is_success, owned.text
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, number)
    await clients.until_message(number, "survey")
    return number


async def answered(floor: Floor, number: str, score: int, language: str = "zh") -> str:
    link = floor.clients.survey_link(number, 1)
    sent = await floor.clients.http.post(f"{link}?lang={language}", data={"score": str(score)})
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


async def test_b26_a_case_owner_does_not_record_the_survey_of_their_own_case(floor: Floor) -> None:
    number = await closed(floor, owner=OWNER)
    path = f"/v1/surveys/{number}-1/answer"

    own = await floor.clients.call("POST", "survey", path, by=OWNER, json={"score": 5})
    other = await floor.clients.call("POST", "survey", path, by="agent-li", json={"score": 4})

    assert own.status_code == 403
    assert "somebody else at the desk" in own.text
    assert other.status_code == 200, other.text
    assert other.json()["answer"]["recorded_by"] == "agent-li"
