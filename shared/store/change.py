"""One conditional write: the new state and its events together, and whether it won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from shared.contracts import Envelope, Event, Lane
from shared.documents import Doc

KIND: Final[Mapping[str, str]] = {
    "tickets": "ticket",
    "emergencies": "emergency",
    "messages": "message",
    "surveys": "survey",
    "rosters": "roster",
    "shifts": "shift",
    "incidents": "incident",
    "follow_ups": "follow_up",
    "reading_alarms": "reading_alarm",
    "readers": "reader",
    "legal_holds": "legal_hold",
    "privacy_works": "privacy_work",
    "privacy_requests": "privacy_request",
    "parked": "parked",
}
"""The collection's singular, which begins each event's id."""


class Verdict(StrEnum):
    """What became of a write."""

    WON = "won"
    LOST = "lost"
    """Somebody else wrote this version first, or the document is there already (or not there)."""
    TAKEN = "taken"
    """Another document has what only one may have, such as a person in a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one document from `version - 1` to `version`, with the events it causes.

    `lane` is the lane of the write, and of its events as far as they can be urgent.
    `insert` makes the document (version 1); else `set`, `push` and `unset` update it. Both carry
    the events in the same write, so that queue and store cannot disagree. `kind` begins their ids;
    without one there are none, and no outbox. `counted_by` is the field of the version.
    """

    collection: str
    id: str
    version: int
    lane: Lane
    at: datetime
    insert: Mapping[str, Any] | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    push: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    unset: Sequence[str] = ()
    events: Sequence[Event] = ()
    kind: str | None = None
    counted_by: str = "version"

    @classmethod
    def whole(
        cls,
        collection: str,
        id: str,
        version: int,
        fields: Mapping[str, Any],
        *,
        at: datetime,
        events: Sequence[Event],
        new: bool,
    ) -> Self:
        """A routine change that writes all `fields` of a document, or makes it when it is `new`."""
        return cls(
            collection=collection, id=id, version=version, lane="routine", at=at, events=events,
            insert=fields if new else None, set={} if new else fields,
        )  # fmt: skip

    @property
    def speaks(self) -> bool:
        """Whether its document has an outbox."""
        return self.kind is not None or self.collection in KIND

    def envelopes(self, service: str) -> list[Envelope]:
        """The events as they will be published; ids derive from the document's new version."""
        kind = self.kind or KIND.get(self.collection)
        return [
            Envelope.seal(
                event,
                id=f"{kind}/{self.id}/{self.version}/{n}",
                source=f"/hotline/{service}",
                subject=self.id,
                lane=self.lane if event.can_be_urgent else "routine",
                time=self.at,
            )
            for n, event in enumerate(self.events)
        ]


def pending(envelope: Envelope, service: str) -> Doc:
    """An event as it waits in its document's outbox, for `service` to publish and clear."""
    return {
        "id": envelope.id,
        "service": service,
        "lane": envelope.lane,
        "at": envelope.time,
        "key": envelope.routing_key,
        "body": envelope.to_body().decode(),
    }
