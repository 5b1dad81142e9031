"""Registering on the real store: once per key, and never somebody else's number."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from services.intake.app import build
from services.intake.registration import reservations
from services.intake.registration.domain import IdempotencyKey
from services.intake.settings import IntakeSettings
from shared.readers.tickets import Tickets
from tests.support.bench import Replica, ServiceBench

LAMP = {"estate": "jinyuan", "text": "楼道灯不亮，请来修"}


@dataclass
class IntakeBench(ServiceBench):
    """Replicas of intake."""

    async def add_replica(self) -> Replica:
        return await self.serve(await build(self.settings_of(IntakeSettings)))

    async def have_account(
        self, id: str, *places: str, role: str = "agent", state: str = "active"
    ) -> None:
        """Somebody has an account, as far as others read it."""
        account = {"_id": id, "places": [*places], "role": role, "state": state}
        await self.store.documents("accounts").insert_one(account)


async def post(bench: IntakeBench, n: int = 0, *, key: str) -> tuple[int, str]:
    answer = await bench.replicas[n].http.post(
        "/v1/tickets", json=LAMP, headers=bench.signed_in("agent") | {"Idempotency-Key": key}
    )
    return answer.status_code, answer.json()["number"]


async def test_what_is_promised_is_what_holds_at_the_estate(bench: IntakeBench) -> None:
    limits = {"normal": {"accept": {"for": "PT2H", "on": "wall"}}}
    await bench.let_places_differ(
        lakeside={"taxonomy": {"types": [{"id": "repair", "limits": limits}]}}
    )

    promised = {}
    for estate in ("cuihu", "jinyuan"):
        answer = await bench.http.post(
            "/v1/tickets", json=LAMP | {"estate": estate}, headers=bench.signed_in("agent")
        )
        ticket = await bench.platform.tickets.get(answer.json()["number"])
        assert ticket is not None
        promised[estate] = ticket.promised[-1].times["accept"] - ticket.registered_at
        assert ticket.plan.policy == "by-place"

    assert promised == {"cuihu": timedelta(hours=2), "jinyuan": timedelta(minutes=15)}


async def test_twenty_posts_of_one_key_to_two_replicas_make_one_ticket(bench: IntakeBench) -> None:
    await bench.add_replica()

    answers = await asyncio.gather(*(post(bench, n % 2, key="one") for n in range(20)))

    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    assert len({number for _, number in answers}) == 1
    assert len(await bench.store.find("tickets", {}, limit=9)) == 1


async def test_a_number_that_is_taken_is_replaced_and_the_strangers_ticket_not_shown(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(["22222222", "22222222", "33333333", "44444444"])
    monkeypatch.setattr(reservations, "new_number", lambda: next(numbers))

    first = await post(bench, key="first")
    second = await post(bench, key="second")
    again = await post(bench, key="second")

    assert first == (201, "22222222")
    assert second == (201, "33333333")
    assert again == (200, "33333333")


async def test_a_number_that_two_replicas_find_taken_is_replaced_once(bench: IntakeBench) -> None:
    """Or the report would become a ticket under each of their numbers."""
    kept, key = reservations.Reservations(bench.platform.store), IdempotencyKey("k", "body")
    taken = (await kept.claim(key)).number

    first, second = [await kept.another(key, taken) for _ in range(2)]

    assert taken != first.number == second.number == (await kept.claim(key)).number


async def test_a_reservation_without_its_ticket_is_filled_by_whoever_comes_next(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a crash between the two writes leaves it."""

    async def crash(*_: object) -> None:
        raise AutoReconnect

    with monkeypatch.context() as patch:
        patch.setattr(Tickets, "insert", crash)
        headers = bench.signed_in("agent") | {"Idempotency-Key": "k"}
        broken = await bench.http.post("/v1/tickets", json=LAMP, headers=headers)
    reserved = (await bench.store.find("reservations", {}, limit=2))[0]["number"]

    assert broken.status_code == 503
    assert await post(bench, key="k") == (201, reserved)
