"""A running hotline with the same kinds of things in two estates and two departments.

Whoever asks works at Jinyuan, for engineering where it is a department; a system has reported a
ticket of its own there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

from hotline.demo.clients import until
from hotline.demo.steps import asked, done_by, first_order, told
from hotline.token import make_token
from services.intake.privacy.domain import MOST, Sign
from shared.identity import STAFF_ROLES
from tests.rights.endpoints import Endpoint
from tests.support.floor import Floor, caller, with_account
from tests.support.photos import photo

OWN_PLACE, FOREIGN_PLACE = "jinyuan", "cuihu"
OWN_DEPARTMENT: Final = "engineering"
TAP: Final = {"text": "厨房水龙头滴水，请来修一下", "type": "repair", "area": "plumbing"}
NOISE: Final = {"text": "楼上装修太吵了，请保安去看看", "type": "complaint", "area": "noise"}
STUCK: Final = {"text": "三号楼电梯困人了，快来人"}
FIGHT: Final = {"text": "楼下有人持刀打架，快来人"}
MISSING_NUMBER: Final = "22222222"


@dataclass(frozen=True, slots=True)
class Things:
    """One of each kind that belong together; their ids by the beginning of the path."""

    ids: Mapping[str, str]

    def of(self, endpoint: Endpoint) -> str | None:
        """What an endpoint is asked about; None where it names a kind of its own."""
        return next((id for head, id in self.ids.items() if endpoint.path.startswith(head)), None)

    @property
    def marks(self) -> set[str]:
        """What must not be found in an answer to somebody who may not see these."""
        return {id.partition("-")[0] for id in self.ids.values()}


@dataclass(frozen=True, slots=True)
class House:
    """The floor, and what is whose."""

    floor: Floor
    own: Things
    system_s: Things
    foreign_place: Things
    foreign_department: Things
    about_asker: Things
    missing: Things

    def own_of(self, role: str) -> Things:
        """What somebody of this role may see."""
        return self.system_s if role == "system" else self.own

    def foreign_to(self, role: str) -> list[Things]:
        """What is there, and not theirs."""
        also = {"department": [self.foreign_department], "system": [self.own]}
        return [self.foreign_place, *also.get(role, ())]

    async def ask(
        self,
        endpoint: Endpoint,
        thing: str,
        *,
        role: str | None,
        place: str = OWN_PLACE,
        department: str = OWN_DEPARTMENT,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request as somebody, or without a token as nobody."""
        # Each request is a new one, where an endpoint asks for a key.
        headers = {"idempotency-key": uuid4().hex} if endpoint.method == "POST" else {}
        if role is not None:
            token = make_token(self.floor.data, role=role, places=[place],
                               departments=[department], id=walker(role))  # fmt: skip
            headers["authorization"] = f"Bearer {token}"
        address = self.floor.endpoints.services[endpoint.service]
        return await self.floor.clients.http.request(
            endpoint.method, address + endpoint.at(thing), json=endpoint.body, headers=headers,
            params=params,
        )  # fmt: skip


def walker(role: str) -> str:
    """Who asks as a role."""
    return f"walker-{role}"


async def furnish(floor: Floor) -> House:
    """Put the things in and wait until they are all there."""
    return House(
        floor=floor,
        own=await _with_brake(floor, await _things(floor, OWN_PLACE, TAP, STUCK)),
        system_s=await _of_a_system(floor),
        foreign_place=await _things(floor, FOREIGN_PLACE, TAP, STUCK),
        foreign_department=await _things(floor, OWN_PLACE, NOISE, FIGHT),
        about_asker=await _about_asker(floor),
        missing=Things(
            {
                "/v1/tickets": MISSING_NUMBER,
                "/v1/work-orders": f"{MISSING_NUMBER}-1",
                "/v1/manual-queue": MISSING_NUMBER,
                "/v1/emergencies": MISSING_NUMBER,
                "/v1/messages": f"ticket:{MISSING_NUMBER}:nobody:nothing",
                "/v1/follow-ups": "0" * 32,
                "/v1/surveys": f"{MISSING_NUMBER}-1",
                "/v1/parked": "nothing",
                "/v1/proofs": f"{MISSING_NUMBER}-1-p1",
                "/v1/reading-alarms": "0" * 32,
                "/v1/privacy-requests": "0" * 32,
            }
        ),
    )


async def _with_brake(floor: Floor, things: Things) -> Things:
    """Also what keeps messages back there: by a channel that nobody is reached by."""
    path = "/v1/messages/brakes"
    body = {"kind": "hold", "estate": OWN_PLACE, "channel": "webhook"}
    answer = await floor.clients.call("POST", "notifier", path, role="supervisor", json=body)
    answer.raise_for_status()
    return Things({path: str(answer.json()["id"]), **things.ids})


