"""Finding a sealed person again by phone or flat, without keeping either: keyed blind indexes."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

import phonenumbers

INDEX_VERSION: Final = 1
"""Rises when the secret is changed, so that old and new entries can be told apart."""
REGION: Final = "CN"
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
"""What nearly every caller gives; the library, which knows all the others, takes a while."""


def to_e164(phone: str) -> str | None:
    """A number as the world writes it, or None when it is none."""
    if _MOBILE.fullmatch(phone):
        return f"+86{phone}"
    try:
        parsed = phonenumbers.parse(phone, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


class BlindIndex:
    """HMAC over the normalised value with the group's secret; equal values, equal entries."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def phone(self, phone: str | None) -> str | None:
        """The entry of a phone number; None for what is no number."""
        number = to_e164(phone) if phone else None
        return self.entry("phone", number) if number else None

    def flat(self, estate: str | None, room: str | None) -> str | None:
        """The entry of a flat: its digits and letters in order, within its estate."""
        if not (estate and room):
            return None
        parts = "-".join(re.findall(r"[0-9A-Za-z]+", room)).lower()
        return self.entry("flat", f"{estate}/{parts}") if parts else None

    def entry(self, kind: str, value: str) -> str:
        """A keyed digest for `value` as a `kind`, with the index's version."""
        digest = hmac.new(self._secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
        return f"{INDEX_VERSION}:{digest}"
