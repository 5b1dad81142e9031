"""A draft carried over to a newer version: what both changed in the same place, a person decides.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.policy.overlay import has_ids

_GONE: Final = object()


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
