"""A brake keeps messages back until somebody releases it. Pure.

`hold` keeps them, and they go out afterwards; what is stopped never goes out. A brake names what it
is for: a template (`purpose`), an incident, an estate, a channel, or several of these. No urgent
message is kept back by it, such as an assignment of an emergency, unless it says so (`urgent`) and
names a template or an incident. Nothing keeps back an alert, or the word that something has gone
wrong (`UNTOUCHED`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from services.notifier.messages import Message, Status
from shared.contracts import Step
from shared.contracts.notifier import Purpose
from shared.documents import Doc

BrakeKind = Literal["hold", "stop"]
UNTOUCHED: Final[frozenset[Purpose]] = frozenset(
    {"alert", "slowed", "spared", "unreached", "parked", "reading_alarm", "link_locked"}
)
"""No brake is for these: the first three are of an emergency, and the others say that a message
reached nobody, that a system's urgent message could not be handled, or that somebody reads or
guesses what is not theirs. Whom such a word is about may be who puts on brakes.
"""
TELLS_UNTOUCHED: Final = "tells_untouched"
"""The fact of a message that tells one of these together with others."""
LEFT_TO_GO: Final = (Status.PENDING, Status.QUEUED, Status.HELD)
"""How a message stands that can still be kept back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """Who keeps back what, since when, why (`note`, scrubbed), and who released it. Without
    `urgent` it is for routine messages alone.
    """

    id: str
    version: int = 0
    kind: BrakeKind
    purpose: Purpose | None
    incident: str | None
    estate: str | None
    channel: str | None
    note: str | None
    by: str
    at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    urgent: bool = False

    @property
    def is_general(self) -> bool:
        """Whether it is for whatever is sent at a place or by a channel: then urgent messages are
        no part of it.
        """
        return self.purpose is None and self.incident is None

    @property
    def is_in_force(self) -> bool:
        """Whether nobody has released it."""
        return self.released_at is None

    @property
    def scope(self) -> Doc:
        """The query of the messages it is for, but for their channel, which is chosen late."""
        named: Doc = {"purpose": self.purpose or {"$nin": sorted(UNTOUCHED)}}
        if self.incident is not None:
            begins = _of(self.incident)
            named["cause.occurrence"] = {"$gte": begins, "$lt": f"{begins}~"}
        if self.estate is not None:
            named["estate"] = self.estate
        if not self.urgent:
            named["lane"] = "routine"
        return named

    def is_for(self, message: Message, channel: str) -> bool:
        """Whether it keeps back a message that is about to go by a channel."""
        if is_untouched(message) or (message.lane == "urgent" and not self.urgent):
            return False
        return (
            self.purpose in {None, message.purpose}
            and (self.incident is None or message.cause.occurrence.startswith(_of(self.incident)))
            and self.estate in {None, message.estate}
            and self.channel in {None, channel}
        )


def is_untouched(message: Message) -> bool:
    """Whether no brake is for a message, also where it tells such a one together with others: of
    all that it tells the brakes were asked a moment before.
    """
    return message.purpose in UNTOUCHED or bool(message.facts.get(TELLS_UNTOUCHED))


def _of(incident: str) -> str:
    """How the messages of an incident are called (`IncidentAnnounced` in the table)."""
    return f"incident/{incident}/"


def brake_for(brakes: Iterable[Brake], message: Message, channel: str) -> Brake | None:
    """The brake that keeps a message back: what stops before what holds."""
    found = [brake for brake in brakes if brake.is_in_force and brake.is_for(message, channel)]
    return min(found, key=lambda brake: brake.kind != "stop", default=None)


def release(brake: Brake, by: str, now: datetime) -> Step[Brake] | None:
    """Nothing is kept back by it any more; None where that is so already."""
    if not brake.is_in_force:
        return None
    return Step(replace(brake, released_by=by, released_at=now))


def brake_view(brake: Brake, counts: dict[str, int]) -> dict[str, Any]:
    """A brake, and how its messages stand."""
    return {
        "id": brake.id,
        "kind": brake.kind,
        "purpose": brake.purpose,
        "incident": brake.incident,
        "estate": brake.estate,
        "channel": brake.channel,
        "urgent": brake.urgent,
        "note": brake.note,
        "by": brake.by,
        "at": brake.at,
        "released_by": brake.released_by,
        "released_at": brake.released_at,
        "messages": counts,
    }
