"""What systems say of their own tickets over the queue (design promise 8 and 10)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from services.intake.app import build
from services.intake.desk import wishes
from services.intake.settings import IntakeSettings
from shared.bus import INBOUND
from shared.tickets import Ticket
from shared.tickets.acts import Accept, Act, AnswerQuestion, Cancel, Dispatch
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.bench import opened, until
from tests.support.servers import Corner, Servers

NAME = "lamp-17"


async def send(
    bench: IntakeBench, key: str, user: str | None = None, id: str = "c-1", **body: Any
) -> None:
    """Say something as another system does."""
    message = aio_pika.Message(json.dumps(body).encode(), message_id=id, user_id=user)
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(message, key)


async def report(bench: IntakeBench, user: str | None = None) -> str:
    """Report a lamp, and give its number when it is there."""
    await send(bench, "ticket.report", user, **LAMP, external_id=NAME)
    await until(lambda: bench.store.find("tickets", {}, limit=1))
    (doc,) = await bench.store.find("tickets", {}, limit=2)
    return str(doc["_id"])


async def read(bench: IntakeBench, number: str) -> Ticket:
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    return ticket


async def steps(bench: IntakeBench, number: str) -> list[tuple[str, str | None]]:
    return [(e.transition, e.note) for e in (await read(bench, number)).timeline[1:]]


async def refusals(bench: IntakeBench) -> list[tuple[str, str]]:
    found = await bench.store.find("parked", {}, limit=9)
    return [(entry["queue"], entry["reason"]) for entry in found]


@pytest.mark.parametrize(
    ("key", "body", "step"),
    [
        ("ticket.supplement", {"text": "二层也不亮"}, ("supplement", "二层也不亮")),
        ("ticket.urge", {}, ("urge", None)),
        ("ticket.cancel", {}, ("cancel", None)),
        ("alarm.cleared", {"time": "2026-11-12T08:00:59+08:00"},
         ("supplement", "alarm.cleared 2026-11-12T00:00:59Z")),
    ],
)  # fmt: skip
async def test_a_command_is_carried_out_by_number_or_by_the_senders_own_id(
    bench: IntakeBench, key: str, body: dict[str, Any], step: tuple[str, str | None]
) -> None:
    number = await report(bench)

    await send(bench, key, external_id=NAME, **body)
    await until(lambda: steps(bench, number))

    assert await steps(bench, number) == [step]
    assert await refusals(bench) == []


async def test_the_same_words_sent_again_are_said_once(bench: IntakeBench) -> None:
    number = await report(bench)

    for id in ("c-1", "c-2"):
        await send(bench, "ticket.supplement", id=id, number=number, text="二层也不亮")
    await send(bench, "ticket.urge", id="c-3", number=number)
    await until(lambda: _has(bench, number, "urge"))

    assert sorted(await steps(bench, number)) == [("supplement", "二层也不亮"), ("urge", None)]


async def _has(bench: IntakeBench, number: str, step: str) -> bool:
    return step in dict(await steps(bench, number))


@pytest.mark.parametrize(
    "more", [{"comment": "快"}, {"time": "yesterday"}, {"note": f"着火了，快来人{'！' * 2_000}"}]
)
async def test_a_danger_is_heard_whatever_else_is_wrong_with_the_command(
    bench: IntakeBench, more: dict[str, Any]
) -> None:
    number = await report(bench)

    await send(bench, "ticket.supplement", **{"number": number, "note": "着火了，快来人"} | more)
    await until(lambda: _has(bench, number, "reclassify"))

    ticket = await read(bench, number)
    assert ticket.plan.emergency_kind == "fire"
    assert str(ticket.timeline[1].note).startswith("着火了，快来人")
    assert await refusals(bench) == []


async def test_a_command_that_comes_again_says_its_danger_once(bench: IntakeBench) -> None:
    number = await report(bench)

    for id in ("c-1", "c-2"):
        await send(bench, "ticket.cancel", id=id, number=number, note="着火了，快来人")
    await send(bench, "ticket.urge", id="c-3", number=number, note="还有人在里面")
    await until(lambda: _has(bench, number, "urge"))

    said = [step for step in await steps(bench, number) if step[0] != "urge"]
    assert said == [("supplement", "着火了，快来人"), ("reclassify", None)]


async def test_what_comes_again_does_not_undo_what_the_desk_found_since(
    bench: IntakeBench,
) -> None:
    number = await report(bench)
    await send(bench, "ticket.supplement", number=number, note="着火了，快来人")
    await until(lambda: _has(bench, number, "reclassify"))
    calm = {"no_danger": True, "reason": "only_the_toaster"}
    headers = bench.signed_in("agent")
    await bench.http.post(f"/v1/tickets/{number}/reclassify", json=calm, headers=headers)

    await send(bench, "ticket.supplement", id="c-2", number=number, note="着火了，快来人")
    await send(bench, "ticket.urge", id="c-3", number=number)
    await until(lambda: _has(bench, number, "urge"))
    assert not (await read(bench, number)).is_emergency

    said = {"note": "着火了，快来人"}
    await bench.http.post(f"/v1/tickets/{number}/supplement", json=said, headers=headers)
    assert (await read(bench, number)).is_emergency


async def test_who_sends_the_old_word_and_the_new_one_has_said_both(bench: IntakeBench) -> None:
    number = await report(bench)

    await send(bench, "ticket.supplement", number=number, note="二层也不亮", text="三层也是")
    await until(lambda: steps(bench, number))

    assert await steps(bench, number) == [("supplement", "二层也不亮\n三层也是")]


async def test_a_closed_ticket_is_opened_again(bench: IntakeBench) -> None:
    number = await report(bench)
    await bench.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="he"))

    await send(bench, "ticket.reopen", number=number)
    await until(lambda: _has(bench, number, "reopen"))

    assert (await read(bench, number)).round == 2


async def test_nobody_commands_somebody_elses_ticket(bench: IntakeBench, servers: Servers) -> None:
    """The number is known, the ticket is the unnamed system's: to the named one it is not there."""
    number = await report(bench)

    await send(bench, "ticket.cancel", servers.rabbit.user, number=number)
    await until(lambda: refusals(bench))

    assert await refusals(bench) == [("intake.cancellations.routine", "refused")]
    assert await steps(bench, number) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [({"text": "x"}, "malformed"), ({"number": "23456789", "time": "yesterday"}, "malformed")],
)
async def test_what_cannot_be_read_is_parked_with_the_reason(
    bench: IntakeBench, body: dict[str, Any], reason: str
) -> None:
    await send(bench, "ticket.supplement", **body)
    await until(lambda: refusals(bench))

    assert await refusals(bench) == [("intake.supplements.routine", reason)]


