"""What nobody heard is said, ends what was open, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.calls.facts import Fact, Kind, Party, fact_id
from shared.calls.listening import Listening
from shared.calls.outcomes import Outcome
from shared.contracts.telephony import CallCorrected, CallEnded
from shared.telemetry import metrics
from tests.telephony.bench import Bench


def fact(
    bench: Bench, kind: Kind, at: datetime, call: str, leg: str | None = None, **said: Any
) -> Fact:
    subject = call if leg is None else f"{call}+{leg}"
    made = Fact(
        id=fact_id(bench.user, kind.value, at, subject),
        kind=kind,
        exchange=bench.user,
        call=call,
        at=at,
        leg=leg,
    )
    return replace(made, **said)


def talking(bench: Bench, call: str, began: datetime, line: str = "hotline") -> list[Fact]:
    """Offered, queued and answered two seconds later."""
    then = began + timedelta(seconds=2)
    return [
        fact(bench, Kind.OFFERED, began, call, line=line, number="13800138000"),
        fact(bench, Kind.QUEUED, began, call, queue="hotline"),
        fact(bench, Kind.ANSWERED, then, call, f"{call}.9", party=Party.AGENT, agent="8001"),
    ]


def word(bench: Bench, listener: str, since: datetime, until: datetime, **said: Any) -> Listening:
    made = Listening(
        exchange=bench.user, listener=listener, since=since, until=until, lines=("hotline",)
    )
    return replace(made, **said)


async def test_a_call_whose_end_fell_into_a_restart_is_incomplete_and_ends_with_its_last_sign(
    bench: Bench,
) -> None:
    nine = bench.now() - timedelta(minutes=30)
    seconds = [nine + timedelta(seconds=n) for n in range(200)]
    gaps = metrics.PBX_GAPS.labels(pbx=bench.user, why="restart")._value.get()
    await bench.tell(*talking(bench, "1.1", seconds[5]), *talking(bench, "1.2", seconds[6]))
    await bench.tell(fact(bench, Kind.ENDED, seconds[9], "1.2"))
    await bench.tell(
        word(bench, "1", seconds[0], seconds[10]),
        word(bench, "1", seconds[20], seconds[60], booted_at=seconds[15]),
    )
    await bench.look()
    cut, whole = (each.call for each in await bench.kept())
    assert cut is not None
    assert whole is not None
    if cut.call != "1.1":
        cut, whole = whole, cut
    assert (cut.incomplete, cut.outcome, cut.ended_at) == (True, Outcome.ANSWERED, seconds[7])
    assert (whole.incomplete, whole.outcome) == (False, Outcome.ANSWERED)
    assert metrics.PBX_GAPS.labels(pbx=bench.user, why="restart")._value.get() == gaps + 1
    assert len(await bench.said(CallEnded, times=2)) == 2


async def test_while_another_listener_heard_nothing_is_incomplete(bench: Bench) -> None:
    nine = bench.now() - timedelta(minutes=30)
    seconds = [nine + timedelta(seconds=n) for n in range(200)]
    await bench.tell(
        word(bench, "1", seconds[0], seconds[10]),
        word(bench, "2", seconds[0], seconds[120]),
        word(bench, "1", seconds[20], seconds[110], surveyed=True),
        *talking(bench, "1.1", seconds[5]),
        fact(bench, Kind.ENDED, seconds[15], "1.1"),
    )
    await bench.look()
    [kept] = await bench.kept()
    assert kept.call is not None
    assert (kept.call.incomplete, kept.call.outcome) == (False, Outcome.ANSWERED)
    assert await bench.said(CallCorrected, times=0) == []


async def test_a_gap_that_another_covers_after_all_is_taken_back(bench: Bench) -> None:
    nine = bench.now() - timedelta(minutes=30)
    seconds = [nine + timedelta(seconds=n) for n in range(200)]
    await bench.tell(
        *talking(bench, "1.1", seconds[5]),
        fact(bench, Kind.ENDED, seconds[15], "1.1"),
        word(bench, "1", seconds[0], seconds[10]),
        word(bench, "1", seconds[20], seconds[110]),
    )
    await bench.look()
    [kept] = await bench.kept()
    assert kept.call is not None
    assert kept.call.incomplete
    await bench.tell(word(bench, "2", seconds[0], seconds[30]))
    await bench.look()
    [kept] = await bench.kept()
    assert kept.call is not None
    assert not kept.call.incomplete
    assert await bench.said(CallCorrected)


async def test_a_call_that_never_ends_is_closed_after_four_hours(bench: Bench) -> None:
    now = bench.now()
    await bench.tell(*talking(bench, "1.1", now))
    await bench.look()
    [kept] = await bench.kept()
    assert kept.call is not None
    assert kept.call.ended_at is None
    await bench.forward(timedelta(hours=4, minutes=1))
    await bench.look()
    [kept] = await bench.kept()
    assert kept.call is not None
    assert kept.call.incomplete
    assert kept.call.outcome is Outcome.ANSWERED
