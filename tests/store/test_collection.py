"""What is promised of every collection, once for all kinds of values."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

import pytest
from pymongo import ASCENDING, IndexModel

from shared.contracts import Event, MalformedMessage, Step, read_envelope
from shared.contracts.router import EmergencyReleased
from shared.documents import Shape
from shared.lanes import lane_in_hand
from shared.store import (
    Change,
    Changed,
    Collection,
    CollectionSpec,
    Contested,
    Listing,
    Order,
    Store,
    Taken,
    Verdict,
)
from tests.store.conftest import StoreOf

NOW: Final = datetime(2026, 11, 23, 2, tzinfo=UTC)


class Colour(StrEnum):
    GREEN = "green"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Bulb:
    watts: int
    burnt: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    estate: str | None
    floor: int = 1


@dataclass(frozen=True, slots=True)
class Lamp:
    """A value with one field of each kind that occurs."""

    id: str
    place: Place
    hung: datetime
    version: int = 0
    colour: Colour = Colour.GREEN
    state: Literal["on", "off"] = "off"
    bulbs: tuple[Bulb, ...] = ()
    circuits: frozenset[str] = frozenset()
    spare: Bulb | None = None
    checked: date | None = None
    seal: bytes | None = None
    socket: int | None = None
    wire: dict[Colour, int] | None = None
    facts: dict[str, Any] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Another value over the documents of lamps."""

    id: str
    version: int = 0
    label: str | None = None


LAMPS: Final = CollectionSpec(
    name="lamps",
    kind="lamp",
    shape=Shape(
        value=Lamp,
        flat=("place",),
        names={Lamp: {"hung": "at"}},
        lean={Lamp: ("note",), Bulb: ("burnt",)},
        beside=lambda lamp: {"lit": lamp.state == "on"},
    ),
    indexes=(
        IndexModel(
            [("socket", ASCENDING)],
            name="once",
            unique=True,
            partialFilterExpression={"socket": {"$type": "int"}},
        ),
    ),
)
A_LAMP: Final = Lamp("lamp-1", Place("jinyuan", 3), NOW, version=1)
FULL: Final = replace(
    A_LAMP, colour=Colour.RED, state="on", bulbs=(Bulb(40), Bulb(60, burnt=True)),
    circuits=frozenset({"b", "a"}), spare=Bulb(25), checked=date(2026, 11, 20), seal=b"\x00\xff",
    wire={Colour.RED: 2}, facts={"any": ["thing", 1]}, note="by the stairs",
)  # fmt: skip


def said(number: str = "23456789") -> Event:
    return EmergencyReleased(number=number, kind="fire", estate="jinyuan", test=False)


@pytest.fixture
async def store(store_of: StoreOf) -> Store:
    made = store_of("router")
    await made.start([LAMPS])
    return made


@pytest.fixture
def lamps(store: Store) -> Collection[Lamp]:
    return Collection(store, LAMPS)


def note(text: str, *events: Event) -> Any:
    return lambda lamp, _now: Step(replace(lamp, note=text), events)


async def doc_of(store: Store, id: str = "lamp-1") -> dict[str, Any]:
    doc = await store.get("lamps", id)
    assert doc is not None
    return doc


@pytest.mark.parametrize("lamp", [A_LAMP, FULL])
async def test_what_was_put_in_comes_out_equal(lamps: Collection[Lamp], lamp: Lamp) -> None:
    assert await lamps.insert(Step(lamp), NOW)

    found = await lamps.get("lamp-1")
    assert found == lamp
    assert isinstance(found.colour, Colour)  # a plain text would be equal as well
    assert all(isinstance(colour, Colour) for colour in found.wire or {})


async def test_a_document_has_the_names_that_its_shape_says(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(FULL), NOW)

    doc = await doc_of(store)

    assert doc["estate"] == "jinyuan"
    assert doc["at"] == NOW
    assert doc["circuits"] == ["a", "b"]
    assert doc["bulbs"] == [{"watts": 40}, {"watts": 60, "burnt": True}]
    assert doc["lit"] is True
    assert doc["checked"] == datetime(2026, 11, 20, tzinfo=UTC)
    assert doc["made_by"] == "router"


async def test_a_field_that_a_document_lacks_has_its_default(
    store: Store, lamps: Collection[Lamp]
) -> None:
    old: dict[str, Any] = {"_id": "lamp-1", "estate": None, "floor": 2, "at": NOW}
    assert await store.insert_once("lamps", old)

    assert await lamps.get("lamp-1") == Lamp("lamp-1", Place(None, 2), NOW)


