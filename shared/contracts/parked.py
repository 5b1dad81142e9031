"""What any service says of messages that it could not handle."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from shared.contracts.base import Event


class ParkedUrgent(Event):
    """A message waits for a person because of which somebody may not have been alerted.

    `parked` is the entry's id, `queue` where it came from, `reason` a code, `publisher` the system
    that sent it, where that is known, and `number` the ticket it is about, where it is an event of
    ours; `at` says when it was parked. `recipients` are who is to be told, where whoever
    reads it has found that out.
    """

    name: ClassVar[str] = "parked.urgent"

    parked: str
    service: str
    queue: str
    reason: str
    publisher: str | None = None
    number: str | None = None
    at: AwareDatetime | None = None
    recipients: tuple[str, ...] = ()
