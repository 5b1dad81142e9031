"""How a place is said. Pure."""

from __future__ import annotations

from services.console.clients.names import Names
from shared.policy.templates import Language


def place_of(
    estate: str | None, building: str | None, names: Names, language: Language
) -> str | None:
    """An estate and a building, as far as they are known."""
    there = names.estate(estate, language)
    if there is None or not building:
        return there
    return f"{there} {building}号楼" if language == "zh" else f"{there}, building {building}"
