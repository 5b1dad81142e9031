"""The second factor: codes by time (TOTP, RFC 6238) and codes for a lost device. Pure."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

import pyotp

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
