"""docs/glossary.md: sorted, each word once, and the code uses the words as they stand there."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from importlib import import_module
from operator import attrgetter
from typing import Final

import pytest

from tests.docs.pages import ROOT, read

TRADE, _, HOUSE = read("docs/glossary.md").partition("\n## One word, one meaning\n")
_ROW: Final = re.compile(r"^\| ([^|]+) \| [^|]*[\u4e00-\u9fff][^|]* \| .+ \|$", re.MULTILINE)
_NAMED: Final = re.compile(r"`([\w.]+):([\w.]+)`")


def rows_of(table: str) -> list[tuple[str, str]]:
    """Each word with its whole line, without the heading's."""
    return [(found[1], found[0]) for found in _ROW.finditer(table)][1:]


WORDS: Final = rows_of(HOUSE)


def classes() -> Mapping[str, set[str]]:
    """The modules in which a class of each name stands."""
    found = defaultdict(set)
    for file in (
        file for root in ("services", "shared", "hotline") for file in (ROOT / root).rglob("*.py")
    ):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].add(module)
    return found


CLASSES: Final = classes()


@pytest.mark.parametrize("table", [TRADE, HOUSE], ids=["trade", "house"])
def test_every_line_is_read_each_word_stands_once_and_they_are_sorted(table: str) -> None:
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    words = [word for word, _ in rows_of(table)]

    assert len(lines) - 1 == len(words)
    assert words == sorted(set(words), key=str.lower)


@pytest.mark.parametrize(
    ("module", "name"), sorted({named for _, line in WORDS for named in _NAMED.findall(line)})
)
def test_what_a_word_stands_for_is_there(module: str, name: str) -> None:
    assert attrgetter(name)(import_module(module))


@pytest.mark.parametrize(("word", "line"), WORDS, ids=[word for word, _ in WORDS])
def test_no_class_uses_a_word_for_something_that_the_table_does_not_say(
    word: str, line: str
) -> None:
    said = {module for module, name in _NAMED.findall(line) if name == word.capitalize()}

    assert CLASSES.get(word.capitalize(), set()) == said
