"""Who is certified for what, from the profiles that the administration keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from shared.store.plain import Plain
from shared.store.store import Store

PROFILES: Final = "profiles"


class CertificateReader:
    """Asks the profiles as they are now; a profile's id is that of the account, and of the duty
    list's person.
    """

    def __init__(self, store: Store) -> None:
        self._profiles = Plain(store, PROFILES)

    async def uncertified(
        self, kinds: Iterable[str], stints: Mapping[str, Iterable[tuple[date, date]]]
    ) -> set[str]:
        """Who of the people lacks a certificate of one of the kinds on a day of one of the stints
        (first and last day).
        """
        wanted = set(kinds)
        if not wanted or not stints:
            return set()
        docs = await self._profiles.find({"_id": {"$in": sorted(stints)}}, limit=len(stints))
        profiles = {doc["_id"]: doc for doc in docs}
        return {
            person
            for person, spans in stints.items()
            for span in spans
            if not all(_has(profiles.get(person), kind, span) for kind in wanted)
        }


def _has(profile: Mapping[str, Any] | None, kind: str, span: tuple[date, date]) -> bool:
    """One certificate, or several that follow each other, on the first and on the last day."""
    held = [c for c in (profile or {}).get("certificates", ()) if c["kind"] == kind]
    return all(any(c["since"].date() <= day <= c["until"].date() for c in held) for day in span)
