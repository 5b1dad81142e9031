"""What any service says of messages that it could not handle."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.base import Event


class ParkedUrgent(Event):
    """A message of an urgent queue waits for a person: nobody was alerted because of it.

    `parked` is the entry's id, `queue` where it came from, `reason` a code, and `publisher` the
    system that sent it, where the broker knew. `recipients` are who is to be told, where whoever
    reads it has found that out.
    """

    name: ClassVar[str] = "parked.urgent"

    parked: str
    service: str
    queue: str
    reason: str
    publisher: str | None = None
    recipients: tuple[str, ...] = ()
