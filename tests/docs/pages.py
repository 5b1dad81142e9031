"""The pages under test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = tuple(
    str(page.relative_to(ROOT))
    for page in sorted(
        [
            *ROOT.glob("*.md"),
            *(page for kept in ("docs", "deploy") for page in (ROOT / kept).rglob("*.md")),
        ]
    )
)
"""Every page that somebody reads."""
_LINK: Final = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NO_ANCHOR: Final = re.compile(r"[^\w\- ]")


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def links_of(page: str) -> list[str]:
    """Addresses of other pages inside the repository, in order."""
    return [link for link, _ in _LINK.findall(read(page)) if link and "://" not in link]


def anchored_links_of(page: str) -> list[tuple[str, str]]:
    """The page and the heading of each link that leads to a heading."""
    folder = (ROOT / page).parent
    return [
        (str((folder / link).resolve().relative_to(ROOT)) if link else page, anchor)
        for link, anchor in _LINK.findall(read(page))
        if anchor and "://" not in link
    ]


def anchors_of(page: str) -> list[str]:
    """What its headings are linked by."""
    headings = _HEADING.findall(_BLOCK.sub("", read(page)))
    return [_NO_ANCHOR.sub("", heading.lower()).replace(" ", "-") for heading in headings]
