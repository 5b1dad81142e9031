"""Reading policy documents: YAML in which `on` is a word, as in `{for: PT15M, on: wall}`.

YAML 1.1, which the library reads, takes on, off, yes and no for booleans; 1.2 does not.
"""

from __future__ import annotations

import re
from typing import Any

import yaml


class _Loader(yaml.CSafeLoader):
    """The safe loader, in C since a lexicon is long, with YAML 1.2's booleans and dates as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag not in _REPLACED]
    for _REPLACED in [{"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def read_yaml(text: str) -> Any:
    """The document in `text`; raises yaml.YAMLError naming line and column."""
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with fewer surprises
