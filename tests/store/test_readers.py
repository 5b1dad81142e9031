"""Policy and duty list are read anew when they change, without a restart."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts import MalformedMessage
from shared.policy.duty import sample_duty
from shared.policy.policy import sample_documents
from shared.readers.lost_addresses import LostAddresses
from shared.readers.policies import HEAD, NoPolicyError, PolicyReader, seed_policy
from shared.readers.rosters import DutyReader, seed_duty
from shared.store import Store
from shared.store.clock import forward_trial
from tests.store.conftest import StoreOf

SAMPLE = sample_documents()


async def forward(store: Store, span: timedelta) -> None:
    await forward_trial(store._database, span)
    await store.clock.refresh()


async def put_policy(
    store: Store,
    version: str,
    share: float,
    *,
    after: timedelta,
    lasts: timedelta | None = None,
) -> None:
    """What publishing does: the documents first, then the head."""
    documents: dict[str, Any] = deepcopy(SAMPLE)
    documents["rules"] = documents["rules"] | {"warn_at_shares": [share]}
    policies = store.documents("policies")
    await policies.insert_one({"_id": version, "documents": documents})
    begins = store.clock.now() + after
    until = {"until": begins + lasts} if lasts is not None else {}
    entry = {"from": begins, "version": version, **until}
    await policies.update_one({"_id": HEAD}, {"$push": {"in_force": entry}}, upsert=True)


async def test_without_a_policy_nothing_can_be_decided(store: Store) -> None:
    reader = PolicyReader(store)

    with pytest.raises(NoPolicyError):
        await reader.refresh()
    with pytest.raises(NoPolicyError):
        _ = reader.current


async def test_a_policy_is_seeded_once(store: Store) -> None:
    now = store.clock.now()

    assert await seed_policy(store._database, "one", deepcopy(SAMPLE), now=now)
    assert not await seed_policy(store._database, "two", deepcopy(SAMPLE), now=now)

    reader = PolicyReader(store)
    await reader.refresh()
    assert reader.current.version == "one"


async def test_a_faulty_policy_is_not_seeded(store: Store) -> None:
    documents: dict[str, Any] = deepcopy(SAMPLE)
    documents["rules"] = documents["rules"] | {"warn_at_shares": [2]}

    with pytest.raises(ValueError, match="warn_at_shares"):
        await seed_policy(store._database, "bad", documents, now=store.clock.now())

    assert await store.get("policies", HEAD) is None


async def test_a_version_comes_into_force_at_its_time_without_a_restart(store: Store) -> None:
    await seed_policy(store._database, "one", deepcopy(SAMPLE), now=store.clock.now())
    await put_policy(store, "two", 0.5, after=timedelta(hours=1))
    await put_policy(store, "three", 0.9, after=timedelta(days=1))
    reader = PolicyReader(store)
    await reader.refresh()
    assert reader.current.version == "one"

    await forward(store, timedelta(minutes=61))
    assert (reader.current.version, reader.current.rules.warn_at_shares) == ("two", (0.5,))

    await forward(store, timedelta(days=1))
    assert reader.current.version == "three"


async def test_a_version_for_a_while_lapses_by_itself_without_another_look(store: Store) -> None:
    await seed_policy(store._database, "one", deepcopy(SAMPLE), now=store.clock.now())
    await put_policy(store, "glass", 0.5, after=timedelta(), lasts=timedelta(hours=12))
    await put_policy(store, "two", 0.9, after=timedelta(hours=1))
    reader = PolicyReader(store)
    await reader.refresh()
    assert reader.current.version == "glass"

    await forward(store, timedelta(hours=2))
    assert reader.current.version == "glass"
    await forward(store, timedelta(hours=10))
    assert reader.current.version == "two"


async def test_versions_of_the_past_are_not_read(store: Store) -> None:
    await seed_policy(store._database, "one", deepcopy(SAMPLE), now=store.clock.now())
    await put_policy(store, "two", 0.5, after=timedelta(hours=1))
    await forward(store, timedelta(hours=2))
    await store.documents("policies").delete_one({"_id": "one"})
    reader = PolicyReader(store)

    await reader.refresh()

    assert reader.current.version == "two"


async def test_a_policy_that_is_not_in_force_yet_decides_nothing(store: Store) -> None:
    await put_policy(store, "later", 0.5, after=timedelta(hours=1))
    reader = PolicyReader(store)
    await reader.refresh()

    with pytest.raises(NoPolicyError):
        _ = reader.current


async def test_a_head_that_names_a_missing_version_leaves_the_old_one_in_force(
    store: Store,
) -> None:
    await seed_policy(store._database, "one", deepcopy(SAMPLE), now=store.clock.now())
    reader = PolicyReader(store)
    await reader.refresh()
    lost = {"from": store.clock.now(), "version": "lost"}
    await store.documents("policies").update_one({"_id": HEAD}, {"$push": {"in_force": lost}})

    with pytest.raises(NoPolicyError):
        await reader.refresh()

    assert reader.current.version == "one"


async def test_a_faulty_version_leaves_the_old_one_in_force(store: Store) -> None:
    await seed_policy(store._database, "one", deepcopy(SAMPLE), now=store.clock.now())
    reader = PolicyReader(store)
    await reader.refresh()
    await put_policy(store, "bad", 7, after=timedelta())

    with pytest.raises(ValueError, match="warn_at_shares"):
        await reader.refresh()

    assert reader.current.version == "one"


async def test_without_a_duty_list_nobody_is_on_duty(store: Store) -> None:
    reader = DutyReader(store, LostAddresses(b"secret"))

    await reader.refresh()

    assert reader.current.on_duty("jinyuan", "engineering") == ()


async def test_the_duty_list_is_seeded_once_and_read(store: Store, store_of: StoreOf) -> None:
    assert await seed_duty(store._database, sample_duty())
    assert not await seed_duty(store._database, {"places": {}})

    reader = DutyReader(store, LostAddresses(b"secret"))
    await reader.refresh()

    assert reader.current.on_duty("jinyuan", "engineering")
    assert reader.current.emergency_chain


async def test_the_duty_list_is_read_anew_only_when_its_revision_rises(store: Store) -> None:
    await seed_duty(store._database, {"places": {"*": {"security": [person("wu")]}}})
    reader = DutyReader(store, LostAddresses(b"secret"))
    await reader.refresh()
    rosters = store.documents("rosters")
    await rosters.update_one({"_id": "*/security"}, {"$set": {"people": [person("li")]}})

    await reader.refresh()
    assert [p.id for p in reader.current.on_duty(None, "security")] == ["wu"]

    await rosters.update_one({"_id": HEAD}, {"$inc": {"revision": 1}})
    await reader.refresh()
    assert [p.id for p in reader.current.on_duty(None, "security")] == ["li"]


async def test_a_faulty_duty_list_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="name"):
        await seed_duty(store._database, {"places": {"*": {"security": [{"id": "wu"}]}}})

    assert await store.get("rosters", HEAD) is None


@pytest.mark.parametrize("ids", [["caller"], ["Wu"], ["wu", "wu"], ["a1380013800"]])
async def test_ids_that_nobody_may_have_or_two_would_have_are_not_seeded(
    store: Store, ids: list[str]
) -> None:
    lists = {"security": [person(ids[0])], "finance": [person(id) for id in ids[1:]]}

    with pytest.raises(MalformedMessage, match="id"):
        await seed_duty(store._database, {"places": {"*": lists}})

    assert await store.get("rosters", HEAD) is None


def person(id: str) -> dict[str, str]:
    return {"id": id, "name": id.title(), "mail": f"{id}@example.com"}
