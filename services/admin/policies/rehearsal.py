"""Past requests planned under two policies, and what would differ: numbers, never words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from shared.policy.hearing import hear
from shared.policy.plan import Plan, Reported, plan
from shared.policy.policy import Policy
from shared.triage.classify import Classification

COMPARED: Final = ("type", "area", "urgency", "emergency_kind", "departments", "undecided")
MOST_NAMED: Final = 200
"""So many are looked at by hand; the count goes on."""


@dataclass(frozen=True, slots=True)
class Past:
    """A request of the past: its scrubbed words, its place and when it was registered."""

    number: str
    words: str
    estate: str | None
    at: datetime


@dataclass
class Tally:
    """What would have been otherwise under `draft` than under `present`, so far."""

    present: Policy
    draft: Policy
    done: int = 0
    differing: int = 0
    by: Counter[str] = field(default_factory=Counter)
    named: list[dict[str, Any]] = field(default_factory=list)

    def add(self, requests: Iterable[Past]) -> None:
        """Plan some more under both."""
        for past in requests:
            found = changes(*self._plans(past))
            self.done += 1
            if not found:
                continue
            self.differing += 1
            self.by.update(found.keys())
            if len(self.named) < MOST_NAMED:
                self.named.append({"number": past.number, **found})

    def _plans(self, past: Past) -> tuple[Plan, Plan]:
        heard = _heard(past, self.present)
        again = heard if self._hear_alike else _heard(past, self.draft)
        return _planned(past, heard, self.present), _planned(past, again, self.draft)

    @cached_property
    def _hear_alike(self) -> bool:
        """Whether both take words for the same: then they are listened to once."""
        was, would = self.present, self.draft
        return was.lexicon is would.lexicon and was.taxonomy == would.taxonomy


def changes(was: Plan, would: Plan) -> dict[str, tuple[Any, Any]]:
    """What two plans of one request have otherwise, each with both values; promises by clock."""
    pairs = {name: (getattr(was, name), getattr(would, name)) for name in COMPARED}
    promised = {
        f"promised.{clock}": (was.promised.get(clock), would.promised.get(clock))
        for clock in sorted({*was.promised, *would.promised})
    }
    return {name: pair for name, pair in {**pairs, **promised}.items() if pair[0] != pair[1]}


def _heard(past: Past, policy: Policy) -> Classification:
    return hear(past.words, policy)


def _planned(past: Past, found: Classification, policy: Policy) -> Plan:
    return plan(Reported(text=past.words, estate=past.estate, found=found), policy, past.at)


def past_from_doc(doc: Mapping[str, Any]) -> Past:
    """A ticket's document as it is rehearsed."""
    return Past(doc["_id"], doc.get("scrubbed") or "", doc.get("estate"), doc["registered_at"])
