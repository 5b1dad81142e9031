"""The pages lead somewhere, and both READMEs say the same."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.docs.pages import ROOT, links_of, read

PAGES: Final = (
    "README.md",
    "README.zh.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))),
)
_BLOCK: Final = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent

    assert [link for link in links_of(page) if not (folder / link).exists()] == []


def test_both_readmes_show_the_same_commands_and_lead_to_the_same_pages() -> None:
    english, chinese = read("README.md"), read("README.zh.md")

    assert _BLOCK.findall(english) == _BLOCK.findall(chinese)
    assert english.count("\n## ") == chinese.count("\n## ")
    others = {"README.md", "README.zh.md"}
    assert set(links_of("README.md")) - others == set(links_of("README.zh.md")) - others


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = {page.name for page in folder.glob("[0-9]*.md")}

    assert set(links_of("docs/decisions/README.md")) == pages


@pytest.mark.parametrize("page", [page for page in PAGES if "/decisions/0" in page])
def test_every_decision_says_what_would_reopen_it(page: str) -> None:
    text = read(page)

    assert "**Choice.**" in text
    assert "**Rejected" in text
    assert "**Reopened by**" in text
