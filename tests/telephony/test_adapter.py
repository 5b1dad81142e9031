"""What an adapter tells of an exchange is what reading the recording tells, and what it did not
hear it says.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from services.telephony.exchange.fake import FakeExchange
from services.telephony.exchange.fake_script import Opens, steps_of
from services.telephony.exchange.translate_recording import read_recording
from shared.calls.call import Call
from shared.calls.facts import Fact, Kind
from shared.calls.fold import fold_all
from shared.calls.gaps import Gap, Why
from shared.calls.listening import gaps_in
from tests.calls.recordings import WHOLE, document, stream
from tests.support.bench import until
from tests.telephony.adapters import FAST, QUICK, Told, as_read, listening

NEAR = timedelta(seconds=1.5)
"""Of the exchange's time, played so fast: two milliseconds of ours."""


@pytest.mark.parametrize("run", WHOLE)
async def test_each_recording_tells_by_the_wire_what_it_tells_by_the_file(run: str) -> None:
    async with FakeExchange(steps_of(stream(run)), speed=FAST) as fake, listening(fake) as one:
        await fake.ended.wait()
        await until(lambda: one.told.happened == as_read(run))

        assert one.adapter.gaps == {}
        assert one.adapter.left_out == read_recording(stream(run), document()).counts


async def test_what_went_unheard_is_told_and_a_restart_from_a_lost_line() -> None:
    run = "restart"
    async with FakeExchange(steps_of(stream(run)), speed=FAST) as fake, listening(fake) as one:
        await fake.ended.wait()
        await until(lambda: one.told.happened == as_read(run))
        await until(lambda: len([word for word in one.told.words if not word.connected]) == 4)

    read = read_recording(stream(run), document())
    gaps = gaps_told(one.told)
    assert [gap.why for gap in gaps] == [Why.RESTART, Why.CONNECTION, Why.RESTART]
    for gap, expected in zip(gaps, read.gaps, strict=True):
        assert (gap.began, gap.offers_from) == (expected.began, expected.offers_from)
        assert abs(gap.ended - expected.ended) < NEAR
        assert gap.surveyed
    assert one.adapter.gaps == {"restart": 2, "connection": 1}
    calls = fold_all(one.told.facts, gaps)
    assert [bare(call) for call in calls] == [bare(call) for call in read.calls]
    assert [call.incomplete for call in calls] == [call.incomplete for call in read.calls]


async def test_who_is_there_after_a_lost_line_is_seen_and_nobody_else() -> None:
    steps = steps_of(stream("restart"))
    third = [n for n, step in enumerate(steps) if isinstance(step, Opens)][2]
    async with FakeExchange(steps[third : third + 1]) as fake, listening(fake) as one:
        await until(lambda: one.adapter.is_connected)
        await until(lambda: [word for word in one.told.words if word.surveyed])

    seen = {(fact.call, fact.agent) for fact in one.told.facts}
    assert {fact.kind for fact in one.told.facts} == {Kind.SEEN}
    assert seen == {
        ("1795993177.9", None),
        ("1795993176.7", None),
        ("1795993176.7", "8001"),
        ("1795993174.6", None),
        ("1795993174.6", "8002"),
    }
    members = [each for each in one.told.values if "QueueMember" in each.id]
    assert {each.agent for each in members} == {"8001", "8002"}  # type: ignore[union-attr]


async def test_two_who_listen_tell_the_same_and_one_may_be_killed() -> None:
    run = "day"
    steps = steps_of(stream(run))
    async with (
        FakeExchange(steps, speed=50, listeners=2) as fake,
        listening(fake, listener="1") as one,
        listening(fake, listener="2") as other,
    ):
        await until(lambda: len(one.told.facts) >= 100)
        await one.kill()
        await fake.ended.wait()
        await until(lambda: other.told.happened == as_read(run))

        assert one.told.happened < other.told.happened
        assert gaps_in([*one.told.words, *other.told.words]) == []