async def test_a_command_that_comes_before_its_report_waits_for_it(bench: IntakeBench) -> None:
    await send(bench, "ticket.supplement", external_id=NAME, text="先到的补充")
    await until(lambda: refusals(bench))
    assert await refusals(bench) == [("intake.supplements.routine", "temporary")]

    number = await report(bench)
    await bench.forward(timedelta(minutes=5))
    await until(lambda: _has(bench, number, "supplement"))

    assert await refusals(bench) == []


FIRE = "3号楼现在冒烟着火了，快来人"


async def fires(bench: IntakeBench) -> list[dict[str, Any]]:
    return await bench.store.find("tickets", {"emergency_kind": "fire"}, limit=9)


@pytest.mark.parametrize("key", ["ticket.supplement", "ticket.urge", "ticket.cancel"])
async def test_a_danger_told_of_what_is_over_is_an_emergency_at_its_place(
    bench: IntakeBench, key: str
) -> None:
    number = await report(bench)
    await bench.platform.tickets.change(number, lambda _t, _n: Cancel(by="he"))

    for id in ("c-1", "c-2"):
        await send(bench, key, id=id, number=number, text=FIRE)
    await until(lambda: fires(bench))
    await send(bench, "ticket.supplement", id="c-3", number=number, text="没事了")
    await until(lambda: refusals(bench))

    [fire] = await fires(bench)
    assert (fire["estate"], fire["_id"] != number) == ("jinyuan", True)
    assert await refusals(bench) == [("intake.supplements.routine", "refused")]


@pytest.mark.parametrize(
    "named",
    [{"number": "23456789"}, {"external_id": "never reported"}, {"number": "?"}, {}],
    ids=["a wrong number", "an unknown id", "no number", "nothing"],
)
async def test_a_danger_told_of_no_ticket_is_an_emergency_and_waits_for_nothing(
    bench: IntakeBench, named: dict[str, str]
) -> None:
    await send(bench, "ticket.supplement", **named, text=FIRE)
    await until(lambda: fires(bench), seconds=20)

    [fire] = await fires(bench)
    assert fire["building"] == "3"
    assert await refusals(bench) == []


