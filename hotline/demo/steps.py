"""What the plots of a demo are made of: a request sent, work done step by step, a result told.

All of it goes through the front doors; what does not go as it must raises.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from hotline.demo.clients import Clients, Json, until
from hotline.demo.scenes import Outcome, Scene

TO_ACCEPT = {"dispatched": ("accept",), "accepted": ()}
"""By how it stands: what is left until somebody has taken a work order."""


class WentWrongError(Exception):
    """A request did not end as its plot says."""


async def send(clients: Clients, scene: Scene, *, key: str | None = None) -> Json:
    """Send the request the way the scene says; the answer."""
    if scene.via == "amqp":
        body = scene.raw or json.dumps(scene.report, ensure_ascii=False)
        found = await clients.publish(body.encode(), key=scene.key, message_id=key)
        assert found is not None, "the demo always asks for an answer"
        return found
    headers: dict[str, str] = {"Accept-Language": scene.language}
    if key:
        headers["Idempotency-Key"] = key
    return await clients.post_ticket(scene.report, headers=headers)


async def registered(
    clients: Clients, scene: Scene, outcome: Outcome, key: str | None = None
) -> Json:
    """Send it and keep its number; raises when it was not registered."""
    answer = await send(clients, scene, key=key)
    if "number" not in answer or "title" in answer:
        raise WentWrongError(f"not registered: {answer}")
    outcome.number = answer["number"]
    return answer


async def first_order(clients: Clients, number: str, *, round_: int = 1, after: int = 0) -> Json:
    """Wait for the round's work order number `after`; declined ones count."""
    ticket = await clients.until_ticket(
        number,
        lambda t: len([o for o in t["work_orders"] if o["round"] == round_]) > after,
        f"work order {after + 1} of round {round_}",
    )
    orders: list[Json] = [o for o in ticket["work_orders"] if o["round"] == round_]
    return orders[after]


async def done_by(clients: Clients, order: Mapping[str, Any], *steps: str) -> None:
    """The assignee does one step after the other; raises when one is refused."""
    for step in steps:
        answer = await clients.work(order, step)
        sure(answer, f"{step} of {order['id']}")


async def told(clients: Clients, number: str) -> None:
    """The result reaches the caller, which closes the ticket."""
    await clients.until_message(number, "feedback")
    await clients.until_status(number, "closed")


async def asked(clients: Clients, number: str, round_: int, score: int) -> None:
    """The resident opens the page behind the link and answers."""

    async def page() -> str | None:
        link = await clients.http.get(clients.survey_link(number, round_))
        return link.text if link.is_success else None

    await until(page, f"{number}: survey of round {round_}")
    status = await clients.answer_survey(number, round_, score)
    if status >= 400:
        raise WentWrongError(f"the survey of {number} answered {status}")


async def given(clients: Clients, scene: Scene, outcome: Outcome, *steps: str) -> Json:
    """Registered, given to somebody, and brought so far by them: the work order."""
    await registered(clients, scene, outcome)
    order = await first_order(clients, outcome.number)
    await done_by(clients, order, *steps)
    return order


async def acknowledge(clients: Clients, number: str, person: str) -> None:
    """Somebody takes the alert."""
    path = f"/v1/emergencies/{number}/acknowledge"
    answer = await clients.call("POST", "router", path, role="department", by=person)
    sure(answer, "acknowledge")


async def reclassify(clients: Clients, number: str, **decided: str) -> None:
    """The desk decides what was unclear."""
    path = f"/v1/tickets/{number}/reclassify"
    answer = await clients.call("POST", "intake", path, json=decided)
    sure(answer, "reclassify")


async def handled(clients: Clients, number: str) -> None:
    """Every department of an emergency does its part, then the caller is told. Where the place was
    set a moment ago the work is given out anew meanwhile: what is over is looked past.
    """
    departments = (await clients.ticket(number))["plans"][-1]["departments"]
    await clients.until_ticket(
        number,
        lambda t: {o["department"] for o in t["work_orders"]} >= set(departments),
        "a work order for every department",
    )
    while to_do := [o for o in (await clients.ticket(number))["work_orders"] if is_to_do(o)]:
        await asyncio.gather(*(secured(clients, number, order) for order in to_do))
    await told(clients, number)


def is_to_do(order: Json) -> bool:
    """Whether a department has it before it."""
    return order["status"] in TO_ACCEPT


async def secured(clients: Clients, number: str, order: Json) -> None:
    """The part of one department, whose order may be accepted with the alarm already."""
    try:
        await done_by(clients, order, *TO_ACCEPT[order["status"]], "arrive", "control", "resolve")
    except WentWrongError:
        orders = (await clients.ticket(number))["work_orders"]
        if not any(o["id"] == order["id"] and o["status"] == "transferred" for o in orders):
            raise


def sure(answer: Any, act: str) -> None:
    """Raise where an act was refused."""
    if answer.is_error:
        raise WentWrongError(f"{act}: {answer.status_code} {answer.text}")
