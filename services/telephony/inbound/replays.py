"""How a parked fact becomes a message again: telephony alone opens what it sealed."""

from __future__ import annotations

from shared.bus.relay import OpenEntry
from shared.bus.senders import sealed_entry
from shared.privacy.open import Opener


def open_entry(opener: Opener, secret: bytes) -> OpenEntry:
    """The way back for entries of telephony; `secret` vouches for which exchange sent them."""
    return sealed_entry(opener.open_parked, secret)