@pytest.mark.parametrize("counted", [{}, {"version": 0}])
async def test_a_document_from_before_versions_is_changed_like_any_other(
    store: Store, lamps: Collection[Lamp], counted: dict[str, Any]
) -> None:
    old: dict[str, Any] = {"_id": "lamp-1", "estate": None, "floor": 2, "at": NOW, "outbox": []}
    assert await store.insert_once("lamps", old | counted)

    changed = await lamps.change("lamp-1", note("new"))

    assert changed is not None
    assert changed.after == await lamps.get("lamp-1")
    assert changed.after.version == 1


async def test_what_a_document_has_beside_its_value_stays(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await store.insert_once("lamps", {
        "_id": "lamp-1", "version": 1, "estate": None, "floor": 2, "at": NOW, "outbox": [],
        "from_another_release": 7,
    })  # fmt: skip

    await lamps.change("lamp-1", note("new"))

    assert (await doc_of(store))["from_another_release"] == 7


async def test_of_two_who_make_the_same_one_does(lamps: Collection[Lamp]) -> None:
    made = await asyncio.gather(*(lamps.insert(Step(A_LAMP), NOW) for _ in range(5)))

    assert sorted(made) == [False] * 4 + [True]


async def test_a_change_that_is_none_writes_nothing(store: Store, lamps: Collection[Lamp]) -> None:
    await lamps.insert(Step(A_LAMP), NOW)

    changed = await lamps.change("lamp-1", lambda _lamp, _now: None)

    assert changed == Changed(A_LAMP, A_LAMP)
    assert not changed.is_change
    assert (await doc_of(store))["version"] == 1


async def test_what_is_not_there_is_not_changed(lamps: Collection[Lamp]) -> None:
    assert await lamps.change("lamp-1", note("new")) is None


async def test_what_went_away_while_it_was_decided_is_not_made_again_by_halves(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(A_LAMP), NOW)

    async def choose(lamp: Lamp, _now: datetime) -> Step[Lamp]:
        assert await store.take("lamps", {"_id": lamp.id}) is not None
        return Step(replace(lamp, note="new"))

    assert await lamps.change("lamp-1", choose) is None
    assert await store.find("lamps", {}, limit=1) == []


async def test_what_is_not_there_is_made_where_a_new_one_is_given(
    lamps: Collection[Lamp],
) -> None:
    changed = await lamps.change("lamp-1", note("new"), new=replace(A_LAMP, version=0))

    assert changed is not None
    assert changed.after == replace(A_LAMP, note="new", version=1)
    assert await lamps.get("lamp-1") == changed.after


async def test_everybody_who_makes_or_changes_the_same_at_once_is_in_it(
    store_of: StoreOf, lamps: Collection[Lamp]
) -> None:
    another = store_of("notifier")
    await another.clock.refresh()
    others = [lamps, Collection(another, LAMPS)]

    async def brighter(where: Collection[Lamp]) -> None:
        def choose(lamp: Lamp, _now: datetime) -> Step[Lamp]:
            return Step(replace(lamp, bulbs=(*lamp.bulbs, Bulb(len(lamp.bulbs)))))

        assert await where.change("lamp-1", choose, new=A_LAMP, attempts=20) is not None

    await asyncio.gather(*(brighter(where) for where in others for _ in range(8)))

    lamp = await lamps.get("lamp-1")
    assert lamp is not None
    assert lamp.version == 16
    assert [bulb.watts for bulb in lamp.bulbs] == list(range(16))


async def test_changes_in_one_process_never_lose_against_each_other(
    lamps: Collection[Lamp],
) -> None:
    await lamps.insert(Step(A_LAMP), NOW)
    asked = 0

    def choose(lamp: Lamp, _now: datetime) -> Step[Lamp]:
        nonlocal asked
        asked += 1
        return Step(replace(lamp, bulbs=(*lamp.bulbs, Bulb(1))))

    await asyncio.gather(*(lamps.change("lamp-1", choose) for _ in range(12)))

    assert asked == 12


async def test_whoever_loses_decides_again_on_what_is_there_now(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(A_LAMP), NOW)
    seen: list[str] = []

    async def choose(lamp: Lamp, now: datetime) -> Step[Lamp]:
        seen.append(lamp.note)
        if len(seen) == 1:
            await written_by_another(store, lamp.version, now)
        return Step(replace(lamp, state="on"), (said(),))

    changed = await lamps.change("lamp-1", choose)

    assert seen == ["", "by another"]
    assert changed is not None
    assert changed.events == (said(),)
    assert (changed.before.note, changed.after.state) == ("by another", "on")
    doc = await doc_of(store)
    # What was said by the loser is said once, by the version that won.
    assert [entry["id"] for entry in doc["outbox"]] == ["lamp/lamp-1/3/0"]


async def written_by_another(store: Store, version: int, at: datetime) -> None:
    other = Change(
        collection="lamps", kind="lamp", id="lamp-1", version=version + 1, lane="routine", at=at,
        set={"note": "by another"},
    )  # fmt: skip
    assert await store.write(other) is Verdict.WON


async def test_who_loses_each_time_is_told_and_has_changed_nothing(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(A_LAMP), NOW)
    tried = 0

    async def choose(lamp: Lamp, now: datetime) -> Step[Lamp]:
        nonlocal tried
        tried += 1
        await written_by_another(store, lamp.version, now)
        return Step(replace(lamp, state="on"), (said(),))

    with pytest.raises(Contested, match="lamps/lamp-1: lost against other writers 5 times"):
        await lamps.change("lamp-1", choose)

    doc = await doc_of(store)
    assert tried == 5
    assert (doc["state"], doc["outbox"]) == ("off", [])


async def test_of_many_who_write_over_what_they_have_seen_one_does(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(A_LAMP), NOW)

    def claimed(n: int) -> Step[Lamp]:
        return Step(replace(A_LAMP, note=str(n)), (said(),))

    written = await asyncio.gather(*(lamps.write_over(A_LAMP, claimed(n)) for n in range(8)))

    [won] = [lamp for lamp in written if lamp is not None]
    assert won == await lamps.get("lamp-1")
    assert won.version == 2
    assert [entry["id"] for entry in (await doc_of(store))["outbox"]] == ["lamp/lamp-1/2/0"]


async def test_what_is_not_there_is_not_written_over(lamps: Collection[Lamp]) -> None:
    assert await lamps.write_over(A_LAMP, Step(A_LAMP)) is None

    assert await lamps.get("lamp-1") is None


async def test_what_a_decision_raises_ends_the_change(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(A_LAMP), NOW)

    def choose(_lamp: Lamp, _now: datetime) -> Step[Lamp]:
        raise LookupError("no such ladder")

    with pytest.raises(LookupError):
        await lamps.change("lamp-1", choose)

    assert (await doc_of(store))["version"] == 1
    assert await lamps.change("lamp-1", note("the turn was given back")) is not None


async def test_events_are_kept_with_the_state_that_they_tell_of(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(A_LAMP, (said("22222222"),)), NOW)
    await lamps.change("lamp-1", note("new", said("33333333"), said("44444444")))

    waiting = (await doc_of(store))["outbox"]

    assert [entry["id"] for entry in waiting] == [
        "lamp/lamp-1/1/0", "lamp/lamp-1/2/0", "lamp/lamp-1/2/1",
    ]  # fmt: skip
    assert [read_envelope(entry["body"].encode()).event() for entry in waiting] == [
        said("22222222"), said("33333333"), said("44444444"),
    ]  # fmt: skip
    assert [entry["lane"] for entry in waiting] == ["routine"] * 3


async def test_a_change_and_its_events_go_in_the_lane_of_the_value(
    store_of: StoreOf, store: Store
) -> None:
    spec = replace(LAMPS, lane=lambda lamp: "urgent" if lamp.colour is Colour.RED else "routine")
    lamps = Collection(store, spec)
    await lamps.insert(Step(replace(A_LAMP, colour=Colour.RED), (said(),)), NOW)

    [entry] = (await doc_of(store))["outbox"]

    assert entry["lane"] == ("urgent" if said().can_be_urgent else "routine")
    assert lane_in_hand() == "routine"


async def test_what_only_one_may_have_is_not_taken_for_a_race(lamps: Collection[Lamp]) -> None:
    await lamps.insert(Step(replace(A_LAMP, socket=7)), NOW)
    other = replace(A_LAMP, id="lamp-2")
    assert not await lamps.insert(Step(replace(other, socket=7)), NOW)
    await lamps.insert(Step(other), NOW)
    asked = 0

    def choose(lamp: Lamp, _now: datetime) -> Step[Lamp]:
        nonlocal asked
        asked += 1
        return Step(replace(lamp, socket=7))

    with pytest.raises(Taken):
        await lamps.change("lamp-2", choose)
    with pytest.raises(Taken):
        await lamps.change("lamp-3", choose, new=replace(A_LAMP, id="lamp-3"))
    with pytest.raises(Taken):
        await lamps.write_over(other, Step(replace(other, socket=7)))

    assert asked == 2


async def test_a_field_that_is_lean_goes_when_it_has_its_default_again(
    store: Store, lamps: Collection[Lamp]
) -> None:
    await lamps.insert(Step(FULL), NOW)

    await lamps.change("lamp-1", note(""))

    assert "note" not in await doc_of(store)


async def test_one_more_in_a_list_is_pushed_and_one_that_changed_is_set_alone(
    store: Store, lamps: Collection[Lamp], monkeypatch: pytest.MonkeyPatch
) -> None:
    await lamps.insert(Step(FULL), NOW)
    written: list[Change] = []
    write = store.write

    async def noted(change: Change) -> Verdict:
        written.append(change)
        return await write(change)

    monkeypatch.setattr(store, "write", noted)

    def longer(lamp: Lamp, _now: datetime) -> Step[Lamp]:
        return Step(replace(lamp, bulbs=(*lamp.bulbs, Bulb(75))))

    def burnt(lamp: Lamp, _now: datetime) -> Step[Lamp]:
        return Step(replace(lamp, bulbs=(replace(lamp.bulbs[0], burnt=True), *lamp.bulbs[1:])))

    def fewer(lamp: Lamp, _now: datetime) -> Step[Lamp]:
        return Step(replace(lamp, bulbs=lamp.bulbs[:1]))

    for choose in (longer, burnt, fewer):
        await lamps.change("lamp-1", choose)

    assert [(dict(c.set), dict(c.push)) for c in written] == [
        ({}, {"bulbs": [{"watts": 75}]}),
        ({"bulbs.0": {"watts": 40, "burnt": True}}, {}),
        ({"bulbs": [{"watts": 40, "burnt": True}]}, {}),
    ]
    lamp = await lamps.get("lamp-1")
    assert lamp is not None
    assert lamp.bulbs == (Bulb(40, burnt=True),)


async def test_the_next_free_place_is_taken_once_however_many_want_it(
    lamps: Collection[Lamp],
) -> None:
    async def hang(name: str) -> Lamp | None:
        async def propose(_now: datetime) -> Step[Lamp] | None:
            there = await lamps.find({}, limit=100)
            if len(there) >= 6:
                return None
            return Step(replace(A_LAMP, id=f"lamp-{len(there) + 1}", note=name))

        return await lamps.insert_at_next_free(propose, attempts=20)

    hung = await asyncio.gather(*(hang(str(n)) for n in range(8)))

    taken = [lamp.id for lamp in hung if lamp is not None]
    assert sorted(taken) == [f"lamp-{n}" for n in range(1, 7)]
    assert {lamp.id: lamp for lamp in await lamps.find({}, limit=100)} == {
        lamp.id: lamp for lamp in hung if lamp is not None
    }


async def test_who_never_gets_a_place_is_told(lamps: Collection[Lamp]) -> None:
    await lamps.insert(Step(A_LAMP), NOW)

    async def propose(_now: datetime) -> Step[Lamp] | None:
        return Step(A_LAMP)

    with pytest.raises(Contested):
        await lamps.insert_at_next_free(propose)


async def fill(lamps: Collection[Lamp]) -> None:
    """Twenty-five lamps, several of them hung at the same moment, every other one red."""
    for n in range(25):
        colour = Colour.RED if n % 2 else Colour.GREEN
        at = NOW + timedelta(seconds=n // 4)
        lamp = replace(A_LAMP, id=f"{n:02}", hung=at, colour=colour, place=Place(f"e{n % 5}"))
        assert await lamps.insert(Step(lamp), NOW)


@pytest.mark.parametrize("order", [Order(), Order("at", newest=True), Order("at")])
@pytest.mark.parametrize("limit", [1, 4, 7, 25, 40])
async def test_a_list_comes_page_by_page_without_gaps_or_repeats(
    lamps: Collection[Lamp], order: Order, limit: int
) -> None:
    await fill(lamps)
    listing = Listing(order=order)
    seen: list[str] = []
    after: str | None = None

    while True:
        page = await lamps.page(listing, after=after, limit=limit)
        seen += [lamp.id for lamp in page.items]
        after = page.next
        if after is None:
            break

    assert seen == sorted(seen, reverse=order.newest)
    assert len(seen) == 25


def test_an_order_that_is_loose_asks_an_index_for_its_field_alone() -> None:
    assert Order("at", newest=True, loose=True).sort == [("at", -1)]
    assert Order("at", newest=True).sort == [("at", -1), ("_id", -1)]


async def test_what_is_hidden_is_on_no_page_and_in_no_count(lamps: Collection[Lamp]) -> None:
    await fill(lamps)
    # Both parts name the same field: neither takes the place of the other.
    listing = Listing(
        filters={"colour": "red", "estate": {"$in": ["e1", "e2", "e3"]}},
        within={"estate": {"$nin": ["e3"]}},
        order=Order("at"),
    )

    first = await lamps.page(listing, after=None, limit=3)
    second = await lamps.page(listing, after=first.next, limit=3)

    assert [lamp.id for lamp in (*first.items, *second.items)] == ["01", "07", "11", "17", "21"]
    assert second.next is None
    assert await lamps.count(listing, most=100) == 5
    assert await lamps.count(listing, most=2) == 2


async def test_an_empty_cursor_is_the_first_page(lamps: Collection[Lamp]) -> None:
    await fill(lamps)
    newest = Listing(order=Order("at", newest=True))

    first = await lamps.page(newest, after=None, limit=3)

    assert first.items
    assert await lamps.page(newest, after="", limit=3) == first


@pytest.mark.parametrize(
    "facts", [{"n": True}, {"n": 1.0}, {"n": 1, "m": [True]}, {"m": [1], "n": 1}]
)
async def test_what_python_takes_for_the_same_is_written_as_it_is_meant(
    store: Store, lamps: Collection[Lamp], facts: dict[str, Any]
) -> None:
    """True is not 1 in a document, and people's own words keep their order."""
    await lamps.insert(Step(replace(A_LAMP, facts={"n": 1, "m": [1]})), NOW)

    await lamps.change("lamp-1", lambda lamp, _now: Step(replace(lamp, facts=facts)))

    assert repr((await doc_of(store))["facts"]) == repr(facts)


@pytest.mark.parametrize("cursor", ["x", "äöü", "bm9uc2Vuc2U", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5 eA"])
async def test_a_cursor_that_is_not_ours_is_named_as_the_fault(
    lamps: Collection[Lamp], cursor: str
) -> None:
    with pytest.raises(MalformedMessage) as caught:
        await lamps.page(Listing(order=Order("at")), after=cursor, limit=5)

    assert caught.value.faults[0].field == "after"


async def test_a_walk_meets_every_value_once(lamps: Collection[Lamp]) -> None:
    await fill(lamps)

    met = [lamp.id async for lamp in lamps.walk({"colour": "red"})]

    assert met == [f"{n:02}" for n in range(25) if n % 2]


async def test_a_list_reads_what_its_values_are_made_of_and_nothing_else(
    store: Store, lamps: Collection[Lamp], monkeypatch: pytest.MonkeyPatch
) -> None:
    await lamps.insert(Step(FULL, (said(),)), NOW)
    found = await store.find("lamps", {}, limit=1, fields=sorted(LAMPS.shape.keys))

    assert "outbox" not in found[0]
    assert LAMPS.from_doc(found[0]) == FULL


async def test_two_kinds_of_value_over_one_document_share_its_version(
    store_of: StoreOf, lamps: Collection[Lamp]
) -> None:
    another = store_of("notifier")
    await another.clock.refresh()
    elsewhere = Collection(
        another, CollectionSpec(name="lamps", kind="lamp", shape=Shape(value=Label))
    )
    await lamps.insert(Step(A_LAMP), NOW)

    def labelled(label: Label, _now: datetime) -> Step[Label]:
        return Step(replace(label, label="third floor"))

    async def choose(lamp: Lamp, _now: datetime) -> Step[Lamp]:
        if lamp.version == 1:
            # As another process would: in this one, changes of one document wait for each other.
            await elsewhere.change("lamp-1", labelled)
        return Step(replace(lamp, state="on"))

    changed = await lamps.change("lamp-1", choose)

    assert changed is not None
    assert changed.after.version == 3
    assert await elsewhere.get("lamp-1") == Label("lamp-1", 3, "third floor")
