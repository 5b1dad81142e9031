"""Lost addresses told from others: by keyed digests, since an address itself stands on its duty
list and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from shared.policy.duty import ADDRESSES, Address, LostTelephone, digest
from shared.privacy import BlindIndex, Keys, read_telephone

REACH_LENGTH: Final = 16
"""Enough to tell the few states apart that one person's addresses are ever in."""


class LostAddresses:
    """Knows an address again. Its secret is its own, and lasts when that of look-ups is changed."""

    def __init__(self, secret: bytes) -> None:
        self._index = BlindIndex(secret)

    @classmethod
    def by(cls, keys: Keys) -> LostAddresses:
        """By the secrets of one installation."""
        return cls(keys.derived("lost-addresses"))

    def entry(self, address: Address, value: str) -> str:
        """The digest of an address; the same however a number is written, or an id's capitals,
        which no provider tells apart.
        """
        return digest(address, self._index.entry(address, _plain(address, value)))

    def entries(self, person: Mapping[str, Any], addresses: Collection[Address]) -> list[str]:
        """The digests of those of these addresses that somebody's entry on a list has."""
        return [self.entry(each, person[each]) for each in addresses if person.get(each)]

    def mute(self, person: Mapping[str, Any], lost: LostTelephone | None) -> tuple[Address, ...]:
        """To which addresses of somebody's entry on a list nothing goes."""
        if lost is None:
            return ()
        return tuple(
            each
            for each in ADDRESSES
            if (value := person.get(each)) and lost.mutes(each, self.entry(each, value))
        )

    def reach(self, person: Mapping[str, Any]) -> str:
        """A digest of all addresses of somebody's entry together."""
        entries = self.entries(person, ADDRESSES)
        return self._index.entry("reach", "\n".join(entries)).partition(":")[2][:REACH_LENGTH]


def _plain(address: Address, value: str) -> str:
    match address:
        case "phone":
            return str(read_telephone(value) or value)
        case "webhook":
            return value
        case _:
            return value.casefold()
