"""Who is certified for what, from the profiles that the administration keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from shared.store.store import Store

PROFILES: Final = "profiles"


class Stint(NamedTuple):
    """Somebody stands from a first to a last day."""

    person: str
    first: date
    last: date


class CertificateReader:
    """Asks the profiles as they are now; a profile's id is that of the account, and of the duty
    list's person.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def uncertified(self, kinds: Iterable[str], stints: Iterable[Stint]) -> set[Stint]:
        """The stints on whose first or last day the person lacks a certificate of one of the kinds;
        the profiles are read once.
        """
        wanted, asked = set(kinds), set(stints)
        if not wanted or not asked:
            return set()
        people = sorted({stint.person for stint in asked})
        docs = await self._store.find(PROFILES, {"_id": {"$in": people}}, limit=len(people))
        profiles = {doc["_id"]: doc for doc in docs}
        return {
            stint
            for stint in asked
            if not all(_has(profiles.get(stint.person), kind, stint) for kind in wanted)
        }


def _has(profile: Mapping[str, Any] | None, kind: str, stint: Stint) -> bool:
    """One certificate, or several that follow each other, on the first and on the last day."""
    held = [c for c in (profile or {}).get("certificates", ()) if c["kind"] == kind]
    return all(
        any(c["since"].date() <= day <= c["until"].date() for c in held)
        for day in (stint.first, stint.last)
    )
