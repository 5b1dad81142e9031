"""One unbroken chain per service on the real store, whoever of its replicas writes, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pymongo import WriteConcern
from pymongo.errors import AutoReconnect

from shared.audit import NotAnchored, Trail, UnfitForAudit, list_entries
from shared.audit.chain import from_doc, genesis
from shared.audit.trail import ATTEMPTS
from shared.contracts import MalformedMessage
from shared.identity import Principal
from shared.store import STORE_DOWN, Contested, Store
from tests.audit.conftest import Desk
from tests.audit.samples import CHEN, KEY, TICKET, chained, docs_of, sample_entry
from tests.support.questions import questions

LIN = Principal("lin", "supervisor")


async def test_an_act_is_kept_with_who_what_why_and_from_where(desk: Desk) -> None:
    before = desk.store.clock.now()

    entry = await desk.trail().record(
        CHEN, "person.opened", TICKET, why="callback", source="10.0.0.7", details={"round": 2}
    )

    [doc] = desk.docs()
    assert from_doc(doc).entry == entry
    assert doc["_id"] == "intake/1"
    assert (doc["by"], doc["role"]) == ("chen", "privacy_officer")
    assert (doc["act"], doc["subject"]) == ("person.opened", {"kind": "ticket", "id": TICKET[1]})
    assert (doc["why"], doc["source"], doc["details"]) == ("callback", "10.0.0.7", {"round": 2})
    assert doc["previous"] == genesis("intake")
    assert before <= doc["at"] <= before + timedelta(seconds=30)


async def test_the_head_is_kept_outside_the_database_before_anything_is_done(desk: Desk) -> None:
    await desk.trail().record(CHEN, "person.opened", TICKET)

    [file] = desk.files()
    assert desk.docs()[0]["digest"] in file.read_text("utf-8")


async def test_a_restart_goes_on_where_the_chain_ends(desk: Desk) -> None:
    await desk.record(2)
    await desk.record(2)

    assert [doc["n"] for doc in desk.docs()] == [1, 2, 3, 4]
    assert await desk.found() is None
    assert len(desk.files()) == 2


async def test_each_service_has_a_chain_of_its_own(desk: Desk) -> None:
    await desk.record(2)
    await desk.record(3, "router")

    assert [(chain.writer, chain.entries) for chain in await desk.verified()] == [
        ("intake", 2),
        ("router", 3),
    ]


async def test_two_replicas_at_once_write_one_unbroken_chain(desk: Desk) -> None:
    one, two = desk.trail(), desk.trail()

    entries = await asyncio.gather(
        *(trail.record(CHEN, "person.opened", TICKET) for trail in (one, two) for _ in range(25))
    )

    assert sorted(entry.n for entry in entries) == list(range(1, 51))
    assert [doc["n"] for doc in desk.docs()] == list(range(1, 51))
    [chain] = await desk.verified()
    assert chain.damage is None
    assert (chain.entries, chain.anchors, chain.unanchored) == (50, 50, 0)


async def test_both_lanes_of_one_process_write_one_unbroken_chain(desk: Desk) -> None:
    store = desk.store_of("intake")
    trail = Trail(store, desk.folder, KEY)

    async def urgent() -> None:
        with store.precedence.urgent():
            await trail.record(CHEN, "person.opened", TICKET)

    await asyncio.gather(
        *(urgent() for _ in range(5)),
        *(trail.record(CHEN, "person.opened", TICKET) for _ in range(5)),
    )

    assert [doc["n"] for doc in desk.docs()] == list(range(1, 11))
    assert await desk.found() is None


async def test_within_a_process_nobody_loses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, asked = Store.insert_once, 0

    async def insert_once(self: Store, *facts: Any) -> bool:
        nonlocal asked
        asked += 1
        return await whole(self, *facts)

    monkeypatch.setattr(Store, "insert_once", insert_once)
    trail = desk.trail()

    await asyncio.gather(*(trail.record(CHEN, "person.opened", TICKET) for _ in range(20)))

    assert asked == 20


async def test_who_loses_too_often_is_told_and_may_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, asked = Store.insert_once, 0

    async def insert_once(self: Store, collection: str, doc: Mapping[str, Any]) -> bool:
        nonlocal asked
        asked += 1
        return asked > ATTEMPTS and await whole(self, collection, doc)

    monkeypatch.setattr(Store, "insert_once", insert_once)
    trail = desk.trail()

    with pytest.raises(Contested, match=f"{ATTEMPTS} times"):
        await trail.record(CHEN, "person.opened", TICKET)
    await trail.record(CHEN, "person.opened", TICKET)

    assert await desk.found() is None


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
async def test_after_an_outage_the_chain_goes_on_whether_or_not_the_entry_was_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    whole = Store.insert_once

    async def insert_once(self: Store, collection: str, doc: Mapping[str, Any]) -> bool:
        if written:
            await whole(self, collection, doc)
        raise AutoReconnect("the answer was lost")

    trail = desk.trail()
    await trail.record(CHEN, "person.opened", TICKET)
    monkeypatch.setattr(Store, "insert_once", insert_once)
    with pytest.raises(STORE_DOWN):
        await trail.record(LIN, "person.opened", TICKET)
    monkeypatch.undo()

    await trail.record(CHEN, "person.shown", TICKET)

    acts = [(doc["by"], doc["act"]) for doc in desk.docs()]
    lost = [("lin", "person.opened")] if written else []
    assert acts == [("chen", "person.opened"), *lost, ("chen", "person.shown")]
    [chain] = await desk.verified()
    assert (chain.damage, chain.unanchored) == (None, len(lost))


async def test_what_the_majority_does_not_confirm_is_not_on_record(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_than_there_are = WriteConcern(w=7)
    monkeypatch.setattr("shared.store.store.WriteConcern", lambda **_: more_than_there_are)

    with pytest.raises(STORE_DOWN):
        await desk.trail().record(CHEN, "person.opened", TICKET)

    assert desk.files() == []


async def test_a_head_that_cannot_be_kept_is_told(desk: Desk) -> None:
    desk.folder.write_text("no folder", "utf-8")

    with pytest.raises(NotAnchored):
        await desk.trail().record(CHEN, "person.opened", TICKET)


async def test_a_folder_that_cannot_be_made_stops_the_start(desk: Desk) -> None:
    desk.folder.write_text("no folder", "utf-8")

    with pytest.raises(OSError, match="audit"):
        await desk.trail().start()


async def test_what_is_unfit_leaves_no_gap(desk: Desk) -> None:
    trail = desk.trail()

    with pytest.raises(UnfitForAudit, match="why"):
        await trail.record(CHEN, "person.opened", TICKET, why="王女士 asked for it")
    await trail.record(CHEN, "person.opened", TICKET)

    assert [doc["n"] for doc in desk.docs()] == [1]


async def test_whoever_is_cancelled_leaves_a_whole_chain(desk: Desk) -> None:
    trail = desk.trail()
    recording = [asyncio.create_task(trail.record(CHEN, "person.opened", TICKET)) for _ in range(6)]
    await asyncio.sleep(0)
    for task in recording[::2]:
        task.cancel()
    await asyncio.gather(*recording, return_exceptions=True)

    await trail.record(LIN, "person.opened", TICKET)

    assert await desk.found() is None
    assert len(desk.docs()) >= 4


async def test_the_audit_is_listed_by_person_by_thing_and_whole_the_newest_first(
    desk: Desk,
) -> None:
    trail = desk.trail()
    for n in range(5):
        who = CHEN if n % 2 else LIN
        await trail.record(who, "person.opened", ("ticket", f"T{n}"))
    await trail.record(CHEN, "account.frozen", ("account", "T3"))

    async def ids(**asked: Any) -> list[str]:
        found: list[str] = []
        after: str | None = None
        while True:
            page = await list_entries(desk.store, **asked, after=after, limit=2)
            found += [doc["_id"] for doc in page.items]
            after = page.next
            if after is None:
                return found

    with questions(desk.corner.mongo_url, desk.corner.database) as record:
        assert await ids() == [f"intake/{n}" for n in (6, 5, 4, 3, 2, 1)]
        assert await ids(by="chen") == ["intake/6", "intake/4", "intake/2"]
        assert await ids(subject=("ticket", "T3")) == ["intake/4"]
        assert await ids(by="lin", subject=("ticket", "T3")) == []
        plans = {question.plan for question in record.asked() if question.collection == "audit"}

    assert plans
    assert not [plan for plan in plans if "COLLSCAN" in plan]


async def test_a_cursor_that_was_not_given_out_is_refused(desk: Desk) -> None:
    with pytest.raises(MalformedMessage):
        await list_entries(desk.store, after="nonsense", limit=2)


async def test_the_end_of_a_long_chain_is_found_by_its_index(desk: Desk) -> None:
    await desk.record(3)
    with questions(desk.corner.mongo_url, desk.corner.database) as record:
        await desk.record(1)
        [asked] = [q for q in record.asked() if q.collection == "audit" and "filter" in q.asked]

    assert "IXSCAN { writer: 1, n: -1 }" in asked.plan
    assert asked.documents == 1


async def test_a_service_begins_its_chain_once_though_it_does_nothing(desk: Desk) -> None:
    await desk.trail().begin()
    await desk.trail().begin()

    [doc] = desk.docs()
    assert (doc["act"], doc["by"], doc["role"]) == ("audit.begun", "intake", "service")
    assert doc["keyed"] is True
    assert await desk.found() is None


async def test_what_was_there_before_there_was_a_key_is_sealed_at_the_next_start(
    desk: Desk,
) -> None:
    desk.raw.insert_many(docs_of(chained([sample_entry(1), sample_entry(2)])))

    await desk.trail().begin()

    assert [doc.get("keyed") for doc in desk.docs()] == [None, None, True]
    [chain] = await desk.verified()
    assert (chain.damage, chain.entries, chain.keyed) == (None, 3, 1)


async def test_a_service_starts_also_where_its_head_cannot_be_kept(desk: Desk) -> None:
    desk.folder.write_text("no folder", "utf-8")

    await desk.trail().begin()

    assert len(desk.docs()) == 1
