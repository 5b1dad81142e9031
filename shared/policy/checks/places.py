"""The group's tree: nothing hangs in the air, and nothing goes by another's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from shared.contracts.errors import Fault
from shared.policy.checks.raw import Thing, ids, items, things
from shared.policy.local import places_above


def place_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Every place or estate that is not below the group, is there twice or cannot be told apart."""
    everywhere = [*things(documents, "group", "places"), *things(documents, "group", "estates")]
    yield from _hanging(documents, everywhere)
    counted = Counter(thing["id"] for _, thing in everywhere)
    for path in dict.fromkeys(path for path, thing in everywhere if counted[thing["id"]] > 1):
        yield Fault(path, "has an id that is there twice", "give each place and estate its own")
    yield from _alike(list(things(documents, "group", "estates")))


def _hanging(documents: Mapping[str, Any], everywhere: list[Thing]) -> Iterator[Fault]:
    places = ids(documents, "group", "places")
    for path, thing in everywhere:
        within = thing.get("within")
        if not isinstance(within, str):
            continue
        if within not in places:
            yield Fault(f"{path}.within", "hangs in the air: no place has that id",
                        "name a region or company of `group.places`, or leave it out")  # fmt: skip
        elif thing["id"] in places_above(documents, within):
            yield Fault(f"{path}.within", "lies within itself", "name a place further up")


def _alike(estates: list[Thing]) -> Iterator[Fault]:
    """Two estates by one name: a caller who says it would be sent to whichever comes last."""
    owners: dict[str, str] = {}
    for path, estate in estates:
        names = [*((f, estate.get(f)) for f in ("id", "zh", "en")), *_aliases(estate)]
        for field, name in names:
            if not isinstance(name, str):
                continue
            owner = owners.setdefault(name.casefold(), estate["id"])
            if owner != estate["id"]:
                yield Fault(f"{path}.{field}", f"is a name of {owner} as well", "use another name")


def _aliases(estate: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((f"aliases.{n}", name) for n, name in enumerate(items(estate.get("aliases"))))
