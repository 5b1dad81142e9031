"""Which version is in force at a moment, and what lapses by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.versions import Head, VersionInForce, in_force, newest, still_needed
from shared.readers.policies import HEADS

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


ONE, TWO, LATER = (
    VersionInForce("one", at(-48)),
    VersionInForce("two", at(-1)),
    VersionInForce("later", at(3)),
)
GLASS = VersionInForce("glass", at(0), until=at(12))


@pytest.mark.parametrize(
    ("entries", "hours", "version"),
    [
        ([], 0, None),
        ([LATER], 0, None),
        ([ONE], 0, "one"),
        ([ONE, TWO], 0, "two"),
        ([TWO, ONE], 0, "two"),
        ([ONE, TWO, LATER], 2.99, "two"),
        ([ONE, TWO, LATER], 3, "later"),
        ([ONE, GLASS], -0.01, "one"),
        ([ONE, GLASS], 0, "glass"),
        ([ONE, GLASS], 11.99, "glass"),
        ([ONE, GLASS], 12, "one"),
        ([ONE, GLASS, LATER], 4, "glass"),
        ([ONE, GLASS, LATER], 12, "later"),
        ([GLASS], 12, None),
    ],
)
def test_the_last_one_begun_counts_and_what_lapses_outranks_it(
    entries: list[VersionInForce], hours: float, version: str | None
) -> None:
    found = in_force(entries, at(hours))

    assert (found.version if found else None) == version


def test_a_draft_is_based_on_the_last_one_approved_to_stay() -> None:
    assert newest([]) is None
    assert newest([ONE, LATER, GLASS]) == "later"
    assert newest([ONE, LATER, TWO]) == "two"


def test_an_entry_is_kept_and_read_as_it_was_with_and_without_an_end() -> None:
    head = Head(id="head", in_force=(ONE, GLASS))

    doc = HEADS.to_doc(head)

    assert HEADS.from_doc({"_id": "head", **doc}) == head
    assert doc["in_force"] == [
        {"version": "one", "from": at(-48)},
        {"version": "glass", "from": at(0), "until": at(12)},
    ]


_ENTRIES = st.lists(
    st.builds(
        lambda n, begins, lasts: VersionInForce(
            str(n), at(begins), at(begins + lasts) if lasts else None
        ),
        st.integers(0, 50), st.integers(-40, 40), st.integers(0, 12),
    ),
    unique_by=lambda entry: entry.version,
)  # fmt: skip


@given(_ENTRIES, st.integers(0, 60))
def test_history_that_is_put_away_changes_nothing_from_now_on(
    entries: list[VersionInForce], hours: int
) -> None:
    needed = still_needed(entries, NOON)

    assert in_force(needed, at(hours)) == in_force(entries, at(hours))
    assert in_force(needed, NOON - timedelta(minutes=4)) == in_force(
        entries, NOON - timedelta(minutes=4)
    )