async def test_of_one_that_is_killed_alone_the_time_until_the_next_is_a_gap() -> None:
    run = "day"
    steps = steps_of(stream(run))
    async with FakeExchange(steps, speed=20) as fake:
        async with listening(fake) as one:
            await until(lambda: len(one.told.facts) >= 80)
            await one.kill()
        killed_at = fake.now()
        await until(lambda: fake.now() - killed_at > timedelta(seconds=6))
        async with listening(fake, told=one.told) as again:
            begun_at = fake.now()
            await fake.ended.wait()
            await until(lambda: max(f.at for f in again.told.facts) == steps_end(run))
            await until(lambda: again.told.words[-1].until > begun_at + timedelta(seconds=31))

    [gap] = gaps_in(again.told.words)
    assert timedelta() <= killed_at - gap.began < timedelta(seconds=5)
    assert abs(gap.ended - begun_at) < timedelta(seconds=2)
    calls = fold_all(again.told.facts, [gap])
    cut = {call.call for call in calls if call.incomplete}
    truth = {call.call: call for call in read_recording(stream(run), document()).calls}
    assert cut
    for call in calls:
        if call.incomplete:
            assert call.offered_at < gap.ended
            assert gap.began < (truth[call.call].ended_at or gap.ended)
        else:
            assert bare(call) == bare(truth[call.call])
    assert_only_a_gap_is_missing(run, again.told, gap)


async def test_its_word_covers_only_what_the_broker_has() -> None:
    """What it would lose if it died now, it has not said to have heard."""
    steps = steps_of(stream("day"))
    told = Told()
    async with FakeExchange(steps, speed=50) as fake, listening(fake, told=told) as one:
        await until(lambda: len(told.facts) >= 50)
        told.is_away = True
        await until(lambda: len(one.adapter.outgoing) >= 30)
        await one.kill()

    assert told.words
    until_ = told.words[-1].until
    missing = as_read("day") - told.happened
    assert min(each.at for each in missing) > until_  # type: ignore[union-attr]


async def test_while_the_broker_is_away_facts_wait_and_nothing_is_lost() -> None:
    told = Told(is_away=True)
    steps = steps_of(stream("day"))
    async with FakeExchange(steps, speed=FAST) as fake, listening(fake, told=told) as one:
        await fake.ended.wait()
        await until(lambda: len(one.adapter.outgoing) >= len(as_read("day")))
        assert one.adapter.outgoing.is_refused
        told.is_away = False
        await until(lambda: told.happened == as_read("day"))

        assert len(one.adapter.outgoing) == 0
        assert sum(one.adapter.outgoing.told.values()) == len(told.bodies)
        # The words that waited say no more than the last of them.
        assert len(told.words) < 20


async def test_memory_is_bounded_and_what_does_not_fit_is_a_gap_that_is_told() -> None:
    told = Told(is_away=True)
    steps = steps_of(stream("day"))
    longest = 0
    async with (
        FakeExchange(steps, speed=20) as fake,
        listening(fake, told=told, most=40) as one,
    ):
        await until(lambda: not one.adapter.is_connected and len(one.adapter.outgoing) == 40)
        await asyncio.sleep(0.1)
        longest = len(one.adapter.outgoing)
        assert not one.adapter.is_connected
        told.is_away = False
        await until(lambda: one.adapter.gaps["overflow"] == 1)
        await until(lambda: [word for word in told.words if word.gap and word.surveyed])
        await fake.ended.wait()
        await until(lambda: max(f.at for f in told.facts) == steps_end("day"))

    assert longest == 40
    assert dict(one.adapter.gaps) == {"overflow": 1}
    [gap] = gaps_told(told)
    assert_only_a_gap_is_missing("day", told, gap)


async def test_an_exchange_that_tells_no_times_is_believed_in_nothing() -> None:
    steps = steps_of(stream("smoke"))
    async with (
        FakeExchange(steps, speed=FAST, tells_times=False) as fake,
        listening(fake) as one,
    ):
        await fake.ended.wait()
        await until(lambda: one.adapter.left_out["no_timestamp"] > 100)

        assert one.adapter.has_no_times
        assert one.adapter.is_connected
        assert one.told.facts == []


