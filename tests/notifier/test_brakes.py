"""What keeps messages back, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.brakes.domain import Brake, brake_for, release
from services.notifier.brakes.in_force import LOOK_SECONDS, BrakesInForce
from services.notifier.brakes.storage import BRAKES
from services.notifier.digests import new_bundle
from services.notifier.domain import recipients
from services.notifier.messages import Message, Status, hold, let_go, new_message, stop
from services.notifier.storage import MESSAGES
from shared.contracts import Event, Lane, Step
from shared.contracts.incidents import IncidentAnnounced
from shared.contracts.notifier import MessageFailed, MessageReceived, MessageUnreached
from shared.store import Collection
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.test_messages import NOW
from tests.support.bench import until

OUTAGE = "26-7"
CALM = {"kind": "hold", "purpose": None, "incident": None, "estate": None, "channel": None}


def brake(**more: Any) -> Brake:
    return Brake(**{"id": "b", "note": None, "by": "chief", "at": NOW} | CALM | more)


def message(event: Event, lane: Lane = "routine") -> Message:
    return new_message(recipients(event)[0], lane=lane, language="zh", now=NOW)


def announced(numbers: tuple[str, ...] = ("26-1",), **more: Any) -> IncidentAnnounced:
    facts = {"incident": OUTAGE, "estate": "jinyuan", "area": "electrical", "buildings": ("3",),
             "numbers": numbers, "notice": 1, "revision": 1, "restore_by": samples.DUE}  # fmt: skip
    return IncidentAnnounced(**facts | more)


WORK = message(samples.dispatched())
NOTICE = message(announced())
URGENT = message(samples.dispatched(), "urgent")
UNREACHED = message(
    MessageUnreached(
        message="m",
        number="26-1",
        recipient="li",
        purpose="assignment",
        about="ticket",
        reason="unknown",
        estate="jinyuan",
        recipients=("lead",),
    )
)
TOLD_WITH_OTHERS = new_bundle([WORK, UNREACHED], None, language="zh", now=NOW)
TOGETHER_ALONE = new_bundle([WORK], None, language="zh", now=NOW)
ALERT = message(samples.alerted(recipients=("chain-1",)), "urgent")


@pytest.mark.parametrize(
    ("put_on", "told", "kept"),
    [
        ({}, WORK, True),
        ({}, URGENT, False),
        ({}, ALERT, False),
        ({"purpose": "assignment"}, WORK, True),
        ({"purpose": "assignment"}, URGENT, False),
        ({"purpose": "assignment", "kind": "stop"}, URGENT, False),
        ({"purpose": "assignment", "urgent": True}, URGENT, True),
        ({"purpose": "assignment", "urgent": True}, WORK, True),
        ({"purpose": "alert", "urgent": True}, ALERT, False),
        ({"purpose": "feedback"}, WORK, False),
        ({"estate": "jinyuan"}, WORK, True),
        ({"estate": "jinyuan"}, URGENT, False),
        ({"estate": "binjiang"}, WORK, False),
        ({"channel": "mail"}, WORK, True),
        ({"channel": "webhook"}, WORK, False),
        ({"incident": OUTAGE}, NOTICE, True),
        ({"incident": "26-70"}, NOTICE, False),
        ({"incident": OUTAGE}, WORK, False),
        ({"purpose": "assignment", "estate": "binjiang"}, WORK, False),
        ({"released_at": NOW}, WORK, False),
        ({"purpose": "alert"}, ALERT, False),
        ({"purpose": "unreached"}, UNREACHED, False),
        ({}, UNREACHED, False),
        ({"estate": "jinyuan"}, UNREACHED, False),
        ({"purpose": "together"}, TOLD_WITH_OTHERS, False),
        ({"purpose": "together"}, TOGETHER_ALONE, True),
    ],
)
def test_a_brake_is_for_what_it_names_and_never_for_alerts(
    put_on: dict[str, Any], told: Message, *, kept: bool
) -> None:
    assert (brake_for([brake(**put_on)], told, "mail") is not None) is kept


def test_what_stops_goes_before_what_holds() -> None:
    holds, stops = brake(), brake(id="s", kind="stop", purpose="assignment")

    assert brake_for([holds, stops], WORK, "mail") is stops


def test_what_is_held_goes_out_after_all_and_what_is_stopped_never_does() -> None:
    held = hold(WORK, "b").value
    assert (held.status, held.brake, held.next_at) == (Status.HELD, "b", None)

    gone = let_go(held, NOW)
    assert gone is not None
    assert (gone.value.status, gone.value.brake, gone.value.next_at) == (Status.PENDING, None, NOW)
    assert let_go(gone.value, NOW) is None

    step = stop(held, "s", NOW)
    assert (step.value.status, step.value.brake, step.value.ended_at) == (Status.STOPPED, "s", NOW)
    (said,) = step.events
    assert isinstance(said, MessageFailed)
    assert said.reason == "stopped"
    assert let_go(step.value, NOW) is None


def test_a_brake_is_released_once() -> None:
    step = release(brake(), "chief", NOW)
    assert step is not None
    assert release(step.value, "chief", NOW) is None


async def put_on(bench: Bench, kind: str, expected: int = 201, **more: Any) -> dict[str, Any]:
    answer = await bench.http.post(
        "/v1/messages/brakes", json={"kind": kind, **more}, headers=bench.token("supervisor", "*")
    )
    assert answer.status_code == expected, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def in_force(bench: Bench) -> None:
    """Return when every replica has looked."""
    del bench
    await asyncio.sleep(2.5 * LOOK_SECONDS)


async def statuses(bench: Bench) -> Counter[str]:
    return Counter(doc["status"] for doc in await bench.docs())


async def test_nothing_of_a_held_template_leaves_until_it_is_released(bench: Bench) -> None:
    made = await put_on(bench, "hold", purpose="feedback", note="文字有误")
    await in_force(bench)
    await bench.add_ticket()

    await bench.handle(samples.resolved())
    await until(lambda: has(bench, held=1))
    assert bench.tray.letters == []
    listed = await brakes(bench)
    assert (listed[0]["id"], listed[0]["messages"]) == (made["id"], {"held": 1})

    path = f"/v1/messages/brakes/{made['id']}/release"
    for _ in range(2):
        answer = await bench.http.post(path, headers=bench.token("supervisor", "*"))
        assert answer.status_code == 200

    await until(lambda: has(bench, received=1))
    assert len(bench.tray.letters) == 1
    assert len(await bench.said(MessageReceived)) == 1


async def test_a_notifier_that_begins_anew_sends_nothing_that_is_held(empty_bench: Bench) -> None:
    held = brake(purpose="feedback", at=empty_bench.store.clock.now())
    await Collection(empty_bench.store, BRAKES).insert(Step(held), held.at)
    await empty_bench.add_replica()
    await empty_bench.add_ticket()

    await empty_bench.handle(samples.resolved())

    await until(lambda: has(empty_bench, held=1))
    assert empty_bench.tray.letters == []


async def test_what_was_held_when_the_notifier_died_leaves_however_late_it_begins_again(
    empty_bench: Bench,
) -> None:
    """Its brake was released while nobody looked, days ago."""
    await empty_bench.add_replica()
    await empty_bench.add_ticket()
    now = empty_bench.store.clock.now()
    released = brake(purpose="feedback", at=now - timedelta(days=9), released_by="chief",
                     released_at=now - timedelta(days=8))  # fmt: skip
    await Collection(empty_bench.store, BRAKES).insert(Step(released), now)
    kept = hold(message(samples.resolved()), released.id)
    await Collection(empty_bench.store, MESSAGES).insert(kept, now)

    await until(lambda: has(empty_bench, received=1))
    assert len(empty_bench.tray.letters) == 1


async def test_a_brake_put_on_within_the_look_keeps_what_it_holds(empty_bench: Bench) -> None:
    store = empty_bench.store
    looking = BrakesInForce(store)
    await looking.refresh()
    newer = brake(purpose="feedback", at=store.clock.now())
    await Collection(store, BRAKES).insert(Step(newer), newer.at)
    messages = Collection(store, MESSAGES)
    await messages.insert(hold(message(samples.resolved()), newer.id), newer.at)

    await looking.let_go_of_released()

    assert (await messages.find({}, limit=2))[0].status is Status.HELD


async def has(bench: Bench, **wanted: int) -> bool:
    return dict(await statuses(bench)) == wanted


async def brakes(bench: Bench) -> list[dict[str, Any]]:
    answer = await bench.http.get("/v1/messages/brakes", headers=bench.token("supervisor", "*"))
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_of_a_mass_message_that_is_stopped_all_messages_are_accounted_for(
    bench: Bench,
) -> None:
    numbers = tuple(f"26-{n}" for n in range(1, 31))
    for number in numbers:
        await bench.add_ticket(number)
    await bench.store.insert_once("incidents", {"_id": OUTAGE, "estate": "jinyuan"})
    held = await put_on(bench, "hold", incident=OUTAGE)
    await in_force(bench)
    await bench.handle(announced(numbers))
    await until(lambda: has(bench, held=30))

    made = await put_on(bench, "stop", incident=OUTAGE)

    await until(lambda: has(bench, stopped=30))
    assert bench.tray.letters == []
    (shown,) = [one for one in await brakes(bench) if one["id"] == made["id"]]
    assert shown["messages"] == {"stopped": 30}
    await bench.http.post(
        f"/v1/messages/brakes/{held['id']}/release", headers=bench.token("supervisor", "*")
    )
    await in_force(bench)
    assert bench.tray.letters == []


async def test_an_emergency_s_assignment_is_kept_back_only_where_it_was_asked_for(
    bench: Bench,
) -> None:
    now = bench.store.clock.now()
    waits = replace(URGENT, next_at=now + timedelta(hours=8))
    await Collection(bench.store, MESSAGES).insert(Step(waits), now)

    spared = await put_on(bench, "stop", purpose="assignment")
    await in_force(bench)
    assert (spared["urgent"], await statuses(bench)) == (False, {"pending": 1})
    asked_for = await put_on(bench, "stop", purpose="assignment", urgent=True)

    await until(lambda: has(bench, stopped=1))
    assert asked_for["urgent"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "stop"}, "purpose"),
        ({"kind": "hold", "purpose": "alert"}, "purpose"),
        ({"kind": "stop", "purpose": "unreached", "estate": "jinyuan"}, "purpose"),
        ({"kind": "stop", "purpose": "parked"}, "purpose"),
        ({"kind": "hold", "urgent": True}, "urgent"),
        ({"kind": "hold", "estate": "jinyuan", "urgent": True}, "urgent"),
        ({"kind": "hold", "purpose": "assignment", "urgent": "yes"}, "urgent"),
        ({"kind": "stop", "purpose": "reading_alarm"}, "purpose"),
        ({"kind": "stop", "purpose": "link_locked"}, "purpose"),
        ({"kind": "hold", "purpose": "advertising"}, "purpose"),
        ({"kind": "hold", "estate": "jinyuann"}, "estate"),
        ({"kind": "hold", "channel": "pigeon"}, "channel"),
        ({"kind": "stop", "incident": "26-9999"}, "incident"),
        ({"kind": "pause"}, "kind"),
    ],
)
async def test_a_slip_keeps_nothing_back_and_is_told(
    bench: Bench, body: dict[str, Any], field: str
) -> None:
    found = await put_on(bench, expected=422, **body)

    assert [fault["field"] for fault in found["faults"]] == [field]
    assert await brakes(bench) == []


async def test_a_brake_of_before_that_names_what_nothing_keeps_back_does_nothing(
    bench: Bench,
) -> None:
    now = bench.store.clock.now()
    before = brake(kind="stop", purpose="unreached", at=now)
    await Collection(bench.store, BRAKES).insert(Step(before), now)
    waits = replace(UNREACHED, next_at=now + timedelta(hours=8))
    await Collection(bench.store, MESSAGES).insert(Step(waits), now)

    await in_force(bench)

    assert await statuses(bench) == {"pending": 1}


async def test_who_reaches_one_estate_keeps_back_nothing_of_others(bench: Bench) -> None:
    headers = bench.token("supervisor", "jinyuan")
    path = "/v1/messages/brakes"

    for body in ({"kind": "hold"}, {"kind": "hold", "estate": "binjiang"}):
        assert (await bench.http.post(path, json=body, headers=headers)).status_code == 403
    own = await bench.http.post(path, json={"kind": "hold", "estate": "jinyuan"}, headers=headers)
    assert own.status_code == 201
    others = await put_on(bench, "hold", estate="binjiang")
    answer = await bench.http.post(f"{path}/{others['id']}/release", headers=headers)
    assert answer.status_code == 404
    shown = (await bench.http.get(path, headers=headers)).json()["items"]
    assert [one["id"] for one in shown] == [own.json()["id"]]


def test_what_waits_for_the_morning_can_be_stopped_as_well() -> None:
    waits = replace(WORK, next_at=NOW + timedelta(hours=8))
    assert stop(waits, "s", NOW).value.status is Status.STOPPED
