"""Whose telephone rings, from the profiles that the administration keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from shared.store.store import Store

PROFILES: Final = "profiles"
MOST: Final = 1_000


class Telephone(NamedTuple):
    """A telephone as its exchange knows it."""

    exchange: str
    extension: str


class TelephoneReader:
    """Asks the profiles as they are now; a profile's id is that of the account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, person: str) -> frozenset[Telephone]:
        """The telephones of somebody; none where no profile says so."""
        doc = await self._store.get(PROFILES, person)
        return frozenset(_telephones(doc or {}))

    async def owners(self, telephones: Iterable[Telephone]) -> Mapping[Telephone, str]:
        """Whose these are, as far as profiles say so; all are asked for at once."""
        wanted = set(telephones)
        if not wanted:
            return {}
        query = {
            "extensions.0": {"$exists": True},
            "extensions.exchange": {"$in": sorted({each.exchange for each in wanted})},
            "extensions.extension": {"$in": sorted({each.extension for each in wanted})},
        }
        docs = await self._store.find(PROFILES, query, limit=MOST, fields=("_id", "extensions"))
        found = {each: str(doc["_id"]) for doc in docs for each in _telephones(doc)}
        return {each: found[each] for each in wanted if each in found}


def _telephones(doc: Mapping[str, Any]) -> list[Telephone]:
    return [Telephone(e["exchange"], e["extension"]) for e in doc.get("extensions", ())]
