"""What differs between two policies, as somebody reads it who has to approve it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from shared.policy.overlay import has_ids

ORDER: Final = "order"
"""Stands after the path of a list whose things are the same in another order: for emergency kinds
that is who is dealt with first.
"""


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
