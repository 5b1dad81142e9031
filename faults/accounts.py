"""What was accepted, in the auditor's terms: numbers that were answered, and for each confirmed
message the reservation its ticket has, or the entry it is parked as.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from faults.plan import Item
from faults.senders import body_of, key_of
from hotline.promises import Confirmed
from services.intake.queues import REPORTS_ROUTINE
from services.intake.registration.domain import idempotency_key
from shared.contracts import MalformedMessage
from shared.contracts.json_body import read_json_object
from shared.identity import UNNAMED, publisher_principal
from shared.privacy import load_keys

QUEUE_OF_KEY: Final = {
    "ticket.report": "intake.triage",
    "ticket.report.urgent": "intake.arrivals.urgent",
}


class Accounts:
    """Works out ids with the installation's own secret, as only the machine's owner can."""

    def __init__(self, key_file: Path, node_user: str) -> None:
        self._secret = load_keys(key_file).index
        self._node_user = node_user

    def confirmed(self, items: Iterable[Item]) -> list[Confirmed]:
        """What each confirmed message must have become."""
        return [self._of(item) for item in items]

    def _of(self, item: Item) -> Confirmed:
        name = f"{item.name} ({item.kind}, {item.sender})"
        match item.kind:
            case "malformed":
                return Confirmed(name, "", frozenset(self._parked_ids(item, body_of(item))))
            case "conflict":
                # Whichever of the two bodies came second was refused.
                both = (item, replace(item, kind="routine"))
                ids = {id for one in both for id in self._parked_ids(one, body_of(one))}
                return Confirmed(name, "", frozenset(ids))
            case _:
                return Confirmed(name, self._reservation(item))

    def _reservation(self, item: Item) -> str:
        principal = UNNAMED if item.sender == "python" else publisher_principal(self._node_user)
        named = hmac.new(self._secret, f"name:external:{item.name}".encode(), hashlib.sha256)
        key = idempotency_key(self._secret, principal.id, named.hexdigest(), item.report())
        assert key is not None, "every item has a name"
        return key.id

    def _parked_ids(self, item: Item, body: bytes) -> Iterator[str]:
        """Parked where it arrived, or behind triage, where it was written anew."""
        sender = "" if item.sender == "python" else self._node_user
        named = f"{item.name}-{item.kind}\n{sender}".encode()
        yield self._entry(QUEUE_OF_KEY[key_of(item)], named, body)
        if (raw := _read(body)) is not None:
            yield self._entry(REPORTS_ROUTINE.name, named, orjson.dumps(raw))

    def _entry(self, queue: str, named: bytes, body: bytes) -> str:
        """See shared/store/parked.py and shared/bus/failures.py: the id is sealed away."""
        print_ = hmac.new(self._secret, b"parked\0" + named + body, hashlib.sha256).hexdigest()
        return hashlib.sha256(f"{queue}\n\n{print_}".encode()).hexdigest()[:32]


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        return read_json_object(body)
    except MalformedMessage:
        return None
