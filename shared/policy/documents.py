"""The documents of a policy as text and as files: YAML in which `on` is a word, as in
`{for: PT15M, on: wall}`; overlays and exports read, exports written. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
import yaml

from shared.policy.local import LOCAL, overlaid

DEEPEST: Final = 40
"""Deeper than any policy, and far from where a reader written by recursion would fall over."""
_BOOLEAN: Final = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_WIDTH: Final = 100
KINDS: Final = ("group", "taxonomy", "lexicon", "calendar", "rules", "templates")
"""The documents every policy is made of."""
COMPLETE: Final = "complete"
"""The mark of a file that holds all there is; one without it changes what it names."""
Documents = dict[str, Any]
_FIRST: Final = ("id", "kind", "zh", "en", "within", "start", "end", "for", "on")
"""Keys that people look for first; all others go by name."""
_RANK: Final = {key: n for n, key in enumerate(_FIRST)}


class _Loader(yaml.CSafeLoader):
    """The safe loader, in C since a lexicon is long, with YAML 1.2's booleans and dates as text."""


class _Dumper(yaml.CSafeDumper):
    """The safe dumper; it puts in quotes what this reader, not YAML 1.1, would misunderstand."""


for _speaker in (_Loader, _Dumper):
    _speaker.yaml_implicit_resolvers = {
        first: [(tag, regex) for tag, regex in resolvers if tag not in _REPLACED]
        for _REPLACED in [{"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _speaker.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))


def read_yaml(text: str) -> Any:
    """The document in `text`; raises yaml.YAMLError naming line and column."""
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with fewer surprises


def read_foreign_yaml(text: str) -> Any:
    """The same for text from outside: what would grow while it is read is refused first.

    Raises yaml.YAMLError, also for an alias and for what lies deeper than DEEPEST.
    """
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"aliases are not read; write it out{_place_of(event)}")
        if depth > DEEPEST:
            raise yaml.YAMLError(f"lies deeper than {DEEPEST} levels{_place_of(event)}")
    return read_yaml(text)


def _place_of(event: yaml.Event) -> str:
    mark = event.start_mark
    return f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""


def write_yaml(value: Any) -> str:
    """The text that is read as this value; the same value always gives the same text."""
    written: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH,
        default_flow_style=None,
    )  # fmt: skip
    return written


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
