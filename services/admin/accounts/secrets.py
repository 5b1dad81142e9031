"""What is made once and shown once, and what is kept of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token(of: str) -> tuple[str, str]:
    """A token that leads to `of` and cannot be guessed (256 bits), and the digest to keep."""
    secret = secrets.token_urlsafe(32)
    return f"{of}.{secret}", digest(secret)


def read_token(token: str) -> tuple[str, str]:
    """What a token leads to, and the digest of the rest; of rubbish, what fits nothing."""
    of, _, secret = token.rpartition(".")
    return of, digest(secret)


def same(digest: str, other: str) -> bool:
    """Whether two digests are the same, without telling where they begin to differ."""
    return hmac.compare_digest(digest.encode(), other.encode())


def digest(secret: str) -> str:
    """What is kept of a secret that cannot be guessed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
