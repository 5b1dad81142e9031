"""The pages lead somewhere, and both READMEs say the same."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import pytest

from tests.docs.pages import PAGES, ROOT, anchored_links_of, anchors_of, links_of, read

ARCHITECTURE: Final = "docs/architecture.md"
TEN_MINUTES: Final = 2000
"""Words that somebody reads in ten minutes."""
_A_FACT: Final = 40
"""Headings of tables are shorter."""
_FILE: Final = re.compile(r"`((?:services|shared|hotline|tests|faults|bench|docs)/[\w./]+\.\w+)`")
_BLOCK: Final = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent

    assert [link for link in links_of(page) if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_heading_finds_it(page: str) -> None:
    found = anchored_links_of(page)

    assert [(other, anchor) for other, anchor in found if anchor not in anchors_of(other)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = _FILE.findall(read(page))

    assert [file for file in named if not (ROOT / file).exists()] == []


def test_the_architecture_is_read_in_ten_minutes_and_leads_to_all_its_pages_once() -> None:
    pages = {f"architecture/{page.name}" for page in (ROOT / "docs/architecture").glob("*.md")}
    led_to = [link for link in links_of(ARCHITECTURE) if link.startswith("architecture/")]

    assert len(read(ARCHITECTURE).split()) <= TEN_MINUTES
    assert sorted(led_to) == sorted(pages)


def test_no_line_of_the_architecture_stands_twice() -> None:
    pages = (page for page in PAGES if page.startswith("docs/architecture"))
    lines = [line for page in pages for line in read(page).splitlines() if len(line) > _A_FACT]

    assert [line for line, times in Counter(lines).items() if times > 1] == []


def test_both_readmes_show_the_same_commands_and_lead_to_the_same_pages() -> None:
    english, chinese = read("README.md"), read("README.zh.md")

    assert _BLOCK.findall(english) == _BLOCK.findall(chinese)
    assert english.count("\n## ") == chinese.count("\n## ")
    others = {"README.md", "README.zh.md"}
    led = [{_in_any_language(link) for link in links_of(page)} - others for page in sorted(others)]
    assert led[0] == led[1]


def _in_any_language(link: str) -> str:
    """A picture shows the same page in the language of its text."""
    return re.sub(r"-(zh|en)\.png$", ".png", link)


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
