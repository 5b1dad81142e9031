"""What happens to the demo's requests, plot by plot, played through the front doors.

Each plot returns what it did in words; a plot that does not go as it must raises.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotline.demo.clients import Clients, Json, until
from hotline.demo.scenes import Outcome, Scene
from hotline.demo.steps import (
    WentWrongError,
    acknowledge,
    asked,
    done_by,
    first_order,
    given,
    handled,
    reclassify,
    registered,
    send,
    sure,
    told,
)

Plot = Callable[[Clients, Scene, Outcome], Awaitable[str]]
PLOTS: dict[str, Plot] = {}


def plot(function: Plot) -> Plot:
    """Add a plot under its function's name."""
    PLOTS[function.__name__] = function
    return function


@plot
async def done(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Dispatched, accepted, done, told, asked."""
    answer = await registered(clients, scene, outcome)
    if answer.get("held"):
        await reclassify(clients, outcome.number, area=scene.report.get("area", "other"))
    order = await first_order(clients, outcome.number)
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, outcome.number)
    await asked(clients, outcome.number, 1, 5)
    return f"{order['department']} did it, the caller was told and gave 5 of 5"


@plot
async def answered(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Answered on the call: one write."""
    await registered(clients, scene, outcome)
    await clients.until_status(outcome.number, "answered")
    return "answered on the call, nobody had to go"


@plot
async def emergency(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Alerted at once, acknowledged, arrived, under control, resolved, told."""
    answer = await registered(clients, scene, outcome)
    kind = answer["emergency_kind"]
    alert = await clients.until_message(outcome.number, "alert")
    await acknowledge(clients, outcome.number, alert["recipient"])
    await handled(clients, outcome.number)
    return f"{kind}: alerted in parallel, acknowledged by {alert['recipient']}, handled, told"


@plot
async def emergency_chain(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Nobody acknowledges the first alert: the next in the chain is called."""
    answer = await registered(clients, scene, outcome)

    async def chain() -> Json | None:
        found = await clients.messages(outcome.number)
        wanted = (m for m in found if m["purpose"] == "alert" and "chain" in m["recipient"])
        return next(wanted, None)

    called = await until(chain, f"{outcome.number}: the next in the chain", seconds=30)
    await acknowledge(clients, outcome.number, called["recipient"])
    await handled(clients, outcome.number)
    kind = answer["emergency_kind"]
    return f"{kind}: nobody acknowledged, so {called['recipient']} was called, and took it"


@plot
async def emergency_unknown_place(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """An estate nobody knows: alerted all the same, and shown to the desk for its place."""
    answer = await registered(clients, scene, outcome)
    if answer.get("held") != "place":
        raise WentWrongError(f"the unknown place is not shown: {answer}")
    alert = await clients.until_message(outcome.number, "alert")
    await acknowledge(clients, outcome.number, alert["recipient"])
    await reclassify(clients, outcome.number, estate="jinyuan")
    await handled(clients, outcome.number)
    return f"place unknown: the group's {alert['recipient']} was alerted, the desk set the place"


@plot
async def declined(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """The first sends it back: the next on duty gets it."""
    await registered(clients, scene, outcome)
    order = await first_order(clients, outcome.number)
    refused = await clients.work(order, "decline", reason="not_my_trade")
    sure(refused, "decline")
    second = await first_order(clients, outcome.number, after=1)
    await done_by(clients, second, "accept", "start", "resolve")
    await told(clients, outcome.number)
    return f"{order['assignee']} declined, {second['assignee']} did it"


@plot
async def overdue(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Nobody accepts in time: warned, then the department's lead is told and the next gets it."""
    await registered(clients, scene, outcome)
    await clients.until_message(outcome.number, "warning", seconds=30)
    breach = await clients.until_message(outcome.number, "breach", seconds=30)
    order = await first_order(clients, outcome.number, after=1)
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, outcome.number)
    told_to = breach["recipient"]
    return f"not accepted in time: warned, told to {told_to}, done by {order['assignee']}"


@plot
async def unsatisfied(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Done, told, and not satisfied: a new round."""
    await given(clients, scene, outcome, "accept", "start", "resolve")
    await told(clients, outcome.number)
    await asked(clients, outcome.number, 1, 1)
    again = await first_order(clients, outcome.number, round_=2)
    await done_by(clients, again, "accept", "start", "resolve")
    await told(clients, outcome.number)
    await asked(clients, outcome.number, 2, 4)
    return "the caller gave 1 of 5: reopened, done again in round 2, then 4 of 5"


@plot
async def place_unknown(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """A place nobody knows waits in the manual queue until the desk decides."""
    answer = await registered(clients, scene, outcome)
    queue = await clients.call("GET", "router", "/v1/manual-queue", role="dispatcher")
    shown = {item["number"] for item in queue.json()["items"]}
    if answer.get("held") != "place" or outcome.number not in shown:
        raise WentWrongError("it is not in the manual queue")
    await reclassify(clients, outcome.number, estate="binjiang")
    order = await first_order(clients, outcome.number)
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, outcome.number)
    return "waited in the manual queue (place), the desk set the place, done"


@plot
async def no_contact(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Nobody to tell: closed as that."""
    await given(clients, scene, outcome, "accept", "start", "resolve")
    await clients.until_status(outcome.number, "closed")
    return "done; the caller left no number, so it closed as no_contact"


@plot
async def cancelled(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Not needed any more."""
    await registered(clients, scene, outcome)
    answer = await clients.call("POST", "intake", f"/v1/tickets/{outcome.number}/cancel")
    sure(answer, "cancel")
    await clients.until_status(outcome.number, "cancelled")
    return "cancelled by the caller before anybody had accepted it"


@plot
async def waiting(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Left with its department."""
    order = await given(clients, scene, outcome)
    return f"waits for {order['assignee']} to accept it"


@plot
async def in_progress(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Left under way."""
    order = await given(clients, scene, outcome, "accept", "start")
    return f"{order['assignee']} is working on it"


@plot
async def repeated(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """The same request under the same key, three times: one ticket."""
    key = uuid.uuid4().hex
    fresh = dict(scene.report)
    if "external_id" in fresh:
        fresh["external_id"] = f"{fresh['external_id']}-{key[:8]}"
    same = scene.model_copy(update={"report": fresh})
    answers = [await registered(clients, same, outcome, key) for _ in range(3)]
    if len({answer["number"] for answer in answers}) != 1:
        raise WentWrongError("a repeat made a ticket of its own")
    order = await first_order(clients, outcome.number)
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, outcome.number)
    return "sent three times under one key: one ticket, the same answer each time; done"


@plot
async def conflict(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Another request under a used key is refused, naming the first."""
    key = uuid.uuid4().hex
    await registered(clients, scene, outcome, key)
    other = scene.model_copy(update={"report": scene.report | {"text": "路灯不亮，请来修"}})
    answer = await send(clients, other, key=key)
    if answer.get("status") != 422 or answer.get("number") != outcome.number:
        raise WentWrongError(f"the used key was not refused: {answer}")
    order = await first_order(clients, outcome.number)
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, outcome.number)
    return "done; another request under its key was refused (422, supplement instead)"


@plot
async def malformed(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Answered with what is wrong, and parked whole."""
    answer = await send(clients, scene)
    fault = _fault(answer)
    outcome.status = "parked"
    return f"answered 422 ({fault}) and parked, sealed: see `hotline dead list`"


@plot
async def refused(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Answered with what is wrong; over HTTP nothing is kept."""
    fault = _fault(await send(clients, scene))
    outcome.status = "refused"
    return f"answered 422 ({fault})"


def _fault(answer: Mapping[str, Any]) -> str:
    if answer.get("status") != 422 or not answer.get("faults"):
        raise WentWrongError(f"it was not refused: {answer}")
    first = answer["faults"][0]
    return f"{first['field']} {first['fault']}"
