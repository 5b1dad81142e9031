"""Whatever is changed, moved, dropped, put in or cut off a chain is found, and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.audit import Damage, Link, Wrong
from shared.audit.chain import to_doc
from tests.audit.samples import (
    KEY,
    anchors_of,
    chained,
    docs_of,
    sample_chain,
    sample_entry,
    walked,
)

Docs = list[dict[str, Any]]
LENGTH = 8
CHAIN = sample_chain(LENGTH)
ANCHORS = anchors_of(CHAIN)
lengths = st.integers(1, LENGTH)
FIELDS = sorted(to_doc(CHAIN[0]))
others = st.none() | st.integers(0, 3) | st.sampled_from(["", "lin", "0" * 64, [], {}, {"a": 1}])


def named(damage: Damage | None) -> tuple[str, str] | None:
    return (damage.wrong.value, damage.where) if damage else None


@pytest.mark.parametrize("anchors", [ANCHORS, ANCHORS[3:], ANCHORS[-1:], [ANCHORS[4]] * 2, []])
def test_a_whole_chain_is_good_however_much_of_it_is_anchored(anchors: Any) -> None:
    assert walked(docs_of(CHAIN), anchors) is None


def test_a_chain_that_has_gone_on_since_its_last_anchor_is_good() -> None:
    assert walked(docs_of(CHAIN), ANCHORS[:3]) is None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(n=lengths, field=st.sampled_from(FIELDS), value=others)
def test_any_change_of_any_field_of_any_entry_is_found(n: int, field: str, value: Any) -> None:
    docs = docs_of(CHAIN)
    if docs[n - 1][field] == value:
        return
    docs[n - 1][field] = value

    damage = walked(docs)

    assert damage is not None
    assert damage.where == (f"intake/{n}" if field != "_id" else str(value))


@pytest.mark.parametrize("n", range(1, LENGTH + 1))
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_taken_out_of_an_entry_names_the_entry(n: int, field: str) -> None:
    docs = docs_of(CHAIN)
    docs[n - 1].pop(field)

    damage = walked(docs)

    assert damage is not None
    assert damage.wrong is Wrong.UNREADABLE
    assert damage.where == (f"intake/{n}" if field != "_id" else "None")


@pytest.mark.parametrize("n", range(1, LENGTH + 1))
def test_another_word_in_an_entry_names_the_entry(n: int) -> None:
    docs = docs_of(CHAIN)
    docs[n - 1]["by"] = "lin"

    assert named(walked(docs)) == ("changed", f"intake/{n}")


@pytest.mark.parametrize("n", range(1, LENGTH))
def test_a_dropped_entry_is_named(n: int) -> None:
    docs = docs_of(CHAIN)
    del docs[n - 1]

    assert named(walked(docs)) == ("missing", f"intake/{n}")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(order=st.permutations(range(LENGTH)))
def test_entries_in_another_order_are_found(order: list[int]) -> None:
    docs = [docs_of(CHAIN)[place] for place in order]

    assert (walked(docs) is None) == (order == sorted(order))


def renumbered(links: list[Link]) -> Docs:
    """Numbers that leave no gap, without the digests that would go with them."""
    return docs_of(replace(link, entry=replace(link.entry, n=n)) for n, link in enumerate(links, 1))


@pytest.mark.parametrize("n", range(LENGTH))
def test_an_entry_that_is_put_in_is_found(n: int) -> None:
    """Nobody can squeeze one in without numbering what follows anew."""
    forged = Link.of(sample_entry(n + 1, by="lin"), CHAIN[n].previous)

    damage = walked(renumbered([*CHAIN[:n], forged, *CHAIN[n:]]), ANCHORS)

    assert damage is not None
    assert damage.where in {f"intake/{n + 1}", f"intake/{n + 2}"}


@pytest.mark.parametrize("n", range(LENGTH))
def test_entries_that_moved_up_into_a_gap_are_found(n: int) -> None:
    docs = renumbered([*CHAIN[:n], *CHAIN[n + 1 :]])

    damage = walked(docs, ANCHORS)

    assert damage is not None
    assert damage.where == f"intake/{n + 1}"
    assert damage.wrong is (Wrong.CUT if n == LENGTH - 1 else Wrong.CHANGED)


@pytest.mark.parametrize("left", range(LENGTH))
def test_a_tail_that_was_cut_names_the_first_entry_that_is_missing(left: int) -> None:
    wrong = "cut" if left else "gone"

    damage = walked(docs_of(CHAIN[:left]), ANCHORS)

    assert named(damage) == (wrong, f"intake/{left + 1}")
    assert damage is not None
    assert f"intake/{LENGTH}" in damage.why


def test_a_tail_that_was_cut_and_grew_again_names_the_first_other_entry() -> None:
    grown = chained([sample_entry(n, by="chen" if n < 6 else "lin") for n in range(1, 12)])

    assert named(walked(docs_of(grown), ANCHORS)) == ("rewritten", "intake/6")


@pytest.mark.parametrize("n", range(1, LENGTH + 1))
def test_a_chain_made_anew_from_an_entry_on_is_found_by_its_anchors(n: int) -> None:
    anew = docs_of(
        chained(sample_entry(m, by="lin" if m == n else "chen") for m in range(1, LENGTH + 1))
    )

    assert walked(anew) is None, "it fits in itself"
    assert named(walked(anew, ANCHORS)) == ("rewritten", f"intake/{n}")
    assert named(walked(anew, ANCHORS[-1:])) == ("rewritten", f"intake/{LENGTH}")


def _by_its_own_digest(links: list[Link]) -> Docs:
    links[3] = Link.of(replace(links[3].entry, by="lin"), links[3].previous)
    return docs_of(links)


def _with_another_link(links: list[Link]) -> Docs:
    links[4] = Link.of(links[4].entry, links[2].digest)
    return docs_of(links)


def _of_another_writer(links: list[Link]) -> Docs:
    foreign = chained(sample_entry(n, writer="router") for n in range(1, LENGTH + 1))
    return docs_of([*links[:4], foreign[4], *links[5:]])


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (_by_its_own_digest, ("unlinked", "intake/5")),
        (_with_another_link, ("unlinked", "intake/5")),
        (_of_another_writer, ("missing", "intake/5")),
    ],
)
def test_what_fits_in_itself_does_not_fit_its_neighbours(
    make: Callable[[list[Link]], Docs], where: tuple[str, str]
) -> None:
    assert named(walked(make(list(CHAIN)))) == where


KEYED = chained((sample_entry(n) for n in range(1, LENGTH + 1)), KEY)


@pytest.mark.parametrize("n", range(1, LENGTH + 1))
def test_an_entry_of_a_keyed_chain_that_is_made_anew_without_the_key_is_found(n: int) -> None:
    plain = chained([sample_entry(n, by="lin")], after=KEYED[n - 2] if n > 1 else None)[-1]
    docs = docs_of([*KEYED[: n - 1], plain])

    assert named(walked(docs)) == (("unkeyed", f"intake/{n}") if n > 1 else None)
    assert named(walked(docs, keyed_from_first=True)) == ("unkeyed", f"intake/{n}")


@pytest.mark.parametrize("field", ["keyed", "digest", "by"])
def test_a_keyed_entry_is_not_passed_off_as_one_of_before(field: str) -> None:
    docs = docs_of(KEYED)
    if field == "keyed":
        del docs[0][field]
    else:
        docs[0][field] = "0" * 64

    assert named(walked(docs)) == ("changed", "intake/1")


def test_a_whole_keyed_chain_is_good_alone_and_behind_one_of_before() -> None:
    behind = [*CHAIN[:3], *chained(
        (sample_entry(n) for n in range(4, 7)), KEY, after=CHAIN[2]
    )[1:]]  # fmt: skip

    assert walked(docs_of(KEYED), anchors_of(KEYED), keyed_from_first=True) is None
    assert walked(docs_of(behind), anchors_of(behind)) is None
    assert named(walked(docs_of(behind), keyed_from_first=True)) == ("unkeyed", "intake/1")
