"""The pages under test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_LINK: Final = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def links_of(page: str) -> list[str]:
    """Addresses inside the repository, in order."""
    return [link for link in _LINK.findall(read(page)) if "://" not in link]
