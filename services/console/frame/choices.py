"""What can be chosen in a form, with its names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.policy.templates import Language


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them: what the form sends, and what is read."""

    value: str
    said: str


def choices(names: Mapping[str, Mapping[str, str]], language: Language) -> list[Choice]:
    """All that have a name, in the order of the policy."""
    return [Choice(id, name.get(language, id)) for id, name in names.items()]
