"""What a repeat of a message shares with it, as a digest fit for a header."""

from __future__ import annotations

import hashlib
import hmac


def name_of_external(secret: bytes, external_id: str) -> str:
    """The name of a report that repeats by its sender's own id."""
    return digest(secret, f"external:{external_id}")


def digest(secret: bytes, chosen: str) -> str:
    """The name that stands for what was chosen."""
    return hmac.new(secret, f"name:{chosen}".encode(), hashlib.sha256).hexdigest()
