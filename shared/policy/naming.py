"""What a rule is about: it names some of a kind, or none, which means all. Pure."""

from __future__ import annotations

from collections.abc import Container


def fits(*named: tuple[Container[str], str]) -> bool:
    """Whether each found value is among those that the rule names, where it names any."""
    return all(not wanted or found in wanted for wanted, found in named)
