"""What can go wrong with the store, by what should happen next."""

from __future__ import annotations

from typing import Final

from pymongo import errors

STORE_DOWN: Final = (
    errors.ConnectionFailure,  # AutoReconnect, NotPrimaryError, NetworkTimeout and the rest
    errors.ExecutionTimeout,
    errors.WriteConcernError,  # written somewhere, but the majority has not confirmed it
    errors.WaitQueueTimeoutError,
)
"""The store cannot be reached now: no message is to blame, so none is parked or refused."""


class Taken(Exception):
    """Another document of the collection has what only one may have."""

    def __init__(self, collection: str) -> None:
        super().__init__(f"{collection}: another document has this already")


class Contested(Exception):
    """Too many writers in a row were faster; the document is there and well, try again later."""

    def __init__(self, collection: str, id: str, *, times: int = 5) -> None:
        super().__init__(f"{collection}/{id}: lost against other writers {times} times")