async def test_how_far_the_clocks_are_apart_is_asked_of_the_exchange() -> None:
    ahead = timedelta(days=3, seconds=7)
    steps = steps_of(stream("smoke"))
    async with (
        FakeExchange(steps[:1]) as fake,
        listening(fake, now=lambda: fake.now() + ahead) as one,
    ):
        await until(lambda: one.told.words)

        assert one.adapter.clock_offset is not None
        # A slow machine takes its time to answer; what is told are days.
        assert abs(one.adapter.clock_offset - ahead) < timedelta(seconds=2)
        word = one.told.words[0]
        assert word.clock_offset_s == pytest.approx(ahead.total_seconds(), abs=2)
        # Its word is by the exchange's clock.
        assert abs(word.until - fake.now()) < timedelta(seconds=30)
        opens = steps[0]
        assert isinstance(opens, Opens)
        assert word.booted_at is not None
        assert timedelta() <= word.booted_at - opens.booted_at < timedelta(seconds=1.1)


async def test_where_it_is_refused_it_listens_to_nothing_and_says_so() -> None:
    steps = steps_of(stream("smoke"))
    async with FakeExchange(steps) as fake, listening(fake, secret="wrong") as one:
        await until(lambda: one.adapter.is_refused)

        assert not one.adapter.is_connected
        assert one.told.bodies == []


async def test_each_connection_is_asked_who_is_there_before_it_counts() -> None:
    async with FakeExchange(steps_of(stream("smoke"))[:1]) as fake, listening(fake) as one:
        await until(lambda: one.adapter.is_connected)
        fake.cut()
        await until(lambda: not one.adapter.is_connected)
        await fake.opens_again()
        await until(lambda: one.adapter.is_connected)
        actions = [each["Action"] for each in fake.asked if each["Action"] != "Ping"]

    assert actions == ["Login", "CoreShowChannels", "QueueStatus"] * 2


async def test_whoever_does_not_answer_is_asked_again_later_and_later() -> None:
    waits: list[float] = []
    async with FakeExchange(steps_of(stream("smoke"))[:1]) as fake:
        fake.cut()
        loop = asyncio.get_running_loop()

        def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            waits.append(loop.time())
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        fake.port = server.sockets[0].getsockname()[1]
        rhythm = type(QUICK)(beat=1, first_wait=0.02, longest_wait=0.3)
        async with server, listening(fake, rhythm=rhythm):
            await until(lambda: len(waits) >= 8)

    pauses = [after - before for before, after in pairwise(waits)]
    assert pauses[0] < 0.1
    assert sum(pauses[-3:]) > 2 * sum(pauses[:3])
    assert max(pauses) < 0.6


def assert_only_a_gap_is_missing(run: str, told: Told, gap: Gap) -> None:
    """What happened in it, and what was not known any more of calls that were open in it."""
    calls = read_recording(stream(run), document()).calls
    open_then = {
        call.call
        for call in calls
        if call.offered_at < gap.ended and (call.ended_at or gap.ended) > gap.began
    }
    missing = as_read(run) - told.happened
    assert missing
    for each in missing:
        is_of_those = isinstance(each, Fact) and each.call in open_then
        assert is_of_those or gap.began <= each.at <= gap.ended  # type: ignore[union-attr]


def gaps_told(told: Told) -> list[Gap]:
    """The last telling of each."""
    return list({word.gap.began: word.gap for word in told.words if word.gap}.values())


def bare(call: Call) -> tuple[object, ...]:
    """Without the last sign of life, which may be who was seen when."""
    return (call.call, call.outcome, call.wait_s, call.agent, call.agents, call.line)


def steps_end(run: str) -> object:
    return max(each.at for each in read_recording(stream(run), document()).facts)
