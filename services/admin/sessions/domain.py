"""Rules of signing in: which passwords are taken, codes of the second factor (TOTP, RFC 6238), and
how long somebody stays signed in. Pure.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

import pyotp

from services.admin.accounts.domain import Binding
from shared.contracts import MalformedMessage
from shared.contracts.refusals import Away, NotSignedIn, Refused
from shared.identity.tokens import SessionMark

WHOLE: Final = timedelta(hours=12)
"""No shift is longer."""
IDLE: Final = timedelta(hours=1)
REFRESHES_REMEMBERED: Final = 100
"""A used refresh token that is shown again is known as such so far back: all of a session that is
refreshed every ten minutes, and some more."""
TOUCHED_EVERY: Final = timedelta(minutes=1)
"""That a browser's session is used is written down no more often: nine tabs are one reader."""
How = Literal["password", "provider"]
Ending = Literal["signed_out", "stolen", "account_changed"]
Refusal = Literal[
    "sign-in",
    "refresh",
    "session",
    "invitation",
    "unknown-state",
    "declined",
    "code-refused",
    "provider-away",
    "id-token",
    "no-account",
    "no-second-factor",
]
"""Why nobody was signed in, as a code. `sign-in` is one word for many reasons, on purpose."""
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200
"""Longer ones would only make hashing dear."""
COMMONEST_PASSWORDS: Final = frozenset(
    {
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456789123",
        "012345678901",
        "0123456789ab",
        "0123456789abc",
        "111111111111",
        "000000000000",
        "888888888888",
        "666666666666",
        "112233445566",
        "121212121212",
        "123123123123",
        "123456123456",
        "987654321098",
        "abcdefghijkl",
        "abcd12345678",
        "abc123456789",
        "aaaaaaaaaaaa",
        "a12345678910",
        "a123456789012",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdf",
        "qwerty123456",
        "qwerty12345678",
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6y7u",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "q1w2e3r4t5y6",
        "zxcvbnm12345",
        "asdfghjkl123",
        "asdfghjkl;'\\",
        "password1234",
        "password12345",
        "password123!",
        "passwordpassword",
        "p@ssw0rd1234",
        "p@ssword1234",
        "passw0rd1234",
        "changeme1234",
        "changemenow1",
        "letmein12345",
        "welcome12345",
        "welcome123456",
        "iloveyou1234",
        "iloveyou12345",
        "sunshine1234",
        "administrator",
        "administrator1",
        "administrator123",
        "admin1234567",
        "admin12345678",
        "admin@123456",
        "adminadmin12",
        "woaini1314520",
        "woaini520131",
        "woaini123456",
        "5201314520131",
        "wodemima1234",
        "estateline12",
        "estateline123",
        "estateline1234",
        "property1234",
        "hotline12345",
        "wuyefuwu1234",
    }
)
"""What is tried first of all, in the simple form of `_simple`."""
ISSUER: Final = "Estateline"
STEP_SECONDS: Final = 30
WINDOW: Final = 1
"""Steps before and after that count too: clocks of phones, and time to type."""
RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for each other."""
_GROUPS: Final = 3
_GROUP: Final = 4
_TOTP: Final = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in; of refresh tokens only digests are kept. That of a `browser` is
    no such token but a secret that stays the same and counts with the console's key alone.
    """

    id: str
    version: int = 0
    account: str
    edition: int
    how: How
    unfinished: bool
    started_at: datetime
    refreshed_at: datetime
    refresh: str
    used: tuple[str, ...] = ()
    ended_at: datetime | None = None
    why: Ending | None = None
    browser: bool = False

    def is_over(self, now: datetime) -> bool:
        """Whether it was ended, or ended by itself."""
        too_long = now >= self.started_at + WHOLE or now >= self.refreshed_at + IDLE
        return self.ended_at is not None or too_long

    def mark(self) -> SessionMark:
        """What its tokens carry."""
        return SessionMark(self.id, self.edition, self.unfinished)


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom an identity provider vouches for, and whether by a second factor."""

    binding: Binding
    second_factor: bool


def rotate(session: Session, refresh: str, now: datetime) -> Session:
    """Another refresh token in place of the present one, which is remembered as used."""
    used = (*session.used, session.refresh)[-REFRESHES_REMEMBERED:]
    return replace(session, refresh=refresh, refreshed_at=now, used=used)


def touch(session: Session, now: datetime) -> Session:
    """Used again, by a browser: it stays so long from now on. The same where that is known."""
    is_known = now < session.refreshed_at + TOUCHED_EVERY or session.is_over(now)
    return session if is_known else replace(session, refreshed_at=now)


def end(session: Session, why: Ending, now: datetime) -> Session:
    """Over for good; the same when it had ended before."""
    return session if session.ended_at else replace(session, ended_at=now, why=why)


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
        (
            len(password) < SHORTEST_PASSWORD,
            f"is shorter than {SHORTEST_PASSWORD} characters",
            "use a sentence, or several words",
        ),
        (
            len(password) > LONGEST_PASSWORD,
            f"is longer than {LONGEST_PASSWORD} characters",
            "shorten it",
        ),
        (simple == _simple(account), "is the name of the account", "use words of your own"),
        (
            simple in COMMONEST_PASSWORDS,
            "is one of those that are tried first",
            "use several words that do not belong together",
        ),
    ]
    return [(fault, remedy) for holds, fault, remedy in faults if holds]


def _simple(text: str) -> str:
    return as_hashed(text).casefold().strip()


def new_secret() -> str:
    """A new secret, as apps take it by hand."""
    return pyotp.random_base32()


def address_of(secret: str, account: str) -> str:
    """The `otpauth:` address that apps read from a square of dots."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def step_of(secret: str | None, code: str, *, at: float, after: int = -1) -> int | None:
    """The time step of a code around `at` (seconds since 1970), or None when it is no code of that
    time, or not `after` the last one that was used. A secret that could not be opened has none.
    """
    if secret is None or not _TOTP.fullmatch(code):
        return None
    now, totp = int(at) // STEP_SECONDS, pyotp.TOTP(secret)
    steps = range(now - WINDOW, now + WINDOW + 1)
    fitting = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return next((step for step in fitting if step > after), None)


def new_recovery_codes() -> list[str]:
    """Codes that count once each: 59 bits, kept as keyed digests."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_GROUP))


def plain_code(typed: str) -> str:
    """A code without what people type between its parts."""
    return re.sub(r"[\s-]", "", typed).lower()


def not_signed_in(reason: Refusal) -> Refused:
    """Nobody was signed in; nothing of what was shown is repeated."""
    if reason == "provider-away":
        return Away(reason, "The identity provider does not answer", "try again in a moment")
    return NotSignedIn(
        "not-signed-in",
        "What was shown does not sign anybody in",
        "try once more; if that does not help, ask the administrator",
        reason=reason,
    )
