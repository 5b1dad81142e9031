"""What wraps the data keys: the local master key, or a key service that an operator names.

Several may be known at once, by name, so that data keys can be wrapped anew while all goes on:
each says itself by which of them it was wrapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from typing_extensions import override

LOCAL: Final = "local"
Providers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, repr=False)
class KeyWrap:
    """Providers by name, as the driver takes them, and which of them wraps from now on.

    `master_key` is what a key service needs to know of its key; the local one needs nothing.
    """

    providers: Providers
    provider: str = LOCAL
    master_key: Mapping[str, Any] | None = None

    @override
    def __repr__(self) -> str:
        """Never the keys or passwords themselves."""
        return "Wrapping(…)"

    def beside(self, other: KeyService) -> KeyWrap:
        """A key service from now on; what the local keys wrapped can still be read."""
        providers = {**self.providers, **other.providers}
        return KeyWrap(providers, other.provider, other.master_key)


@dataclass(frozen=True, slots=True, repr=False)
class KeyService:
    """A key service as an operator sets it."""

    provider: str
    providers: Providers
    master_key: Mapping[str, Any] | None = None

    @override
    def __repr__(self) -> str:
        """Never the passwords themselves."""
        return f"KeyService({self.provider})"


@dataclass(frozen=True, slots=True, repr=False)
class LocalMasters:
    """The master keys of the key file: the one that wraps, and those before it until every data
    key has been wrapped anew.
    """

    name: str
    key: bytes
    old: Mapping[str, bytes] = field(default_factory=dict)

    @override
    def __repr__(self) -> str:
        """Never the keys themselves."""
        return f"LocalMasters({self.name})"

    def to_wrapping(self) -> KeyWrap:
        """As the vault takes it."""
        keys = {**self.old, self.name: self.key}
        return KeyWrap({name: {"key": key} for name, key in keys.items()}, self.name)
