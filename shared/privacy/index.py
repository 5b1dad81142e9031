"""Finding a sealed person again by phone or flat, without keeping either: keyed blind indexes."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Final

import phonenumbers

FIRST_VERSION: Final = 1
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
    """HMAC over the normalised value with the group's secret; equal values, equal entries.

    While the secret is being changed two versions are known: what is kept carries an entry of
    each, so that whoever looks finds it by either.
    """

    def __init__(self, secrets: Mapping[int, bytes] | bytes) -> None:
        """Know secrets by version, or the first one alone."""
        known = {FIRST_VERSION: secrets} if isinstance(secrets, bytes) else dict(secrets)
        self._secrets = dict(sorted(known.items(), reverse=True))

    @property
    def versions(self) -> tuple[int, ...]:
        """All that are known, the newest first."""
        return tuple(self._secrets)

    def phone(self, phone: str | None) -> str | None:
        """The newest entry of a phone number; None for what is no number."""
        return next(iter(self.phones(phone)), None)

    def phones(self, phone: str | None) -> list[str]:
        """Its entries in all versions."""
        number = to_e164(phone) if phone else None
        return self.entries("phone", number) if number else []

    def flat(self, estate: str | None, room: str | None) -> str | None:
        """The newest entry of a flat: its digits and letters in order, within its estate."""
        return next(iter(self.flats(estate, room)), None)

    def flats(self, estate: str | None, room: str | None) -> list[str]:
        """Its entries in all versions."""
        if not (estate and room):
            return []
        parts = "-".join(re.findall(r"[0-9A-Za-z]+", room)).lower()
        return self.entries("flat", f"{estate}/{parts}") if parts else []

    def entry(self, kind: str, value: str) -> str:
        """A keyed digest for `value` as a `kind`, with the index's newest version."""
        return self.entries(kind, value)[0]

    def entries(self, kind: str, value: str) -> list[str]:
        """The same in all versions, the newest first."""
        named = f"{kind}:{value}".encode()
        return [
            f"{version}:{hmac.digest(secret, named, 'sha256').hex()}"
            for version, secret in self._secrets.items()
        ]


Kept = str | list[str]
"""What a document keeps: one entry, or those of all versions while the secret is being changed."""


def kept(**entries: list[str]) -> dict[str, Kept]:
    """The fields of a document's index, without those that have no entry."""
    return {
        field: found[0] if len(found) == 1 else found for field, found in entries.items() if found
    }


def entries_in(value: Kept | None) -> list[str]:
    """The entries that a field holds."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def version_of(entry: str) -> int:
    """The version whose secret made an entry."""
    return int(entry.partition(":")[0])
