"""Agents' profiles to documents and back. Days are kept as their midnight, since BSON has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, Final

from services.admin.domain.profiles import Certificate, Profile, Training
from shared.store import Doc, Store, Verdict
from shared.store.old_paging import page
from shared.store.plain import Plain

COLLECTION: Final = "profiles"
MOST_ENDING: Final = 1_000


class Profiles:
    """The collection `profiles`, in values of the domain."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._profiles = Plain(store, COLLECTION)

    async def get(self, account: str) -> Profile | None:
        """One agent's profile, as it is now."""
        doc = await self._profiles.get(account)
        return _from_doc(doc) if doc else None

    async def save(self, profile: Profile) -> Verdict:
        """Write a profile in place of the one that was read; LOST when it changed meanwhile."""
        fields = _to_doc(replace(profile, version=profile.version + 1))
        if profile.version == 0:
            made = await self._profiles.make({"_id": profile.account, **fields})
            return Verdict.WON if made else Verdict.LOST
        read = {"_id": profile.account, "version": profile.version}
        won = await self._profiles.change(read, {"$set": fields})
        return Verdict.WON if won else Verdict.LOST

    async def listed(self, *, after: str | None, limit: int) -> tuple[list[Profile], str | None]:
        """Profiles by account, and the cursor of the next page."""
        found = await page(self._store, COLLECTION, {}, after=after, limit=limit)
        return [_from_doc(doc) for doc in found.docs], found.next

    async def with_certificates_until(self, day: date) -> list[Profile]:
        """Profiles with a certificate that ends on a day or earlier."""
        query = {"certificates.until": {"$lte": _midnight(day)}}
        return [_from_doc(doc) for doc in await self._profiles.find(query, limit=MOST_ENDING)]


def _to_doc(profile: Profile) -> Doc:
    return {
        "version": profile.version,
        "trainings": [
            {"course": t.course, "passed_on": _midnight(t.passed_on)} for t in profile.trainings
        ],
        "certificates": [
            {"kind": c.kind, "since": _midnight(c.since), "until": _midnight(c.until)}
            for c in profile.certificates
        ],
        "skills": sorted(profile.skills),
        "languages": sorted(profile.languages),
        "dialects": sorted(profile.dialects),
    }


def _from_doc(doc: Mapping[str, Any]) -> Profile:
    return Profile(
        account=doc["_id"],
        version=doc["version"],
        trainings=tuple(Training(t["course"], t["passed_on"].date()) for t in doc["trainings"]),
        certificates=tuple(
            Certificate(c["kind"], c["since"].date(), c["until"].date())
            for c in doc["certificates"]
        ),
        skills=frozenset(doc["skills"]),
        languages=frozenset(doc["languages"]),
        dialects=frozenset(doc["dialects"]),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
