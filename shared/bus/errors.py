"""Errors of the bus, by what should happen next."""

from __future__ import annotations

from datetime import timedelta


class BrokerDown(Exception):
    """The broker did not confirm in time; whether it has the message is not known."""


class Unroutable(Exception):
    """The broker has no queue for this message."""


class RetryLater(Exception):
    """This message cannot be handled now but may be later: it is parked until then."""

    def __init__(self, reason: str, *, after: timedelta | None = None) -> None:
        self.reason = reason
        self.after = after
        super().__init__(reason)


class Reject(Exception):
    """This message can never be handled as it is: it is parked for a person, with this reason.

    `queue` is where a replay goes, if not to the queue it came from.
    """

    def __init__(self, reason: str, detail: str, *, queue: str | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.queue = queue
        super().__init__(detail)
