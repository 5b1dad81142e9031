"""How long a key stands for its ticket: until the matter is over and its repeats have come; on the
real store, with the real router to begin and end emergencies.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final

import aio_pika
import httpx
import pytest
from pymongo.errors import AutoReconnect

from services.router.app import build as build_router
from services.router.settings import RouterSettings
from shared.bus import INBOUND
from shared.readers.tickets import Tickets
from shared.tickets.acts import AnswerQuestion
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.anew import Shared, shared
from tests.support.bench import opened, until
from tests.support.servers import Servers, open_corner

LIFT: Final = {"estate": "jinyuan", "channel": "iot", "text": "三号楼电梯困人了，快来人"}
DIRECT_REPLY: Final = "amq.rabbitmq.reply-to"
MONTH: Final = timedelta(days=30)
MINUTE: Final = timedelta(minutes=1)


class RepeatsBench(IntakeBench):
    """Two replicas of intake, then one of the router."""

    async def add_router(self) -> httpx.AsyncClient:
        return (await self.serve(await build_router(self.settings_of(RouterSettings)))).http

    async def post(
        self, report: Mapping[str, Any], *, n: int = 0, key: str = "lift-3"
    ) -> tuple[int, dict[str, Any]]:
        """Report as a system, to one of the replicas."""
        headers = self.signed_in("system", id="system:lifts") | {"Idempotency-Key": key}
        answer = await self.replicas[n].http.post("/v1/tickets", json=report, headers=headers)
        return answer.status_code, answer.json()

    async def until_alerted(self, number: str) -> None:
        async def is_alerted() -> bool:
            doc = await self.store.get("emergencies", number)
            return doc is not None and doc["ended_at"] is None

        await until(is_alerted)

    async def attend(self, number: str, *steps: str) -> None:
        """Somebody takes it, is there, and says that it is over."""
        for step in steps:
            headers = self.signed_in("supervisor", id="boss")
            path = f"/v1/emergencies/{number}/{step}"
            answer = await self.replicas[2].http.post(path, headers=headers)
            assert answer.status_code == 200, answer.text

    async def danger(self, *steps: str) -> str:
        """An emergency under the key, attended so far; its number."""
        status, answer = await self.post(LIFT)
        assert status == 201, answer
        await self.until_alerted(answer["number"])
        await self.attend(answer["number"], *steps)
        return str(answer["number"])

    async def answered(self, report: Mapping[str, Any] = LAMP) -> str:
        """A request under the key that was answered at once; its number."""
        number = str((await self.post(report))[1]["number"])
        await self.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="agent-7"))
        return number

    async def numbers(self) -> set[str]:
        return {doc["_id"] for doc in await self.store.find("tickets", {}, limit=20)}


@pytest.fixture(scope="module")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[RepeatsBench]]:
    with open_corner(servers) as corner:
        async with opened(RepeatsBench, corner, tmp_path_factory.mktemp("repeats")) as made:
            await made.add_replica()
            await made.add_replica()
            await made.add_router()
            yield await shared(made)


OVER: Final = ("acknowledge", "arrive", "end")


async def test_the_same_cry_a_month_later_is_an_emergency_of_its_own(bench: RepeatsBench) -> None:
    first = await bench.danger(*OVER)
    await bench.forward(MONTH)

    status, answer = await bench.post(LIFT, n=1)

    assert (status, answer["alerting"]) == (201, "started")
    assert answer["number"] != first
    await bench.until_alerted(answer["number"])
    assert (await bench.post(LIFT))[1]["number"] == answer["number"]


async def test_over_the_queue_too_the_same_cry_a_month_later_is_heard(bench: RepeatsBench) -> None:
    report = LIFT | {"external_id": "lift-3"}
    first = await answer_on_the_queue(bench, report)
    await bench.until_alerted(first["number"])
    await bench.attend(first["number"], *OVER)
    await bench.forward(MONTH)

    second = await answer_on_the_queue(bench, report)
    third = await answer_on_the_queue(bench, report)

    assert second["alerting"] == "started"
    assert first["number"] != second["number"] == third["number"]
    await bench.until_alerted(second["number"])


async def answer_on_the_queue(bench: RepeatsBench, report: Mapping[str, Any]) -> dict[str, Any]:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    channel = await bench.connection.channel()
    replies = await channel.declare_queue(DIRECT_REPLY)

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.set_result(message.body)

    await replies.consume(hear, no_ack=True)
    exchange = await channel.get_exchange(INBOUND, ensure=False)
    body = json.dumps(report).encode()
    await exchange.publish(aio_pika.Message(body, reply_to=replies.name), "ticket.report.urgent")
    async with asyncio.timeout(20):
        found: dict[str, Any] = json.loads(await heard)
    await channel.close()
    return found


async def test_while_an_emergency_runs_its_repeats_are_told_what_is_so_now(
    bench: RepeatsBench,
) -> None:
    number = await bench.danger()
    told = [await bench.post(LIFT)]
    for step in ("acknowledge", "arrive"):
        await bench.forward(timedelta(hours=2))
        await bench.attend(number, step)
        told.append(await bench.post(LIFT, n=1))

    assert [status for status, _ in told] == [200, 200, 200]
    assert {answer["number"] for _, answer in told} == {number}
    assert [answer["alerting"] for _, answer in told] == ["started", "acknowledged", "acknowledged"]


async def test_a_cry_repeats_until_ten_minutes_after_it_ended_and_is_told_that_it_has(
    bench: RepeatsBench,
) -> None:
    number = await bench.danger(*OVER)
    await bench.forward(9 * MINUTE)
    at_once = await bench.post(LIFT)
    await bench.forward(2 * MINUTE)
    later = await bench.post(LIFT)

    assert (at_once[0], at_once[1]["number"], at_once[1]["alerting"]) == (200, number, "ended")
    assert at_once[1]["call"], "whoever needs help again is told whom to ring"
    assert (later[0], later[1]["alerting"]) == (201, "started")


async def test_what_was_called_no_danger_is_one_again_ten_minutes_later(
    bench: RepeatsBench,
) -> None:
    number = await bench.danger()
    body = {"no_danger": True, "reason": "test_call", "type": "repair"}
    headers = bench.signed_in("supervisor", id="boss")
    calmed = await bench.http.post(
        f"/v1/tickets/{number}/reclassify", json=body, headers=headers
    )  # fmt: skip
    assert calmed.status_code == 200, calmed.text

    at_once = await bench.post(LIFT)
    await bench.forward(11 * MINUTE)
    later = await bench.post(LIFT)

    assert (at_once[0], at_once[1]["number"]) == (200, number)
    assert at_once[1]["alerting"] == "ended"
    assert at_once[1]["call"], "nobody is called any more, so it says whom to ring"
    assert (later[0], later[1]["alerting"]) == (201, "started")


async def test_a_request_repeats_until_a_day_after_it_was_over(bench: RepeatsBench) -> None:
    number = await bench.answered()
    await bench.forward(timedelta(hours=23))
    within = await bench.post(LAMP, n=1)
    await bench.forward(timedelta(hours=2))
    after = await bench.post(LAMP)

    assert (within[0], within[1]["number"]) == (200, number)
    assert after[0] == 201
    assert (await bench.post(LAMP, n=1))[1]["number"] == after[1]["number"] != number


async def test_a_request_that_is_not_over_repeats_for_ever(bench: RepeatsBench) -> None:
    status, answer = await bench.post(LAMP)
    await bench.forward(MONTH)

    again = await bench.post(LAMP)

    assert (status, again[0]) == (201, 200)
    assert again[1]["number"] == answer["number"]


async def test_another_body_is_a_conflict_within_that_time_and_a_request_of_its_own_later(
    bench: RepeatsBench,
) -> None:
    number = await bench.answered()
    other = LAMP | {"text": "路灯也不亮，请来修"}
    within = await bench.post(other)
    await bench.forward(timedelta(hours=25))
    after = await bench.post(other)

    assert (within[0], within[1]["number"]) == (422, number)
    assert after[0] == 201
    assert (await bench.post(other))[1]["number"] == after[1]["number"]
    assert (await bench.post(LAMP))[0] == 422


@pytest.mark.parametrize("report", [LIFT, LAMP], ids=["emergency", "routine"])
async def test_many_repeats_at_two_replicas_make_one_new_ticket_when_the_old_one_is_long_over(
    bench: RepeatsBench, report: dict[str, Any]
) -> None:
    old = await (bench.danger(*OVER) if report is LIFT else bench.answered())
    await bench.forward(MONTH)

    answers = await asyncio.gather(*(bench.post(report, n=n % 2) for n in range(20)))

    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    new = {answer["number"] for _, answer in answers}
    assert len(new) == 1
    assert await bench.numbers() == new | {old}


async def test_a_key_that_was_renewed_before_a_crash_is_filled_by_whoever_comes_next(
    bench: RepeatsBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await bench.danger(*OVER)
    await bench.forward(MONTH)

    async def crash(*_: object) -> None:
        raise AutoReconnect

    with monkeypatch.context() as patch:
        patch.setattr(Tickets, "insert", crash)
        broken, _ = await bench.post(LIFT)
    (kept,) = await bench.store.find("reservations", {}, limit=2)
    status, answer = await bench.post(LIFT, n=1)

    assert broken == 503
    assert old != kept["number"]
    assert (status, answer["number"], answer["alerting"]) == (201, kept["number"], "started")


OTHER_LIFT: Final = LIFT | {"text": "五号楼电梯困人了，里面有老人"}


async def test_another_cry_under_a_key_in_use_keeps_its_own_ticket(bench: RepeatsBench) -> None:
    """Also when the first matter of the key is long over, while its own is not."""
    first = await bench.danger()
    second = (await bench.post(OTHER_LIFT))[1]["number"]
    await bench.attend(first, *OVER)
    await bench.forward(MONTH)

    again = await bench.post(OTHER_LIFT, n=1)

    assert again[0] == 200
    assert first != second == again[1]["number"]


async def test_another_cry_takes_over_a_key_whose_matter_is_long_over(bench: RepeatsBench) -> None:
    """So the sender's own id leads to it, as commands on the queue need."""
    first = await bench.danger(*OVER)
    await bench.forward(MONTH)

    status, answer = await bench.post(OTHER_LIFT)

    assert status == 201
    (kept,) = await bench.store.find("reservations", {}, limit=2)
    assert first != kept["number"] == answer["number"]
    assert (await bench.post(OTHER_LIFT, n=1))[1]["number"] == answer["number"]


