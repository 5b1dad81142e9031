"""The walls of pyproject.toml stand where the docs say."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import Any, Final

from tests.docs.pages import ROOT, read

ROOTS: Final = ("services", "shared", "hotline")
_SAID: Final = re.compile(r"(?:^|(?<=[.!?] ))Pure[.:;]")
_SETTINGS: Final[dict[str, Any]] = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]


def test_exactly_what_says_that_it_is_pure_is_kept_pure() -> None:
    [wall] = [
        c for c in _SETTINGS["contracts"] if c["name"].startswith("What says that it is pure")
    ]
    said = {name for name, doc in _docstrings().items() if _SAID.search(doc)}

    assert wall["source_modules"] == sorted(
        name for name in said if not _package_says_it(name, said)
    )


def test_every_package_of_the_product_has_walls() -> None:
    assert set(_SETTINGS["root_packages"]) == set(ROOTS)


def _package_says_it(name: str, said: set[str]) -> bool:
    return any(name.startswith(f"{other}.") for other in said)


def _docstrings() -> dict[str, str]:
    """Of every module, in one line."""
    found = {}
    for file in (file for root in ROOTS for file in (ROOT / root).rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        doc = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        found[name] = " ".join(doc.split())
    return found
