"""Which passwords are taken. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from shared.contracts import MalformedMessage

SHORTEST: Final = 12
LONGEST: Final = 200
"""Longer ones would only make hashing dear."""
COMMONEST: Final = frozenset({
    "123456789012", "1234567890123", "12345678901234", "123456789123", "012345678901",
    "0123456789ab", "0123456789abc", "111111111111", "000000000000", "888888888888",
    "666666666666", "112233445566", "121212121212", "123123123123", "123456123456",
    "987654321098", "abcdefghijkl", "abcd12345678", "abc123456789", "aaaaaaaaaaaa",
    "a12345678910", "a123456789012", "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf",
    "qwerty123456", "qwerty12345678", "1q2w3e4r5t6y", "1q2w3e4r5t6y7u", "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv", "q1w2e3r4t5y6", "zxcvbnm12345", "asdfghjkl123", "asdfghjkl;'\\",
    "password1234", "password12345", "password123!", "passwordpassword", "p@ssw0rd1234",
    "p@ssword1234", "passw0rd1234", "changeme1234", "changemenow1", "letmein12345",
    "welcome12345", "welcome123456", "iloveyou1234", "iloveyou12345", "sunshine1234",
    "administrator", "administrator1", "administrator123", "admin1234567", "admin12345678",
    "admin@123456", "adminadmin12", "woaini1314520", "woaini520131", "woaini123456",
    "5201314520131", "wodemima1234", "estateline12", "estateline123", "estateline1234",
    "property1234", "hotline12345", "wuyefuwu1234",
})  # fmt: skip
"""What is tried first of all, in the simple form of `_simple`."""


def take_password(password: str, account: str) -> str:
    """The password as it is hashed: the same however its letters were typed.

    Raises MalformedMessage saying what is wrong with it and the way out, never the password.
    """
    for fault, remedy in _faults(password, account):
        raise MalformedMessage("password", fault, remedy)
    return as_hashed(password)


def as_hashed(password: str) -> str:
    """One form for what different keyboards make of the same letters."""
    return unicodedata.normalize("NFKC", password)


def _faults(password: str, account: str) -> list[tuple[str, str]]:
    simple = _simple(password)
    faults = [
        (len(password) < SHORTEST, f"is shorter than {SHORTEST} characters",
         "use a sentence, or several words"),
        (len(password) > LONGEST, f"is longer than {LONGEST} characters", "shorten it"),
        (simple == _simple(account), "is the name of the account", "use words of your own"),
        (simple in COMMONEST, "is one of those that are tried first",
         "use several words that do not belong together"),
    ]  # fmt: skip
    return [(fault, remedy) for holds, fault, remedy in faults if holds]


def _simple(text: str) -> str:
    return as_hashed(text).casefold().strip()
