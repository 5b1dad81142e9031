"""The floor that a demo leaves: work in the middle of a shift, for whoever opens the console.

Its plots end where a person would go on. Like those of `plots.py` they go through the front doors;
a day between is the trial's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from hotline.demo.accounts import AGENT, ENGINEER
from hotline.demo.clients import Clients, Json, until
from hotline.demo.plots import plot
from hotline.demo.scenes import Outcome, Scene
from hotline.demo.steps import WentWrongError, acknowledge, given, registered, sure
from shared.policy.documents import read_yaml

A_DAY: Final = timedelta(days=1, minutes=12)
"""Whoever was to come yesterday is late now, by some minutes."""


class FloorScenes(BaseModel):
    """What is left on the floor: of yesterday, and of just now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    yesterday: list[Scene]
    now: list[Scene]

    @property
    def all(self) -> list[Scene]:
        """Both."""
        return [*self.yesterday, *self.now]


def load_floor() -> FloorScenes:
    """The scenes in the order they are played."""
    text = files("hotline.demo").joinpath("floor.yaml").read_text("utf-8")
    return FloorScenes.model_validate(read_yaml(text))


@plot
async def left(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Dispatched, and nobody has accepted it yet."""
    order = await given(clients, scene, outcome)
    return f"with {order['department']}, not accepted yet"


@plot
async def accepted(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Somebody will come."""
    order = await given(clients, scene, outcome, "accept")
    return f"{order['assignee']} has it"


@plot
async def late(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Somebody has it, and does not come in time."""
    order = await given(clients, scene, outcome, "accept")
    return f"{order['assignee']} accepted it a day ago, and has not come"


@plot
async def suspended(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Waits for a part."""
    order = await given(clients, scene, outcome, "accept", "arrive")
    sure(await clients.work(order, "suspend", reason="parts"), "suspend")
    return "waits for a part"


@plot
async def urged(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """The caller asks for haste."""
    await accepted(clients, scene, outcome)
    await _at_desk(clients, outcome.number, "urge", note="来电人再次来电催促")
    return "accepted, and the caller asked for haste"


@plot
async def seen_through(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """An agent sees it through."""
    await given(clients, scene, outcome, "accept")
    await _at_desk(clients, outcome.number, "own")
    return f"{AGENT} sees it through"


@plot
async def to_be_told(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Done, and a person is to ring the caller."""
    await given(clients, scene, outcome, "accept", "start", "resolve")

    async def task() -> Json | None:
        answer = await clients.call("GET", "router", "/v1/follow-ups", role="supervisor")
        found = answer.raise_for_status().json()["items"]
        return next((each for each in found if each["number"] == outcome.number), None)

    await until(task, f"{outcome.number}: the task to tell the result")
    return "done; the desk is to tell the caller by telephone"


@plot
async def undecided(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Waits in the manual queue."""
    answer = await registered(clients, scene, outcome)
    if not answer.get("held"):
        raise WentWrongError(f"it is not held for a person: {answer}")
    return f"in the manual queue ({answer['held']})"


@plot
async def emergency_taken(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """Somebody has the emergency, and is on the way."""
    await registered(clients, scene, outcome)
    await clients.until_message(outcome.number, "alert")
    await acknowledge(clients, outcome.number, ENGINEER)
    return f"runs; {ENGINEER} has it"


@plot
async def emergency_alone(clients: Clients, scene: Scene, outcome: Outcome) -> str:
    """An emergency that nobody has."""
    await registered(clients, scene, outcome)
    await clients.until_message(outcome.number, "alert")
    return "runs; nobody has it yet"


async def until_offered(clients: Clients, scenes: Sequence[Scene]) -> str:
    """Wait until what many of these report is offered to the desk as one outage; how many."""
    estates = {scene.report["estate"] for scene in scenes if scene.report.get("area") == "hvac"}
    [estate] = estates

    async def offered() -> Json | None:
        path = f"/v1/incidents?status=offered&estate={estate}"
        answer = await clients.call("GET", "router", path, role="dispatcher")
        return next(iter(answer.raise_for_status().json()["items"]), None)

    incident = await until(offered, f"{estate}: an outage that is offered")
    return f"{incident['households']} households of {estate} report one outage: offered to the desk"


async def _at_desk(clients: Clients, number: str, act: str, **body: Any) -> None:
    path = f"/v1/tickets/{number}/{act}"
    sure(await clients.call("POST", "intake", path, by=AGENT, json=body), act)
