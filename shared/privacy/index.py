"""Finding a sealed person again by phone or flat, without keeping either: keyed blind indexes."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from shared.privacy.telephone import read_telephone
from shared.words import HAN, plain

FIRST_VERSION: Final = 1
"""Rises when the secret is changed, so that old and new entries can be told apart."""
_COMPOUND: Final = frozenset(
    {"欧阳", "司马", "上官", "诸葛", "司徒", "东方", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐"}
)
"""Family names of two characters."""
_BEGINS_WITH_HAN: Final = re.compile(f"[{HAN}]")


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
        number = read_telephone(phone) if phone else None
        return self.entries("phone", str(number)) if number else []

    def flat(self, estate: str | None, room: str | None) -> str | None:
        """The newest entry of a flat: its digits and letters in order, within its estate."""
        return next(iter(self.flats(estate, room)), None)

    def flats(self, estate: str | None, room: str | None) -> list[str]:
        """Its entries in all versions."""
        if not (estate and room):
            return []
        parts = "-".join(re.findall(r"[0-9A-Za-z]+", room)).lower()
        return self.entries("flat", f"{estate}/{parts}") if parts else []

    def surnames(self, estate: str | None, name: str | None) -> list[str]:
        """The entries of a family name within its estate: 张三, 张女士 and 张先生 share one."""
        surname = surname_of(name or "")
        return self.entries("surname", f"{estate}/{surname}") if surname else []

    def of_caller(self, estate: str | None, caller: Mapping[str, Any]) -> dict[str, list[str]]:
        """All that a caller is found again by, by the fields of a ticket's `index`."""
        return {
            "phone": self.phones(caller.get("phone")),
            "flat": self.flats(estate, caller.get("room")),
            "surname": self.surnames(estate, caller.get("name")),
        }

    def devices(self, device: str | None) -> list[str]:
        """The entries of a device, as its system names it, in all versions."""
        named = " ".join(device.split()).casefold() if device else ""
        return self.entries("device", named) if named else []

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


def surname_of(name: str) -> str:
    """By what a family is called; of a name that is not Chinese all of it."""
    name = plain(name).strip().casefold()
    if not _BEGINS_WITH_HAN.match(name):
        return name
    return name[:2] if name[:2] in _COMPOUND else name[:1]


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
