"""Versions of a policy: which is in force at a moment, what differs between two, and a draft
carried over to a newer one. Pure.

In force is one list of what begins when. What ends leaves it: what was before is in force
again, whoever is running then. What both sides of a draft changed in the same place, a person
decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from shared.policy.local import has_ids

JUST_NOW: Final = timedelta(minutes=5)
"""A clock that is measured anew may step back a little; what was in force then is still known."""
ORDER: Final = "order"
"""Stands after the path of a list whose things are the same in another order: for emergency kinds
that is who is dealt with first.
"""
_GONE: Final = object()


@dataclass(frozen=True, slots=True)
class VersionInForce:
    """A version, since when it counts and, if it lapses by itself, until when (not included)."""

    version: str
    begins: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it has begun and has not lapsed."""
        return self.begins <= now and (self.until is None or now < self.until)


def in_force(entries: Iterable[VersionInForce], now: datetime) -> VersionInForce | None:
    """The entry that counts now: what lapses by itself before what stays, then the latest begun,
    then the last approved.
    """
    held = ((e.until is not None, e.begins, n, e) for n, e in enumerate(entries) if e.holds(now))
    return max(held, default=(None,))[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is in force when, in the order in which it was approved: one list in one document."""

    id: str
    edition: int = 0
    in_force: tuple[VersionInForce, ...]


def newest(entries: Sequence[VersionInForce]) -> str | None:
    """The version that a draft must be based on: the last one approved to stay, in force or not."""
    return next((entry.version for entry in reversed(entries) if entry.until is None), None)


def still_needed(entries: Sequence[VersionInForce], now: datetime) -> list[VersionInForce]:
    """The entries that count now or may count later; all others are history."""
    since = now - JUST_NOW
    lasting = [entry for entry in entries if entry.until is None]
    present = in_force(lasting, since)
    return [
        entry
        for entry in entries
        if entry == present or entry.begins > since or (entry.until and entry.until > since)
    ]


class Difference(NamedTuple):
    """One path with what was there and what is there now; None where there is nothing."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> list[Difference]:
    """Everything that differs, in order of path; things with ids are compared by them."""
    return sorted(_differences(before, after, path), key=lambda found: found.path)


def _differences(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() | after.keys():
            yield from _differences(before.get(key), after.get(key), _below(path, key))
    elif before and after and has_ids(before) and has_ids(after):
        yield from _between_things(before, after, path)
    elif before != after or type(before) is not type(after):  # true is not 1, and equals it
        yield Difference(path, before, after)


def _between_things(
    before: list[dict[str, Any]], after: list[dict[str, Any]], path: str
) -> Iterator[Difference]:
    olds, news = ({thing["id"]: thing for thing in things} for things in (before, after))
    for id in olds.keys() | news.keys():
        yield from _differences(olds.get(id), news.get(id), _below(path, id))
    old_order = [thing["id"] for thing in before if thing["id"] in news]
    new_order = [thing["id"] for thing in after if thing["id"] in olds]
    if old_order != new_order:
        yield Difference(_below(path, ORDER), old_order, new_order)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def to_text(found: list[Difference]) -> str:
    """The differences for a terminal: `+` is new, `-` is gone, `~` is now otherwise."""
    return "\n".join(line for difference in found for line in _lines(difference))


def _lines(difference: Difference) -> Iterator[str]:
    path, before, after = difference
    if before is None:
        yield f"+ {path}: {_short(after)}"
    elif after is None:
        yield f"- {path}: {_short(before)}"
    elif isinstance(before, list) and isinstance(after, list) and not path.endswith(f".{ORDER}"):
        gone = [item for item in before if item not in after]
        new = [item for item in after if item not in before]
        yield f"~ {path}:"
        yield from (f"    - {_short(item)}" for item in gone)
        yield from (f"    + {_short(item)}" for item in new)
        if not (gone or new):
            yield f"    now {_short(after)}"
    else:
        yield f"~ {path}: {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def rebased(base: Any, mine: Any, newer: Any) -> tuple[Any, list[str]]:
    """What `mine` made of `base`, done to `newer`; and the paths where both changed the same thing
    otherwise, in order. There the result holds mine.
    """
    conflicts: list[str] = []
    return _merged(base, mine, newer, "", conflicts), sorted(conflicts)


def _merged(base: Any, mine: Any, newer: Any, path: str, conflicts: list[str]) -> Any:
    if newer in (mine, base):
        return mine
    if mine == base:
        return newer
    if isinstance(mine, Mapping) and isinstance(newer, Mapping):
        known = base if isinstance(base, Mapping) else {}
        return _merged_mappings(known, mine, newer, path, conflicts)
    if all(value and has_ids(value) for value in (base, mine, newer)):
        return _merged_things(base, mine, newer, path, conflicts)
    conflicts.append(path)
    return mine


def _merged_mappings(
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
    newer: Mapping[str, Any],
    path: str,
    conflicts: list[str],
) -> dict[str, Any]:
    merged = {}
    for key in dict.fromkeys((*newer, *mine)):
        at = f"{path}.{key}" if path else key
        was, own, other = (side.get(key, _GONE) for side in (base, mine, newer))
        if (value := _merged(was, own, other, at, conflicts)) is not _GONE:
            merged[key] = value
    return merged


def _merged_things(
    base: list[Any], mine: list[Any], newer: list[Any], path: str, conflicts: list[str]
) -> list[Any]:
    """Things by id, in my order where I changed it, else in the newer one."""
    olds, own, others = ({thing["id"]: thing for thing in things} for things in (base, mine, newer))
    merged = _merged_mappings(olds, own, others, path, conflicts)
    common = olds.keys() & own.keys()
    moved = [id for id in own if id in common] != [id for id in olds if id in common]
    order = dict.fromkeys((*own, *others) if moved else (*others, *own))
    return [merged[id] for id in order if id in merged]