async def test_words_that_were_no_danger_once_and_are_one_now_are_heard(
    bench: RepeatsBench,
) -> None:
    """As a change of the lexicon makes it: the ticket of then alerts nobody."""
    status, first = await bench.post(LIFT)
    calm = {"plans.0.urgency": "normal", "plans.0.emergency_kind": None, "urgency": "normal"}
    await bench.store.documents("tickets").update_one({"_id": first["number"]}, {"$set": calm})

    cried = await bench.post(LIFT)
    again = await bench.post(LIFT, n=1)

    assert (status, cried[0], again[0]) == (201, 201, 200)
    assert cried[1]["alerting"] == "started"
    assert first["number"] != cried[1]["number"] == again[1]["number"]


@pytest.mark.parametrize("key", ["lift-3", "another"])
async def test_what_was_added_to_an_emergency_repeats_like_what_began_it(
    bench: RepeatsBench, key: str
) -> None:
    """A redelivery after the end is no new danger, whether under a key of its own or in use."""
    number = await bench.danger()
    again = LIFT | {"text": "三号楼电梯困人了，快来人，第二次"}
    added = await bench.post(again, key=key)
    await bench.attend(number, *OVER)

    at_once = await bench.post(again, n=1, key=key)
    await bench.forward(11 * MINUTE)
    later = await bench.post(again, key=key)

    assert (added[0], added[1]["number"]) == (200, number)
    assert (at_once[0], at_once[1]["number"], at_once[1]["alerting"]) == (200, number, "ended")
    assert (later[0], later[1]["number"] != number) == (201, True)
    assert (await bench.post(again, n=1, key=key))[1]["number"] == later[1]["number"]
