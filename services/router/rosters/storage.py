"""How rosters are kept: duty lists, shifts and leave."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from cattrs import Converter
from pymongo import ASCENDING, IndexModel

from services.router.rosters.leave import Leave
from services.router.rosters.lists import DutyList, Head
from services.router.rosters.shifts import LONGEST_SHIFT, Shift, cut, plan_again, rest_of
from shared.contracts import Step
from shared.documents import Shape
from shared.policy.duty import LostTelephone, Person
from shared.readers.rosters import HEAD, person_to_doc
from shared.readers.rosters import LEAVES as OF_LEAVES
from shared.readers.rosters import ROSTERS as OF_LISTS
from shared.readers.rosters import SHIFTS as OF_SHIFTS
from shared.store import Collection, CollectionSpec, Doc, Order, Store, Taken


def _teach(converter: Converter) -> None:
    converter.register_unstructure_hook(Person, person_to_doc)


LISTS: Final = CollectionSpec(
    name=OF_LISTS,
    kind="roster",
    shape=Shape(value=DutyList, hooks=_teach, lean={DutyList: ("distinct",)}),
    indexes=(
        # Whoever is put on two lists at the same moment comes to one. Lists of before, which may
        # share somebody, are not in it until they are written anew.
        IndexModel(
            [("people.id", ASCENDING)],
            name="each_once",
            unique=True,
            partialFilterExpression={"distinct": True},
        ),
    ),
)
HEADS: Final = CollectionSpec(
    name=OF_LISTS,
    shape=Shape(value=Head, lean={Head: ("lost",), LostTelephone: ("values",)}),
    version="revision",
)
"""One document beside the lists."""
SHIFTS: Final = CollectionSpec(
    name=OF_SHIFTS,
    kind="shift",
    shape=Shape(
        value=Shift,
        lean={Shift: ("after_leave",)},
        beside=lambda shift: {"counts": shift.counts, "slots": shift.slots},
    ),
    indexes=(
        # Nobody stands in two places at once: each quarter hour of a person is there once.
        IndexModel(
            [("person", ASCENDING), ("slots", ASCENDING)],
            name="once",
            unique=True,
            partialFilterExpression={"counts": True},
        ),
        IndexModel(
            [("place", ASCENDING), ("department", ASCENDING), ("ends", ASCENDING)], name="of_list"
        ),
        IndexModel([("ends", ASCENDING), ("begins", ASCENDING)], name="around"),
    ),
)
LEAVES: Final = CollectionSpec(
    name=OF_LEAVES,
    shape=Shape(value=Leave),
    indexes=(
        IndexModel([("person", ASCENDING), ("ends", ASCENDING)], name="of_person"),
        IndexModel([("ends", ASCENDING), ("begins", ASCENDING)], name="around"),
    ),
)
MOST_SHIFTS: Final = 5_000
"""Of one question; a department of fifty with two shifts a day fills it in fifty days."""
MOST_LISTS: Final = 20_000


async def announce(store: Store) -> None:
    """Let everybody read lists and shifts anew, after whatever changes who is on duty."""
    seen: list[int] = []

    def count_on(head: Head, _now: datetime) -> Step[Head] | None:
        seen.append(head.revision)
        # Whoever was faster has announced this as well.
        return Step(head) if head.revision == seen[0] else None

    await Collection(store, HEADS).change(HEAD, count_on)


async def revision(store: Store) -> int:
    """Of what was announced."""
    head = await Collection(store, HEADS).get(HEAD)
    return head.revision if head else 0


async def all_lists(store: Store) -> list[DutyList]:
    """Every duty list."""
    return await Collection(store, LISTS).find({"_id": {"$ne": HEAD}}, limit=MOST_LISTS)


async def lists_with(store: Store, person: str) -> list[DutyList]:
    """The duty lists on which somebody stands: one, or several of before."""
    query = {"_id": {"$ne": HEAD}, "people.id": person}
    return await Collection(store, LISTS).find(query, limit=MOST_LISTS)


async def take_out(store: Store, shift: Shift, leave: Leave) -> list[Shift]:
    """Cut a shift by somebody's leave, or strike it: what is left of it. Nothing where another was
    faster, who has looked at the same leave, or the next look does.
    """
    if shift.after_leave is not None:
        pieces = await finish_cut(store, shift)
        return [left for piece in pieces for left in await take_out(store, piece, leave)]
    step = cut(shift, leave)
    if step is None:
        return [shift]
    written = await Collection(store, SHIFTS).write_over(shift, step)
    return await finish_cut(store, written) if written is not None and written.counts else []


async def finish_cut(store: Store, shift: Shift) -> list[Shift]:
    """Make a shift of what was left behind a leave: the shift that was cut, and that one."""
    step = rest_of(shift)
    if step is None:
        return [shift]
    rest = await _stand(store, step)
    shifts, whole = Collection(store, SHIFTS), replace(shift, after_leave=None)
    shorter = await shifts.write_over(shift, Step(whole))  # last, so that a kill loses no part
    return [shorter or whole, *([rest] if rest is not None else [])]


async def _stand(store: Store, step: Step[Shift]) -> Shift | None:
    """Write a shift, or let one that was struck count again; None where its person stands
    elsewhere by now.
    """
    shifts, wanted = Collection(store, SHIFTS), step.value
    if await shifts.insert(step, store.clock.now()):
        return replace(wanted, version=1)

    def again(there: Shift, _now: datetime) -> Step[Shift] | None:
        return None if there.counts else plan_again(there, wanted)

    with suppress(Taken):
        changed = await shifts.change(wanted.id, again)
        return changed.after if changed is not None else None
    return None


async def half_cut(store: Store, now: datetime) -> list[Shift]:
    """Shifts of which a kill has left a part unwritten that may still come."""
    recent = {"ends": {"$gt": now - LONGEST_SHIFT}}
    return await find_shifts(store, recent | {"after_leave": {"$type": "object"}})


async def find_shifts(
    store: Store, query: Mapping[str, Any], *, limit: int = MOST_SHIFTS
) -> list[Shift]:
    """Shifts that a query fits, the earliest first."""
    return await Collection(store, SHIFTS).find(query, order=Order("begins"), limit=limit)


def around(begins: datetime, ends: datetime) -> Doc:
    """The question for what lies, even in part, between two moments."""
    return {"begins": {"$lt": ends}, "ends": {"$gt": begins}}
