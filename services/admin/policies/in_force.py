"""What the head document's list becomes when something comes into force or leaves it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.admin.policies.domain import Version
from shared.contracts.refusals import NotNow
from shared.contracts.times import written
from shared.policy.versions import VersionInForce, in_force, newest

Entries = Sequence[VersionInForce]
UNSETTLED: Final = timedelta(minutes=1)
"""Longer than any write may take; whoever has not written by then is gone."""


def require_newest(version: Version, entries: Entries) -> None:
    """Raise NotNow (outdated) unless it is based on the newest version: it would undo that one."""
    if version.base != newest(entries):
        raise NotNow(
            "outdated",
            f"It is based on {version.base}, and {newest(entries)} has been approved since",
            f"carry it over: POST /v1/policies/{version.id}/rebase",
        )


def publish(version: Version, entries: Entries, begins: datetime) -> list[VersionInForce]:
    """Let it begin at a time, for good; what is there already stays as it is."""
    if find(version.id, entries):
        return list(entries)
    require_newest(version, entries)
    before = find(version.base, entries)
    if before and begins < before.begins:
        raise NotNow(
            "too-early",
            f"It is based on {before.version}, which begins later, at {written(before.begins)}",
            "let it begin then or later, or withdraw the other one first",
        )
    return [*entries, VersionInForce(version.id, begins)]


def put_at_once(
    version: Version, entries: Entries, now: datetime, until: datetime
) -> list[VersionInForce]:
    """Let it count now, and lapse by itself. Only one such change at a time: of two, nobody could
    say what is left when one lapses.
    """
    present = in_force(entries, now)
    if present and present.until:
        raise NotNow(
            "at-once-already",
            f"{present.version} is in force at once until {written(present.until)}",
            "end it first, and put both changes into one",
        )
    if present is None or present.version != version.base:
        raise NotNow("outdated", "Another version has come into force meanwhile", "send it again")
    return [*entries, VersionInForce(version.id, now, until)]


def keep(version: Version, entries: Entries, now: datetime) -> list[VersionInForce]:
    """What was put in force at once stays, as the newest version."""
    entry = find(version.id, entries)
    if entry and entry.until is None:
        return list(entries)
    if entry is None or not entry.holds(now):
        raise NotNow("lapsed", "It has lapsed already", "draft the change, to be approved")
    require_newest(version, entries)
    return [*(e for e in entries if e != entry), replace(entry, until=None)]


def end(version: Version, entries: Entries, now: datetime) -> list[VersionInForce]:
    """What was put in force at once lapses now."""
    entry = find(version.id, entries)
    if entry is None:
        return list(entries)
    if entry.until is None:
        raise NotNow("in-force", "It was kept", "draft a change of it")
    if not entry.holds(now):
        raise NotNow("lapsed", "It has lapsed already", "nothing is left to end")
    return [replace(e, until=now) if e == entry else e for e in entries]


def take_back(version: Version, entries: Entries, now: datetime) -> list[VersionInForce]:
    """What was approved and has not begun never begins."""
    entry = find(version.id, entries)
    if entry is None:
        return list(entries)
    if entry.begins <= now:
        raise NotNow(
            "in-force",
            "It has come into force",
            "draft a change of it: tickets were promised by it",
        )
    if newest(entries) != version.id:
        raise NotNow("based-upon", f"{newest(entries)} is based on it", "withdraw that one first")
    return [e for e in entries if e != entry]


def require_settled(version: Version, entries: Entries, now: datetime) -> None:
    """Raise NotNow while it is just being put into the list: what is taken back then might come
    into force all the same.
    """
    last = version.decided.at if version.decided else version.made_at
    begun = version.state in {"approved", "at_once"} and last and now < last + UNSETTLED
    if begun and find(version.id, entries) is None:
        raise NotNow("unsettled", "It is being put in force just now", "look again in a minute")


def find(version: str | None, entries: Entries) -> VersionInForce | None:
    """The entry of a version."""
    return next((entry for entry in entries if entry.version == version), None)
