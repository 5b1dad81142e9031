"""docs/where.md names real functions, in the files where they stand."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from operator import attrgetter
from typing import Final

import pytest

from tests.docs.pages import ROOT, links_of, read

PAGE: Final = "docs/where.md"
_ROW: Final = re.compile(r"^\| ([^|]+) \| `([\w.]+):([\w.]+)` \| `([\w./]+)` \|$", re.MULTILINE)
ROWS: Final[list[tuple[str, str, str, str]]] = _ROW.findall(read(PAGE))


@pytest.mark.parametrize(("question", "module", "function", "file"), ROWS)
def test_the_function_is_there(question: str, module: str, function: str, file: str) -> None:
    found = attrgetter(function)(import_module(module))

    assert callable(found), question
    assert inspect.getsourcefile(inspect.unwrap(found)) == str(ROOT / file)


def test_every_line_of_the_tables_is_read() -> None:
    lines = [line for line in read(PAGE).splitlines() if line.startswith("| ")]
    headings = [line for line in lines if line.startswith("| question ")]

    assert len(lines) - len(headings) == len(ROWS)


@pytest.mark.parametrize(
    "asked",
    [
        "department",
        "promised",
        "message",
        "malformed report",
        "When does a deadline fire",
        "Why does an emergency go first",
        "Why does a deadline fire once",
        "How does a value become a document",
        "two change the same",
        "what a service keeps",
        "What does a transition do",
        "Who is told what",
    ],
)
def test_what_is_asked_most_is_answered(asked: str) -> None:
    assert any(asked in question for question, *_ in ROWS)


def test_no_question_has_two_answers() -> None:
    questions = [question for question, *_ in ROWS]
    assert len(set(questions)) == len(questions)


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_readme_leads_here(page: str) -> None:
    assert PAGE in links_of(page)
