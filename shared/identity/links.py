"""Signed links for people without an account: a resident's survey, a contractor's work.

The token is derived from the subject's id, so that whoever holds the secret can make it again
and nothing that opens a page is ever stored or put into an event.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final, Literal

Purpose = Literal["survey", "work"]
_SIGNATURE_BYTES: Final = 12
"""96 bits: not to be guessed, and short enough for a text message."""


def sign_link(purpose: Purpose, subject: str, secret: bytes) -> str:
    """The token of a link: the subject and its signature, fit for a path."""
    return f"{_encoded(subject.encode())}.{_signature(purpose, subject, secret)}"


def read_link(purpose: Purpose, token: str, secret: bytes) -> str | None:
    """The subject of a token, or None when it was not signed here for this purpose."""
    encoded, _, signature = token.partition(".")
    try:
        subject = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        signed = signature.encode()
    except ValueError:
        return None
    good = hmac.compare_digest(signed, _signature(purpose, subject, secret).encode())
    return subject if good else None


def _signature(purpose: str, subject: str, secret: bytes) -> str:
    digest = hmac.new(secret, f"{purpose}:{subject}".encode(), hashlib.sha256).digest()
    return _encoded(digest[:_SIGNATURE_BYTES])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
