"""Tickets that come of calls are noted with them."""

from __future__ import annotations

from datetime import timedelta

from shared.calls.facts import Kind
from shared.contracts import Lane
from shared.contracts.intake import TicketRegistered, Urgency
from shared.contracts.telephony import CallEnded
from shared.tickets import Applied
from tests.support.bench import until
from tests.support.tickets import registered
from tests.telephony.bench import Bench
from tests.telephony.test_gaps import fact, talking

FIRST, SECOND = "23456789", "34567892"


async def test_a_call_has_its_tickets_each_once_and_says_them_when_it_ends(bench: Bench) -> None:
    then = bench.now()
    await bench.tell(*talking(bench, "1.1", then))
    [kept] = await bench.kept()
    await _registered(bench, FIRST, kept.id)
    await _registered(bench, FIRST, kept.id, again=True)
    await _registered(bench, SECOND, kept.id, urgency="emergency")

    async def has_both() -> bool:
        return {*(await bench.kept())[0].tickets} == {FIRST, SECOND}

    await until(has_both)
    await bench.tell(fact(bench, Kind.ENDED, then + timedelta(seconds=9), "1.1"))
    [ended] = await bench.said(CallEnded)
    assert {*ended.tickets} == {FIRST, SECOND}
    [kept] = await bench.kept()
    assert len(kept.tickets) == 2
    assert kept.danger

    for number, found in ((FIRST, [kept.id]), ("45678923", [])):
        answer = await bench.http.get(
            "/v1/calls", params={"ticket": number}, headers=bench.signed_in("agent")
        )
        assert [item["id"] for item in answer.json()["items"]] == found


async def test_a_ticket_of_no_call_or_of_one_that_is_not_kept_changes_nothing(
    bench: Bench,
) -> None:
    await bench.tell(*talking(bench, "1.1", bench.now()))
    [before] = await bench.kept()
    await _registered(bench, FIRST, None)
    await _registered(bench, SECOND, "caaaabbbbccccddddeeee")
    await _registered(bench, "45678923", before.id)

    async def is_there() -> bool:
        return bool((await bench.kept())[0].tickets)

    await until(is_there)
    [kept] = await bench.kept()
    assert kept.tickets == ("45678923",)


async def test_a_call_is_tied_to_a_ticket_that_is_there_and_within_reach(bench: Bench) -> None:
    await bench.tell(*talking(bench, "1.1", bench.now()))
    [kept] = await bench.kept()
    ticket = registered(at=bench.now())
    assert await bench.platform.tickets.insert(Applied(ticket, ()), {})
    number = ticket.number

    async def tie(call: str, number: str, *places: str) -> int:
        answer = await bench.http.post(
            f"/v1/calls/{call}/ticket",
            json={"number": number},
            headers=bench.signed_in("agent", *places),
        )
        return answer.status_code

    assert await tie(kept.id, number, "cuihu") == 404
    assert await tie(kept.id, "45678923") == 404
    assert await tie("caaaabbbbccccddddeeee", number) == 404
    assert await tie(kept.id, number) == 200
    assert await tie(kept.id, number) == 200
    [kept] = await bench.kept()
    assert kept.tickets == (number,)


async def _registered(
    bench: Bench, number: str, call: str | None, *, urgency: Urgency = "normal", again: bool = False
) -> None:
    event = TicketRegistered(number=number, estate="jinyuan", urgency=urgency, call=call)
    lane: Lane = "urgent" if urgency == "emergency" else "routine"
    await bench.publish(event, id=f"t/{number}/{'b' if again else 'a'}", lane=lane)
