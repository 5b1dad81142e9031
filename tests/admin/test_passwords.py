"""What is kept of a password; in a file of its own, since the bench's are made cheap."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher

from services.admin.sessions import passwords as limits
from services.admin.sessions.passwords import Passwords
from shared.contracts.refusals import Away

WORDS = "vier Pferde ziehen am Mond"


async def test_passwords_are_hashed_as_the_library_advises() -> None:
    kept = await Passwords().hash(WORDS)

    assert not PasswordHasher().check_needs_rehash(kept)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_a_password_fits_itself_and_nothing_else() -> None:
    passwords = Passwords()
    kept, again = await passwords.hash(WORDS), await passwords.hash(WORDS)

    assert kept != again
    assert await passwords.fits(WORDS, kept)
    assert not await passwords.fits(WORDS + "!", kept)


@pytest.mark.parametrize("kept", [None, "", "$argon2id$damaged", "plain"])
async def test_nothing_fits_where_no_password_is_kept(kept: str | None) -> None:
    assert not await Passwords().fits(WORDS, kept)


async def test_so_many_wait_for_their_turn_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_IN_HAND", 3)
    passwords = Passwords()
    kept = await passwords.hash(WORDS)

    answers = await asyncio.gather(
        *(passwords.fits(WORDS, kept) for _ in range(5)), return_exceptions=True
    )

    assert answers[:3] == [True] * 3
    for refused in answers[3:]:
        assert isinstance(refused, Away)
        assert refused.wait is not None
    assert await passwords.fits(WORDS, kept), "there is room again"
