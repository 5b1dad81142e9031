"""The names of codes, from `names.yaml`: read once, and the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from shared.policy.documents import read_yaml
from shared.policy.templates import Language

Name = Mapping[Language, str]
"""What a code is called, in both languages."""
_FILE: Final = "names.yaml"


@cache
def tables() -> Mapping[str, Mapping[str, Name]]:
    """Every table by its name: code → name, in the order in which people are to read them."""
    read: Mapping[str, Mapping[str, Name]] = read_yaml(
        files(__package__ or "").joinpath(_FILE).read_text("utf-8")
    )
    return MappingProxyType({name: MappingProxyType(dict(table)) for name, table in read.items()})


def names(table: str) -> Mapping[str, Name]:
    """One table; KeyError for one that is not there, which is a fault of ours."""
    return tables()[table]


def name_of(table: str, code: str, language: Language) -> str:
    """What a code is called; a code that nobody has named is shown as it is."""
    found = names(table).get(code)
    return found[language] if found is not None else code
