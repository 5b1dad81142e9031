"""A drawn day is one that an exchange could have had."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from services.telephony.exchange import fake_trial
from services.telephony.exchange.fake import FakeExchange
from services.telephony.exchange.fake_day import Day
from services.telephony.exchange.fake_habits import AGENTS
from services.telephony.exchange.fake_script import Says, Step
from services.telephony.exchange.read import read_document
from services.telephony.exchange.translate import Translator
from services.telephony.exchange.translate_document import ExchangeDocument
from shared.calls.call import Call
from shared.calls.facts import Fact
from shared.calls.fold import fold_all
from tests.support.bench import until
from tests.telephony.adapters import listening

BEGIN = datetime(2027, 3, 4, 22, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)


def document() -> ExchangeDocument:
    return read_document(fake_trial.TrialSettings.model_fields["document"].default)


def drawn(seed: int = fake_trial.SEED) -> list[Step]:
    return Day(BEGIN, BEGIN + A_DAY, seed).drawn()


def calls_of(steps: list[Step]) -> tuple[list[Call], Counter[str]]:
    translator = Translator(document())
    told = [
        each
        for step in steps
        if isinstance(step, Says)
        for each in translator.take(step.block, step.at)
    ]
    return fold_all([each for each in told if isinstance(each, Fact)]), translator.counts


def test_a_day_has_calls_of_every_kind_and_none_that_hangs() -> None:
    calls, counts = calls_of(drawn())
    outcomes = Counter(str(call.outcome) for call in calls)

    assert len(calls) >= 200
    assert {*outcomes} == {"answered", "abandoned", "abandoned_greeting", "timed_out", "blocked"}
    assert outcomes["answered"] > 0.7 * len(calls)
    assert {call.line for call in calls} == {"hotline"}
    assert {agent for call in calls for agent in call.agents} == {*AGENTS}
    assert not any(call.incomplete for call in calls)
    assert +counts == Counter()


def test_nobody_talks_with_two_at_once() -> None:
    calls, _ = calls_of(drawn())
    for agent in AGENTS:
        talks = sorted(
            (talk.began, talk.ended) for call in calls for talk in call.talks if talk.agent == agent
        )
        assert talks
        for (_, ended), (began, _) in pairwise(talks):
            assert ended <= began


def test_the_evening_has_a_burst_that_makes_callers_wait() -> None:
    calls, _ = calls_of(drawn())
    by_hour = Counter((call.offered_at + timedelta(hours=8)).hour for call in calls)
    waits = [call.wait_s for call in calls if call.wait_s is not None]

    assert by_hour[19] > 45
    assert by_hour[19] > 3 * by_hour[3]
    assert max(waits) > 60
    assert sorted(waits)[len(waits) // 2] < 20


def test_the_same_seed_draws_the_same_day_and_another_another() -> None:
    assert drawn() == drawn()
    assert drawn() != drawn(1)


async def test_by_a_clock_that_is_moved_a_days_calls_are_said_at_once_each_at_its_time() -> None:
    time = [BEGIN]
    steps = drawn()
    async with (
        FakeExchange(steps, clock=lambda: time[0]) as fake,
        listening(fake, document=document(), now=None) as one,
    ):
        await until(lambda: one.adapter.is_connected)
        await asyncio.sleep(0.05)
        assert one.told.facts == []
        time[0] = BEGIN + timedelta(hours=12)
        said = [step.at for step in steps if step.at <= time[0]]
        await until(lambda: one.adapter.last_event == said[-1], seconds=20)
        time[0] = BEGIN + timedelta(hours=26)
        await fake.ended.wait()
        expected = calls_of(steps)[0]
        last = steps[-1].at
        await until(lambda: one.adapter.last_event == last)
        await one.adapter.outgoing.until_empty()
        assert fold_all(one.told.facts) == expected

        assert +one.adapter.left_out == Counter()
