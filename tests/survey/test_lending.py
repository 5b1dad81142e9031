"""The one bench of a folder is as new for each test, whatever the one before left behind."""

from __future__ import annotations

from datetime import timedelta

from shared.contracts.survey import SurveyAsked
from shared.readers.rosters import HEAD, ROSTERS
from tests.support.anew import Shared
from tests.survey.bench import Bench, closed


async def test_what_a_test_has_on_its_way_is_done_when_the_next_begins(
    running: Shared[Bench],
) -> None:
    async with running.lent() as bench:
        for n in range(20):
            await bench.say(closed(f"JY{n:04}"))
        before = bench.now()
        await bench.forward(timedelta(days=2))

    async with running.lent() as bench:
        assert (await bench.docs(), bench.heard) == ([], [])
        assert await bench.said(SurveyAsked, times=0) == []
        assert bench.now() - before >= timedelta(days=2), "a trial's clock only moves forward"


async def test_what_a_test_started_ends_with_it(running: Shared[Bench]) -> None:
    async with running.lent() as bench:
        other = await bench.add_replica()
        await bench.listen("survey.#")
        assert len(bench.replicas) == 2

    async with running.lent() as bench:
        assert bench.replicas == [bench.survey]
        assert not other.is_consuming()
        await bench.handle(closed("JY0001"))
        assert len(await bench.said(SurveyAsked)) == 1


async def test_policy_and_duty_list_are_those_that_were_seeded(running: Shared[Bench]) -> None:
    async with running.lent() as bench:
        people = bench.platform.duty.current
        await bench.let_places_differ(cuihu={"rules": {"dissatisfied_up_to": 3}})
        rosters = bench.store.documents(ROSTERS)
        await rosters.delete_many({"_id": {"$ne": HEAD}})
        await rosters.update_one({"_id": HEAD}, {"$inc": {"revision": 1}})
        await bench.platform.refresh()
        assert bench.platform.policy.version == "by-place"
        assert bench.platform.duty.current != people

    async with running.lent() as bench:
        assert bench.platform.policy.version == "sample"
        assert bench.platform.duty.current.places == people.places
