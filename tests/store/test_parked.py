"""What could not be handled is kept whole, once, leased to one replica, and never lost."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import orjson
import pytest

from shared.store import Store
from shared.store.clock import forward_trial
from shared.store.parked import LEASE, PARKED, TOLD_WITHIN, ParkedMessages
from shared.store.parked_entry import KEPT, KEPT_ANSWERED, TOO_MANY, ParkedMessage
from tests.store.conftest import StoreOf


def message(**changes: Any) -> ParkedMessage:
    usual = ParkedMessage(
        queue="router.tickets.routine",
        fingerprint="f1",
        message_id="ticket/JY0001/5/0",
        reason="temporary",
        detail="Contested",
        attempts=1,
        headers={"traceparent": "00-1"},
        body=b"{}",
        sealed=False,
        next_at=None,
    )
    return replace(usual, **changes)


async def forward(store: Store, span: timedelta) -> None:
    await forward_trial(store._database, span)
    await store.clock.refresh()


async def test_a_message_is_kept_whole(parked: ParkedMessages) -> None:
    id = await parked.park(message(body=b"\x00\xff", principal="system:pbx", routing_key="k"))

    kept = await parked.get(id)
    assert kept is not None
    assert bytes(kept["body"]) == b"\x00\xff"
    assert kept["headers"] == {"traceparent": "00-1"}
    assert (kept["principal"], kept["routing_key"]) == ("system:pbx", "k")
    assert kept["service"] == "intake"


async def test_the_same_delivery_parked_twice_is_one_entry_with_the_last_reason(
    parked: ParkedMessages,
) -> None:
    one = await parked.park(message())
    two = await parked.park(message(reason="gave_up", attempts=10))

    assert one == two
    (entry,) = (await parked.listed()).items
    assert (entry["reason"], entry["attempts"]) == ("gave_up", 10)


@pytest.mark.parametrize(
    "other", [{"queue": "router.tickets.urgent"}, {"message_id": "m2"}, {"fingerprint": "f2"}]
)
async def test_another_delivery_is_another_entry(
    parked: ParkedMessages, other: dict[str, str]
) -> None:
    assert await parked.park(message()) != await parked.park(message(**other))
    assert await parked.count_by_reason() == {"temporary": 2}


OUTSIDE: Final[dict[str, Any]] = {
    "sealed": True, "principal": "system:pbx", "alerts": True, "reason": "malformed",
}  # fmt: skip
FAILED: Final = OUTSIDE | {"reason": "failed"}
ANSWERED: Final = OUTSIDE | {"answered": True}


async def told(store: Store) -> list[str]:
    """Reasons of what somebody is told of."""
    docs = await store.documents("parked").find({"outbox.0": {"$exists": True}}).to_list(None)
    return sorted(pending["data"]["reason"] for doc in docs for pending in bodies(doc))


def bodies(doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [orjson.loads(pending["body"]) for pending in doc["outbox"]]


async def flood(parked: ParkedMessages, times: int, named: str = "", **facts: Any) -> list[str]:
    """Park so many messages, each another one."""
    return [await parked.park(message(fingerprint=f"{named}{n}", **facts)) for n in range(times)]


async def whole(parked: ParkedMessages) -> dict[str, int]:
    """How many are kept whole, by reason."""
    entries = (await parked.listed()).items
    return Counter(entry["reason"] for entry in entries if entry["reason"] != TOO_MANY)


async def test_of_one_sender_so_many_are_kept_and_the_others_counted(
    parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_OF_ONE", 3)
    await flood(parked, 5, **OUTSIDE)
    await flood(parked, 1, "other", **OUTSIDE | {"principal": "system:lifts"})
    await flood(parked, 1, "unnamed", **OUTSIDE | {"principal": None})

    entries = (await parked.listed()).items
    assert sorted(entry["reason"] for entry in entries) == ["malformed"] * 5 + [TOO_MANY]
    (others,) = [entry for entry in entries if entry["reason"] == TOO_MANY]
    assert (others["more"], others["principal"]) == (2, "system:pbx")


async def test_of_one_sender_so_large_they_are_kept_and_no_larger(
    parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_BYTES_OF_ONE", 2_500)
    await flood(parked, 4, **OUTSIDE, body=b"x" * 1_000)
    await flood(parked, 1, "small", **OUTSIDE, body=b"x" * 500)

    assert await whole(parked) == {"malformed": 3}


@pytest.mark.parametrize("reason", ["failed", "gave_up", "stopped_its_reader", "dead_lettered"])
async def test_what_we_may_be_to_blame_for_is_kept_however_much_its_sender_sends(
    parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """Our entry may be all that there is of an emergency."""
    monkeypatch.setattr("shared.store.parked.MOST_OF_ONE", 2)
    await flood(parked, 3, "answered", **ANSWERED)
    await flood(parked, 3, "malformed", **OUTSIDE)

    ids = await flood(parked, 5, "ours", **FAILED | {"reason": reason})

    kept = [await parked.get(id) for id in ids]
    assert [bytes(entry["body"]) for entry in kept if entry] == [b"{}"] * 5
    assert await whole(parked) == {"malformed": 4, reason: 5}


async def test_what_its_sender_was_told_of_takes_no_place_of_what_nobody_else_has(
    parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_OF_ONE", 2)
    await flood(parked, 5, "answered", **ANSWERED | {"reason": "refused"})

    await flood(parked, 2, **OUTSIDE)

    assert await whole(parked) == {"refused": 2, "malformed": 2}
    assert await parked.count_by_reason() == {"malformed": 2}, "what was answered waits for nobody"


async def test_what_is_tried_again_takes_no_place_until_it_is_given_up(
    store: Store, parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_OF_ONE", 1)
    soon = store.clock.now()
    again = OUTSIDE | {"reason": "temporary", "next_at": soon}
    await flood(parked, 3, **again)
    await flood(parked, 3, **OUTSIDE | {"reason": "gave_up"})

    assert await whole(parked) == {"gave_up": 3}


async def test_a_pile_is_counted_without_reading_an_entry(
    store: Store, parked: ParkedMessages
) -> None:
    """Each may have 256 kB, and one more malformed message is not to cost a thousand of them."""
    await store.start([PARKED])
    await flood(parked, 20, **OUTSIDE)
    await flood(parked, 5, "ours", **FAILED)
    await store.documents("profiled").database.command("profile", 2)

    await flood(parked, 1, "one more", **OUTSIDE)

    await store.documents("profiled").database.command("profile", 0)
    profile = store.documents("system.profile")
    counts = await profile.find({"command.aggregate": "parked"}).to_list(None)
    assert len(counts) == 2
    assert [each["docsExamined"] for each in counts] == [0, 0]


async def test_what_we_say_ourselves_is_kept_however_much_it_is(
    parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_OF_ONE", 1)
    await flood(parked, 3, reason="malformed")

    assert await parked.count_by_reason() == {"malformed": 3}


async def test_a_flood_is_told_of_so_often_and_then_once_within_the_hour(
    store: Store, parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_TOLD", 2)
    await flood(parked, 5, **OUTSIDE)

    assert await told(store) == ["malformed", "malformed", TOO_MANY]
    assert len((await parked.listed()).items) == 5 + 1

    await forward(store, TOLD_WITHIN)
    await flood(parked, 1, "later", **OUTSIDE)
    assert await told(store) == ["malformed"] * 3 + [TOO_MANY]


async def test_a_flood_of_what_its_sender_is_to_blame_for_silences_nothing_else(
    store: Store, parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_TOLD", 2)
    await flood(parked, 5, **OUTSIDE)

    await flood(parked, 1, "ours", **FAILED)

    assert await told(store) == ["failed", "malformed", "malformed", TOO_MANY]


async def test_a_flood_beyond_what_is_kept_is_told_of_once_an_hour(
    store: Store, parked: ParkedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.parked.MOST_OF_ONE", 1)
    await flood(parked, 4, **OUTSIDE)
    await forward(store, TOLD_WITHIN)
    await flood(parked, 1, "later", **OUTSIDE)

    assert await told(store) == ["malformed", TOO_MANY, TOO_MANY]


async def test_what_its_sender_was_told_of_waits_for_nobody_and_ends_sooner(
    store: Store, parked: ParkedMessages
) -> None:
    await parked.park(message(fingerprint="answered", answered=True))
    await parked.park(message(fingerprint="unanswered"))

    assert await parked.count_by_reason() == {"temporary": 1}
    ends = {entry["answered"]: entry["ends_at"] for entry in (await parked.listed()).items}
    now = store.clock.now()
    assert ends[True] <= now + KEPT_ANSWERED < now + KEPT - timedelta(minutes=1) < ends[False]


async def test_an_entry_is_discarded_when_what_it_says_is_published(
    store: Store, parked: ParkedMessages
) -> None:
    id = await parked.park(message(**OUTSIDE))
    assert await parked.discard(id) is False

    await store.documents("parked").update_one({"_id": id}, {"$set": {"outbox": []}})

    assert await parked.discard(id) is True
    assert await parked.get(id) is None


async def test_nothing_is_due_before_its_time_and_a_dead_letter_never(
    store: Store, parked: ParkedMessages
) -> None:
    now = store.clock.now()
    await parked.park(message(fingerprint="dead"))
    soon = await parked.park(message(fingerprint="soon", next_at=now + timedelta(minutes=5)))
    assert await parked.take_due() is None

    await forward(store, timedelta(minutes=6))

    taken = await parked.take_due()
    assert taken is not None
    assert taken["_id"] == soon
    assert await parked.take_due() is None


async def test_what_waits_longest_comes_first(store: Store, parked: ParkedMessages) -> None:
    now = store.clock.now()
    for minutes in (3, 1, 2):
        await parked.park(
            message(fingerprint=str(minutes), next_at=now + timedelta(minutes=minutes))
        )
    await forward(store, timedelta(minutes=10))

    taken = [await parked.take_due() for _ in range(3)]

    times = [entry["next_at"] for entry in taken if entry]
    assert times == sorted(times)
    assert len(times) == 3


async def test_ten_replicas_take_each_entry_once(store: Store, parked: ParkedMessages) -> None:
    now = store.clock.now()
    for n in range(5):
        await parked.park(message(fingerprint=str(n), next_at=now))

    taken = await asyncio.gather(*(parked.take_due() for _ in range(10)))

    assert len({entry["_id"] for entry in taken if entry}) == 5
    assert taken.count(None) == 5


async def test_a_replica_that_dies_with_an_entry_is_relieved_after_its_lease(
    store: Store, parked: ParkedMessages
) -> None:
    await parked.park(message(next_at=store.clock.now()))
    assert await parked.take_due() is not None
    assert await parked.take_due() is None

    await forward(store, LEASE + timedelta(seconds=1))

    assert await parked.take_due() is not None


async def test_an_entry_whose_message_is_in_its_queue_again_is_gone(
    store: Store, parked: ParkedMessages
) -> None:
    await parked.park(message(next_at=store.clock.now()))
    taken = await parked.take_due()
    assert taken is not None

    await parked.done(taken)

    assert (await parked.listed()).items == []


@pytest.mark.parametrize("attempts", [1, 2])
async def test_a_message_that_failed_again_before_its_replay_was_noted_is_still_kept(
    store: Store, parked: ParkedMessages, attempts: int
) -> None:
    """A quick consumer parks it under the same id while the relay still waits for its confirm."""
    id = await parked.park(message(next_at=store.clock.now()))
    taken = await parked.take_due()
    assert taken is not None
    await forward(store, timedelta(milliseconds=2))
    await parked.park(message(attempts=attempts, next_at=store.clock.now()))

    await parked.done(taken)

    assert await parked.get(id) is not None


async def test_a_service_sees_only_its_own(parked: ParkedMessages, store_of: StoreOf) -> None:
    id = await parked.park(message())
    foreign = store_of("router")
    await foreign.clock.refresh()
    others = ParkedMessages(foreign)

    assert await others.get(id) is None
    assert (await others.listed()).items == []
    assert await others.take_due() is None
    assert await others.count_by_reason() == {}


async def test_a_list_has_pages_and_no_bodies(parked: ParkedMessages) -> None:
    ids = []
    for n in range(5):
        ids.append(await parked.park(message(fingerprint=str(n))))
        await asyncio.sleep(0.002)  # a millisecond is what the store tells apart

    first = await parked.listed(limit=3)
    rest = await parked.listed(after=first.next, limit=3)

    assert [entry["_id"] for entry in (*first.items, *rest.items)] == ids[::-1]
    assert rest.next is None
    assert all("body" not in entry for entry in first.items)