async def _about_asker(floor: Floor) -> Things:
    """All of these, and what waits for a person's decision, are about whoever asks."""
    people = [await with_account(floor, walker(role), role=role) for role in STAFF_ROLES]
    about = {"about": {"people": people}}
    things = await _things(floor, OWN_PLACE, TAP | about, STUCK | about)
    waits = {"estate": OWN_PLACE, "text": "我有点事情要反映", "caller": caller(), **about}
    held = (await floor.clients.post_ticket(waits))["number"]
    await floor.clients.until_ticket(held, lambda t: bool(t["held"]), "in the manual queue")
    return Things({**things.ids, "held": held})


async def _things(
    floor: Floor, estate: str, report: Mapping[str, Any], emergency: Mapping[str, Any]
) -> Things:
    clients = floor.clients
    open_ = (await clients.post_ticket({**report, "estate": estate, "caller": caller()}))["number"]
    order = await first_order(clients, open_)
    over = (await clients.post_ticket({**report, "estate": estate, "caller": caller()}))["number"]
    finished = await first_order(clients, over)
    await done_by(clients, finished, "accept", "start")
    proof = await _photo(floor, finished)
    await done_by(clients, finished, "resolve")
    await told(clients, over)
    await asked(clients, over, 1, 5)
    crisis = (await clients.post_ticket({**emergency, "estate": estate, "caller": caller()}))[
        "number"
    ]
    await done_by(clients, await first_order(clients, crisis), "accept")  # nobody else is called
    survey = (await _listed(floor, "survey", "/v1/surveys", number=over))[0]["id"]
    message = (await _listed(floor, "notifier", "/v1/messages", number=open_))[0]["id"]
    return Things(
        {
            "/v1/tickets": open_,
            "/v1/work-orders": str(order["id"]),
            "/v1/manual-queue": open_,
            "/v1/emergencies": crisis,
            "/v1/messages": message,
            "/v1/follow-ups": await _task(floor, open_),
            "/v1/surveys": survey,
            "/v1/proofs": proof,
            "/v1/reading-alarms": await _alarm(floor, over),
            "/v1/privacy-requests": await _request(floor, open_),
        }
    )


async def _of_a_system(floor: Floor) -> Things:
    """A system has nothing but what it reported itself."""
    report = {**TAP, "estate": OWN_PLACE, "caller": caller()}
    answer = await floor.clients.call(
        "POST", "intake", "/v1/tickets", role="system", by="walker-system", json=report
    )
    return Things({"/v1/tickets": answer.json()["number"]})


async def _photo(floor: Floor, order: Mapping[str, Any]) -> str:
    """Whoever does the work shows it."""
    path = f"/v1/work-orders/{order['id']}/proofs"
    answer = await floor.clients.call(
        "POST", "router", path, role="department", by=order["assignee"],
        department=order["department"], content=photo(200, 150),
    )  # fmt: skip
    answer.raise_for_status()
    return str(answer.json()["id"])


async def _alarm(floor: Floor, ended: str) -> str:
    """Somebody opens the caller of a ticket that is over, again and again."""
    reader = f"reader-{ended}"
    body = {"number": ended, "person": "caller", "reason": "call_back"}
    for n in range(MOST[Sign.ENDED_TICKETS] + 1):
        await _posted(floor, "intake", "/v1/reveals", body, by=reader, key=f"{reader}-{n}")
    alarms = await _listed(floor, "intake", "/v1/reading-alarms")
    return str(next(alarm["id"] for alarm in alarms if alarm["reader"] == reader))


async def _task(floor: Floor, number: str) -> str:
    """The desk is to call somebody back."""
    body = {"number": number, "at": "2099-01-01T09:00:00+08:00", "reason": "call_back"}
    path, key = "/v1/follow-ups", f"call-{number}"
    return str((await _posted(floor, "router", path, body, by="desk", key=key))["id"])


async def _request(floor: Floor, number: str) -> str:
    """The caller of a ticket asks for a copy of their data."""
    body = {"kind": "copy", "number": number, "how": "phone"}
    made = await _posted(
        floor, "admin", "/v1/privacy-requests", body, by="desk", key=f"copy-{number}"
    )
    return str(made["id"])


async def _posted(
    floor: Floor, service: str, path: str, body: Mapping[str, Any], *, by: str, key: str
) -> dict[str, Any]:
    answer = await floor.clients.call(
        "POST", service, path, by=by, json=body, headers={"Idempotency-Key": key}
    )
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


async def _listed(floor: Floor, service: str, path: str, **params: str) -> list[dict[str, Any]]:
    async def some() -> list[dict[str, Any]] | None:
        answer = await floor.clients.call("GET", service, path, params=params, role="supervisor")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items or None

    found: list[dict[str, Any]] = await until(some, f"something at {path}")
    return found