async def test_a_danger_told_of_somebody_elses_ticket_learns_nothing_of_it(
    bench: IntakeBench, servers: Servers
) -> None:
    number = await report(bench)

    await send(bench, "ticket.supplement", servers.rabbit.user, number=number, text=FIRE)
    await until(lambda: fires(bench))

    [fire] = await fires(bench)
    assert (fire["estate"], fire["principal"]) == (None, f"system:{servers.rabbit.user}")
    assert await steps(bench, number) == []


async def test_a_system_that_never_stops_is_refused_and_a_danger_is_still_heard(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "MOST_SAID", 3)
    number = await report(bench)

    for n in range(4):
        await send(bench, "ticket.supplement", id=f"c-{n}", number=number, text=f"第{n}次")
    await until(lambda: refusals(bench))
    await send(bench, "ticket.supplement", id="c-9", number=number, text="着火了，快来人")
    await until(lambda: _has(bench, number, "reclassify"))
    for n in range(3):
        text = f"着火了，快来人，第{n}次"
        await send(bench, "ticket.supplement", id=f"d-{n}", number=number, text=text)
    await send(bench, "ticket.supplement", id="e-1", number=number, text="3号楼电梯困人了，快来人")
    await until(lambda: _is_registered(bench, "elevator_entrapment"))

    said = [note for step, note in await steps(bench, number) if step == "supplement"]
    assert (len(said), said[-1]) == (4, "着火了，快来人")
    assert await refusals(bench) == [("intake.supplements.routine", "refused")]
    assert [fire["_id"] for fire in await fires(bench)] == [number]


async def _is_registered(bench: IntakeBench, kind: str) -> bool:
    return bool(await bench.store.find("tickets", {"emergency_kind": kind}, limit=1))


async def test_a_wish_to_cancel_that_never_stops_is_refused_too(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "MOST_SAID", 3)
    number = await report(bench)
    acts: list[Act] = [
        Dispatch(by="router", department="engineering", assignee="jy-engineering-1"),
        Accept(by="jy-engineering-1", order=f"{number}-1"),
    ]
    await bench.platform.tickets.change(number, lambda _t, _n: acts)

    for n in range(4):
        await send(bench, "ticket.cancel", id=f"c-{n}", number=number, text=f"不用来了，第{n}次")
    await until(lambda: refusals(bench))

    asked = [step for step, _ in await steps(bench, number) if step == "request_cancel"]
    assert len(asked) == 3


async def test_where_a_user_is_required_nobody_commands_without_one_and_a_danger_is_heard(
    corner: Corner, tmp_path: Path, servers: Servers
) -> None:
    async with opened(IntakeBench, corner, tmp_path) as bench:
        settings = bench.settings_of(IntakeSettings, require_user_id=True)
        await bench.serve(await build(settings))
        unnamed = await bench.http.post(
            "/v1/tickets", json=LAMP, headers=bench.signed_in("system", id="unnamed")
        )
        number = unnamed.json()["number"]

        await send(bench, "ticket.supplement", number=number, text="二层也不亮")
        await send(bench, "ticket.report", id="r-1", **LAMP)
        await until(lambda: _are_refused(bench, 2))
        assert {reason for _, reason in await refusals(bench)} == {"no_principal"}
        assert await steps(bench, number) == []

        await send(bench, "ticket.supplement", id="c-2", number=number, text=FIRE)
        await until(lambda: fires(bench))
        await send(bench, "ticket.report", servers.rabbit.user, id="r-2", **LAMP, external_id=NAME)
        await until(lambda: _is_reported(bench, f"system:{servers.rabbit.user}"))
        await send(bench, "ticket.urge", servers.rabbit.user, id="c-3", external_id=NAME)
        await until(lambda: _is_urged(bench))


async def _are_refused(bench: IntakeBench, times: int) -> bool:
    return len(await refusals(bench)) == times


async def _is_reported(bench: IntakeBench, principal: str) -> bool:
    return bool(await bench.store.find("tickets", {"principal": principal}, limit=1))


async def _is_urged(bench: IntakeBench) -> bool:
    urged = {"timeline.transition": "urge"}
    return bool(await bench.store.find("tickets", urged, limit=1))
