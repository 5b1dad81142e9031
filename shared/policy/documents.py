"""The documents of a policy as files: overlays and exports read, exports written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from shared.policy.local import LOCAL
from shared.policy.overlay import overlaid
from shared.policy.yaml import read_foreign_yaml, write_yaml

KINDS: Final = ("group", "taxonomy", "lexicon", "calendar", "rules", "templates")
"""The documents every policy is made of."""
COMPLETE: Final = "complete"
"""The mark of a file that holds all there is; one without it changes what it names."""

Documents = dict[str, Any]
_FIRST: Final = ("id", "kind", "zh", "en", "within", "start", "end", "for", "on")
"""Keys that people look for first; all others go by name."""
_RANK: Final = {key: n for n, key in enumerate(_FIRST)}


def read_documents(text: str, base: Mapping[str, Any]) -> Documents:
    """The documents that a YAML file makes of `base`.

    It holds `<kind>: {…}`, laid over the base: mappings by key, lists by `id`. A file marked
    `complete: true` stands for itself. Raises ValueError, or yaml.YAMLError naming the line.
    """
    return applied(read_foreign_yaml(text) or {}, base)


def applied(changes: Any, base: Mapping[str, Any]) -> Documents:
    """The same for what was read already."""
    known = [*KINDS, LOCAL]
    if not isinstance(changes, Mapping):
        raise ValueError(f"is not a mapping of kinds; known are {known}")  # noqa: TRY004 - a fault of the file, not of the program
    named = {kind: document for kind, document in changes.items() if kind != COMPLETE}
    if unknown := [kind for kind in named if kind not in known]:
        raise ValueError(f"unknown kinds {sorted(map(str, unknown))}; known are {known}")
    if changes.get(COMPLETE) is True:
        return kept(named)
    return kept({**base, **{kind: overlaid(base.get(kind, {}), named[kind]) for kind in named}})


def kept(documents: Mapping[str, Any]) -> Documents:
    """The documents as a store keeps them: text, numbers, lists and mappings by text.

    Raises ValueError for what it could not keep, such as an integer beyond 53 bits.
    """
    try:
        plain = orjson.dumps(documents, option=orjson.OPT_STRICT_INTEGER)
    except (TypeError, ValueError) as error:
        raise ValueError("holds what no policy can keep: use text and plain numbers") from error
    if b"\\u0000" in plain:
        raise ValueError("holds a character that no policy can keep")
    found: Documents = orjson.loads(plain)
    return found


def write_documents(documents: Mapping[str, Any]) -> str:
    """All documents as one YAML file, which `read_documents` reads as the same documents.

    Documents that are the same give the same text, in whatever order they were written.
    """
    kinds = [kind for kind in (*KINDS, LOCAL) if kind in documents]
    return write_yaml({COMPLETE: True, **{kind: _in_order(documents[kind]) for kind in kinds}})


def _in_order(value: Any) -> Any:
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: (_RANK.get(key, len(_RANK)), key))
        return {key: _in_order(value[key]) for key in keys}
    return [_in_order(item) for item in value] if isinstance(value, list) else value
