"""How one listing becomes the next in a browser, and who is shown what."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.console.live.listings import Card, Listing, changes

IDS = st.lists(st.integers(0, 12), unique=True, max_size=10)


def cards(ids: list[int], look: str = "a") -> tuple[Card, ...]:
    return tuple(Card(f"c{i}", f"<li id=c{i}>{look}{i}</li>") for i in ids)


def in_browser(shown: list[tuple[str, str]], ops: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What live.js does with them."""
    now = list(shown)
    for op in ops:
        id = op.get("drop") or op["put"]
        now = [each for each in now if each[0] != id]
        if "put" in op:
            before = [i for i, each in enumerate(now) if each[0] == op["after"]]
            now.insert(before[0] + 1 if before else 0, (id, op["html"]))
    return now


def as_shown(listed: tuple[Card, ...]) -> list[tuple[str, str]]:
    return [(card.id, card.html) for card in listed]


@given(IDS, IDS, st.sets(st.integers(0, 12)))
def test_a_browser_that_does_what_it_is_told_shows_the_list_as_it_is(
    before: list[int], after: list[int], changed: set[int]
) -> None:
    now = tuple(
        Card(c.id, c.html.replace("a", "b")) if int(c.id[1:]) in changed else c
        for c in cards(after)
    )

    ops = changes(cards(before), now)

    assert in_browser(as_shown(cards(before)), ops) == as_shown(now)


@given(IDS)
def test_of_a_list_that_did_not_change_nothing_is_sent(ids: list[int]) -> None:
    assert changes(cards(ids), cards(ids)) == []


@given(IDS, st.integers(0, 9))
def test_what_comes_to_a_list_is_sent_alone(ids: list[int], at: int) -> None:
    new = Card("new", "<li id=new></li>")
    after = (*cards(ids)[:at], new, *cards(ids)[at:])

    assert [op["put"] for op in changes(cards(ids), after)] == ["new"]


def test_a_list_is_for_all_of_one_reach_unless_something_is_about_one_of_them() -> None:
    about_zhou = Card("c1", "<li id=c1></li>", is_about_staff=True)

    assert Listing(cards([3]), total=1).is_for_all
    assert not Listing((about_zhou, *cards([3])), total=2).is_for_all
