"""Whatever somebody does to the database or to the anchors is found, and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.audit import Anchor, Entry, Link, Terms, Unjudged, verify
from shared.audit.anchors import to_line
from shared.audit.chain import Subject, from_doc, genesis, to_doc
from shared.audit.verify import BATCH
from shared.store import Doc
from tests.audit.conftest import Desk
from tests.audit.samples import CHEN, KEY, TICKET, anchors_of, chained, docs_of, sample_entry

LENGTH = 9


@pytest.fixture
async def chain(desk: Desk) -> Desk:
    """Nine entries in order."""
    await desk.record(LENGTH)
    return desk


def set_in(place: int, /, **fields: Any) -> Callable[[Desk], None]:
    def tamper(desk: Desk) -> None:
        desk.raw.update_one({"_id": f"intake/{place}"}, {"$set": fields})

    return tamper


def rewritten(entries: list[Entry]) -> list[Doc]:
    """With the key: whoever has it and the database is found by the anchors alone."""
    return [to_doc(link) for link in chained(entries, KEY)]


def _entries(desk: Desk) -> list[Entry]:
    return [from_doc(doc).entry for doc in desk.docs()]


def delete_in_the_middle(desk: Desk) -> None:
    desk.raw.delete_one({"_id": "intake/4"})


def cut_the_tail(desk: Desk) -> None:
    desk.raw.delete_many({"n": {"$gte": 7}})


def drop_the_collection(desk: Desk) -> None:
    desk.raw.drop()


def rewrite_from_the_fifth_on(desk: Desk) -> None:
    """With all digests computed anew, so that the chain fits in itself."""
    entries = _entries(desk)
    entries[4] = sample_entry(5, by="lin", at=entries[4].at)
    desk.raw.delete_many({})
    desk.raw.insert_many(rewritten(entries))


def take_one_out_and_rewrite(desk: Desk) -> None:
    entries = _entries(desk)
    del entries[4]
    anew = [sample_entry(n, at=entry.at) for n, entry in enumerate(entries, 1)]
    desk.raw.delete_many({})
    desk.raw.insert_many(rewritten(anew))


def give_an_entry_its_own_new_digest(desk: Desk) -> None:
    link = from_doc(desk.docs()[4])
    forged = Link.of(sample_entry(5, at=link.entry.at, by="lin"), link.previous, KEY)
    desk.raw.replace_one({"_id": "intake/5"}, to_doc(forged))


def hide_it_under_another_writer(desk: Desk) -> None:
    desk.raw.update_one({"_id": "intake/9"}, {"$set": {"writer": "survey"}})


TAMPERING: list[tuple[Callable[[Desk], None], tuple[str, str]]] = [
    (set_in(5, by="lin"), ("changed", "intake/5")),
    (set_in(5, why=None), ("changed", "intake/5")),
    (set_in(5, **{"details.round": 6}), ("changed", "intake/5")),
    (set_in(5, **{"subject.id": "V2XB22EG"}), ("changed", "intake/5")),
    (set_in(5, digest="0" * 64), ("changed", "intake/5")),
    (set_in(5, previous="0" * 64), ("changed", "intake/5")),
    (set_in(5, note="x"), ("unreadable", "intake/5")),
    (set_in(5, made_by="router"), ("unreadable", "intake/5")),
    (set_in(5, n=50), ("missing", "intake/5")),
    (set_in(9, n="9"), ("unreadable", "intake/9")),
    (delete_in_the_middle, ("missing", "intake/4")),
    (cut_the_tail, ("cut", "intake/7")),
    (drop_the_collection, ("gone", "intake/1")),
    (rewrite_from_the_fifth_on, ("rewritten", "intake/5")),
    (take_one_out_and_rewrite, ("rewritten", "intake/1")),
    (give_an_entry_its_own_new_digest, ("rewritten", "intake/5")),
]


async def test_a_chain_that_nobody_touched_is_whole(chain: Desk) -> None:
    [found] = await chain.verified()

    last = chain.docs()[-1]
    assert found.damage is None
    assert (found.writer, found.entries, found.anchors) == ("intake", LENGTH, LENGTH)
    assert (found.last_at, found.head) == (last["at"], last["digest"])
    assert (found.unanchored, list(found.torn), found.is_anchored) == (0, [], True)
    assert (found.keyed, found.unjudged) == (LENGTH, None)


@pytest.mark.parametrize(("tamper", "named"), TAMPERING)
async def test_tampering_with_the_database_names_the_first_bad_entry(
    chain: Desk, tamper: Callable[[Desk], None], named: tuple[str, str]
) -> None:
    tamper(chain)

    assert await chain.found() == named


async def test_a_new_writer_hides_nothing(chain: Desk) -> None:
    hide_it_under_another_writer(chain)

    damages = {c.writer: (c.damage.wrong, c.damage.where) for c in await chain.verified()
               if c.damage}  # fmt: skip

    assert damages == {
        "intake": ("cut", "intake/9"),
        "survey": ("unreadable", "intake/9"),
    }


@pytest.mark.parametrize("writer", [None, 7, "", "王", {"$ne": 1}, ["intake"]], ids=str)
async def test_documents_of_no_service_are_named(chain: Desk, writer: Any) -> None:
    chain.raw.insert_one({"_id": "stray", "writer": writer})

    damaged = [found.damage for found in await chain.verified() if found.damage]

    assert {(damage.wrong, damage.where) for damage in damaged} == {("unreadable", "stray")}


async def test_the_first_damage_of_each_writer_is_named(chain: Desk) -> None:
    await chain.record(5, "router")
    await chain.record(5, "survey")
    set_in(3, by="lin")(chain)
    set_in(6, by="lin")(chain)
    chain.raw.delete_one({"_id": "survey/5"})

    named = [(c.writer, c.damage.where if c.damage else None) for c in await chain.verified()]

    assert named == [("intake", "intake/3"), ("router", None), ("survey", "survey/5")]


async def test_what_is_appended_on_a_cut_tail_betrays_the_cut(chain: Desk) -> None:
    cut_the_tail(chain)
    await chain.record(4)

    assert await chain.found() == ("rewritten", "intake/7")


async def test_a_running_process_does_not_mend_a_cut_tail(desk: Desk) -> None:
    trail = desk.trail()
    for _ in range(5):
        await trail.record(CHEN, "person.opened", TICKET)
    desk.raw.delete_one({"_id": "intake/5"})

    await trail.record(CHEN, "person.opened", TICKET)

    assert await desk.found() == ("missing", "intake/5")


@pytest.mark.parametrize("length", [BATCH - 1, BATCH, 2 * BATCH + 3])
async def test_a_long_chain_is_read_in_portions_and_told_of(desk: Desk, length: int) -> None:
    desk.raw.insert_many(docs_of(chained(sample_entry(n) for n in range(1, length + 1))))

    [found] = await desk.verified()

    assert (found.damage, found.entries) == (None, length)
    read = [read for _, read, _ in desk.progress]
    assert read == [*range(BATCH, length, BATCH), length]
    assert {(what, total) for what, _, total in desk.progress} == {("audit", length)}


async def test_what_is_written_meanwhile_is_no_damage(desk: Desk) -> None:
    """Its entry may be behind the last one that is read, and its anchor is there already."""
    links = chained(sample_entry(n) for n in range(1, BATCH + 5))
    *there, young = links
    desk.raw.insert_many(docs_of(there))
    desk.folder.mkdir()
    file = desk.folder / "intake.1.jsonl"
    file.write_bytes(b"".join(to_line(anchor) for anchor in anchors_of(there)))

    def write_more(*_: Any) -> None:
        with file.open("ab") as more:
            more.write(to_line(Anchor.of(young)))

    [found] = await verify(desk.store, [desk.folder], desk.terms, write_more)
    [later] = await desk.verified()

    assert (found.damage, found.entries, found.anchors) == (None, len(there), len(there))
    assert later.damage is not None, "by then its entry is missed"


@pytest.mark.parametrize("how", ["removed", "emptied"])
async def test_without_its_anchors_a_whole_chain_is_whole_but_not_anchored(
    chain: Desk, how: str
) -> None:
    for file in chain.files():
        file.unlink() if how == "removed" else file.write_bytes(b"")

    [found] = await chain.verified()

    assert (found.damage, found.is_anchored, found.anchors) == (None, False, 0)
    assert found.unjudged is Unjudged.UNANCHORED


async def test_an_entry_whose_process_was_killed_before_its_anchor_is_counted(
    chain: Desk,
) -> None:
    [file] = chain.files()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], *lines[4:-1]]))

    [found] = await chain.verified()

    assert (found.damage, found.anchors, found.unanchored) == (None, LENGTH - 2, 2)


async def test_a_torn_last_line_is_told_and_tolerated(chain: Desk) -> None:
    [file] = chain.files()
    file.write_bytes(file.read_bytes()[:-20])

    [found] = await chain.verified()

    assert found.damage is None
    assert list(found.torn) == [f"{file.name}:{LENGTH}"]
    assert (found.anchors, found.unanchored) == (LENGTH - 1, 1)


async def test_a_line_that_cannot_be_read_is_damage(chain: Desk) -> None:
    [file] = chain.files()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], lines[3].replace(b"digest", b"digits"), *lines[4:]]))

    assert await chain.found() == ("bad_anchor", f"{file.name}:4")


async def test_an_anchor_that_was_changed_names_its_entry(chain: Desk) -> None:
    [file] = chain.files()
    digest = chain.docs()[5]["digest"]
    file.write_text(file.read_text("utf-8").replace(digest, "0" * 64), "utf-8")

    assert await chain.found() == ("rewritten", "intake/6")


async def test_an_empty_database_without_anchors_has_nothing_to_verify(desk: Desk) -> None:
    assert await desk.verified() == []


async def test_a_chain_begins_with_what_its_writer_is_called(desk: Desk) -> None:
    """Nobody can pass one service's record off as another's."""
    entry = sample_entry(1, writer="router", subject=Subject(*TICKET))
    desk.raw.insert_one(to_doc(Link.of(entry, genesis("intake"))))

    assert await desk.found() == ("unlinked", "router/1")


def remove_anchors(desk: Desk, writer: str = "intake") -> None:
    for file in desk.files(writer):
        file.unlink()


def rewrite_without_the_key(desk: Desk) -> None:
    """As somebody would who has the database and not the key."""
    entries = [sample_entry(entry.n, at=entry.at, by="lin") for entry in _entries(desk)]
    desk.raw.delete_many({"writer": "intake"})
    desk.raw.insert_many(docs_of(chained(entries)))


def anchor_anew(desk: Desk) -> None:
    remove_anchors(desk)
    lines = (to_line(Anchor.of(from_doc(doc))) for doc in desk.docs())
    (desk.folder / "intake.1.jsonl").write_bytes(b"".join(lines))


@pytest.mark.parametrize("anchors", [remove_anchors, anchor_anew])
async def test_a_chain_made_anew_without_the_key_is_never_whole(
    chain: Desk, anchors: Callable[[Desk], None]
) -> None:
    await chain.record(1, "router")
    rewrite_without_the_key(chain)
    anchors(chain)

    [intake, router] = await chain.verified()
    chain.terms = Terms(KEY, keyed_from_first=True)
    [strict, _] = await chain.verified()

    assert intake.damage is None
    assert intake.unjudged in {Unjudged.UNANCHORED, Unjudged.UNKEYED}
    assert (router.damage, router.unjudged) == (None, None)
    assert strict.damage is not None
    assert (strict.damage.wrong.value, strict.damage.where) == ("unkeyed", "intake/1")


async def test_an_entry_put_in_without_the_key_is_damage(chain: Desk) -> None:
    *_, last = chain.docs()
    young = chained([sample_entry(LENGTH + 1)], after=from_doc(last))[-1]
    chain.raw.insert_one(to_doc(young))

    assert await chain.found() == ("unkeyed", f"intake/{LENGTH + 1}")


async def test_another_key_makes_another_chain(chain: Desk) -> None:
    chain.terms = Terms(b"o" * 32)

    assert await chain.found() == ("changed", "intake/1")


async def test_a_chain_of_before_is_whole_beside_its_anchors_and_goes_on_with_the_key(
    desk: Desk,
) -> None:
    desk.folder.mkdir()
    old = chained(sample_entry(n) for n in range(1, 4))
    desk.raw.insert_many(docs_of(old))
    anchor_anew(desk)

    [before] = await desk.verified()
    await desk.record(2)
    [after] = await desk.verified()

    assert (before.damage, before.unjudged, before.keyed) == (None, None, 0)
    assert (after.damage, after.unjudged, after.keyed, after.entries) == (None, None, 2, 5)


async def test_a_writer_that_is_gone_with_its_anchors_is_missed(chain: Desk) -> None:
    chain.terms = Terms(KEY, writers=frozenset({"intake", "router"}))

    [intake, router] = await chain.verified()

    assert (intake.damage, intake.unjudged) == (None, None)
    assert (router.writer, router.entries, router.damage) == ("router", 0, None)
    assert router.unjudged is Unjudged.ABSENT


@pytest.mark.parametrize(("keyed_from_first", "missed"), [(True, 2), (False, 0)])
async def test_where_all_are_gone_all_are_missed_unless_there_was_no_key_yet(
    desk: Desk, missed: int, *, keyed_from_first: bool
) -> None:
    writers = frozenset({"intake", "router"})
    desk.terms = Terms(KEY, keyed_from_first, writers)

    found = await desk.verified()

    assert [chain.unjudged for chain in found] == [Unjudged.ABSENT] * missed
