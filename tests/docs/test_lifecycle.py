"""docs/lifecycle.md is what the table says."""

from __future__ import annotations

from shared.tickets import ROWS
from shared.tickets.diagram import lifecycle_page
from tests.docs.pages import read


def test_the_page_is_the_table() -> None:
    assert read("docs/lifecycle.md") == lifecycle_page(), (
        "write it anew: python -m shared.tickets.diagram > docs/lifecycle.md"
    )


def test_every_transition_that_is_built_has_its_line_and_its_arrow_where_it_moves() -> None:
    page = lifecycle_page()
    for transition, row in ROWS.items():
        assert (f"| {transition.value} |" in page) == row.is_built
        if row.is_built and row.to is not None:
            assert any(
                f"--> {row.to.value}: " in line and transition.value in line
                for line in page.splitlines()
            )
