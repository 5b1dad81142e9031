"""Errors of the bus, by what should happen next."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from aio_pika.exceptions import AMQPError


class BrokerDown(Exception):
    """The broker did not confirm in time; whether it has the message is not known."""


class Unroutable(Exception):
    """The broker has no queue for this message."""


class RetryLater(Exception):
    """This message cannot be handled now but may be later: it is parked until then.

    `queue` is where it goes then, if not to the queue it came from.
    """

    def __init__(
        self, reason: str, *, after: timedelta | None = None, queue: str | None = None
    ) -> None:
        self.reason = reason
        self.after = after
        self.queue = queue
        super().__init__(reason)


class Reject(Exception):
    """This message can never be handled as it is: it is parked for a person, with this reason.

    `queue` is where a replay goes, if not to the queue it came from; `answered`, that its sender
    has been told, so that nobody else need look at it.
    """

    def __init__(
        self, reason: str, detail: str, *, queue: str | None = None, answered: bool = False
    ) -> None:
        self.reason = reason
        self.detail = detail
        self.queue = queue
        self.answered = answered
        super().__init__(detail)


_OF_THE_CONNECTION: Final = (
    AMQPError,
    OSError,  # ConnectionError and TimeoutError among them
    RuntimeError,
    StopAsyncIteration,  # aiormq, when the handshake ends before it has begun
    BrokerDown,
    Unroutable,
)


def is_loss(error: BaseException) -> bool:
    """Whether the connection to the broker is to blame.

    On a close without a reason aiormq rejects what waits with the bare class `Exception`, or
    cancels it although nobody cancelled the task.
    """
    if isinstance(error, BaseExceptionGroup):  # FastStream's, of what each subscriber raised
        return all(is_loss(each) for each in error.exceptions)
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and not task.cancelling()
    return isinstance(error, _OF_THE_CONNECTION) or type(error) is Exception
