"""Keys of systems: one form, a keyed digest, and the same words whatever is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.identity import InvalidToken
from shared.identity.api_keys import KEY_PREFIX, ApiKey, KeyDigest, digest_of, new_key, read_key

SECRET = b"s" * 32
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ID, SHOWN = new_key()
_, OLDER = new_key(ID)


def key(**more: Any) -> ApiKey:
    facts: dict[str, Any] = {
        "id": ID, "publisher": "resident-app", "places": frozenset({"jinyuan"}),
        "actions": frozenset({"ticket.register"}), "expires_at": LATER,
        "digests": (KeyDigest(digest_of(SHOWN, SECRET)),),
    }  # fmt: skip
    return ApiKey(**(facts | more))


def read(shown: str, *, now: datetime = NOW, **more: Any) -> Any:
    return read_key(shown, {ID: key(**more)}, SECRET, now=now)


def test_a_key_is_its_system_with_its_reach_and_actions() -> None:
    known = read(SHOWN)

    assert (known.id, known.role) == ("system:resident-app", "system")
    assert known.places == {"jinyuan"}
    assert known.actions == {"ticket.register"}


def test_keys_have_one_form_that_scanners_recognise_and_no_two_are_alike() -> None:
    keys = {new_key() for _ in range(50)}

    assert len({id for id, _ in keys}) == len({shown for _, shown in keys}) == 50
    for id, shown in keys:
        assert re.fullmatch(rf"{KEY_PREFIX}{id}_[A-Za-z0-9_-]{{43}}", shown)


@pytest.mark.parametrize(
    ("until", "now", "counts"),
    [
        (None, NOW, True),
        (NOW + timedelta(hours=1), NOW, True),
        (NOW, NOW, False),
        (None, LATER, False),
        (NOW + timedelta(days=9), LATER, False),
    ],
)
def test_an_older_secret_counts_for_its_overlap_and_never_beyond_the_key(
    until: datetime | None, now: datetime, *, counts: bool
) -> None:
    digests = (KeyDigest(digest_of(OLDER, SECRET), until), KeyDigest(digest_of(SHOWN, SECRET)))

    if counts:
        assert read(OLDER, now=now, digests=digests) == read(SHOWN, digests=digests)
    else:
        with pytest.raises(InvalidToken):
            read(OLDER, now=now, digests=digests)


@pytest.mark.parametrize(
    "shown",
    [
        "", KEY_PREFIX, SHOWN[:-1], SHOWN + "x", SHOWN.upper(), OLDER, new_key()[1],
        SHOWN.replace(ID, "a" * 12), f" {SHOWN}", f"{SHOWN}\n", "hk_中文_x",
    ],
    ids=["empty", "prefix", "cut", "longer", "upper", "older", "unknown", "foreign id", "space",
         "line end", "not latin"],
)  # fmt: skip
def test_any_other_key_is_refused_in_the_same_words(shown: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        read(shown)

    assert (
        caught.value.reason == "the key is not valid; ask the hotline's administrator for another"
    )


def test_another_installation_s_digest_does_not_fit() -> None:
    with pytest.raises(InvalidToken):
        read(SHOWN, digests=(KeyDigest(digest_of(SHOWN, b"o" * 32)),))


@given(st.text())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_is_shown_as_a_key_is_refused(shown: str) -> None:
    with pytest.raises(InvalidToken):
        read(KEY_PREFIX + shown)
