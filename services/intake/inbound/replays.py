"""How a parked report becomes a message again: intake alone opens what it sealed."""

from __future__ import annotations

from shared.bus.relay import OpenEntry
from shared.bus.senders import sealed_entry
from shared.privacy.open import Opener


def open_entry(opener: Opener, secret: bytes) -> OpenEntry:
    """The way back for entries of intake, sealed or not; `secret` vouches for who sent them."""
    return sealed_entry(opener.open_parked, secret)
