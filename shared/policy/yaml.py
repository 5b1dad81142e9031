"""Policy documents as text: YAML in which `on` is a word, as in `{for: PT15M, on: wall}`.

YAML 1.1, which the library speaks, takes on, off, yes and no for booleans; 1.2 does not.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

DEEPEST: Final = 40
"""Deeper than any policy, and far from where a reader written by recursion would fall over."""
_BOOLEAN: Final = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_WIDTH: Final = 100


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
