"""docs/rights.md is what the table says."""

from __future__ import annotations

from shared.identity.page import page
from tests.docs.pages import read


def test_the_page_is_the_table() -> None:
    assert read("docs/rights.md") == page(), (
        "write it anew: python -m shared.identity.page > docs/rights.md"
    )
