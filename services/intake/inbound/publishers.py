"""Who sent a report, also when triage has passed it on; and what a repeat shares with it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from services.intake.queues import REPORTS_ROUTINE, REPORTS_URGENT
from shared.bus import Inbound
from shared.bus.consumers import PRINCIPAL_HEADER
from shared.bus.senders import sender_of
from shared.contracts.refusals import NotYours
from shared.identity import UNNAMED, Principal, publisher_principal
from shared.policy.policy import Group

ReachOf = Callable[[str], frozenset[str]]
PASSED_ON: Final = frozenset({REPORTS_URGENT.name, REPORTS_ROUTINE.name})


def name_of_external(secret: bytes, external_id: str) -> str:
    """The name of a report that repeats by its sender's own id."""
    return digest(secret, f"external:{external_id}")


def digest(secret: bytes, chosen: str) -> str:
    """The name that stands for what was chosen."""
    return hmac.new(secret, f"name:{chosen}".encode(), hashlib.sha256).hexdigest()


def publisher_of(secret: bytes, message: Inbound) -> str | None:
    """The same also of what triage has passed on, with its sender in a header of ours: to these
    queues nobody else writes.
    """
    sender = sender_of(secret, message)
    if sender is None and message.queue in PASSED_ON:
        named = str(message.headers.get(PRINCIPAL_HEADER, ""))
        sender = named.removeprefix(publisher_principal("").id) if named != UNNAMED.id else None
    return sender or None


class Senders:
    """Who a sender of the queue is: a system, within the places of its keys as over HTTP. One that
    never had a key reaches every place, one whose keys have all ended none.
    """

    def __init__(
        self, reach_of: ReachOf, group: Callable[[], Group], *, require_user_id: bool
    ) -> None:
        self._reach_of = reach_of
        self._group = group
        self._require_user_id = require_user_id

    def of(self, user: str | None, *, emergency: bool = False) -> Principal:
        """Who sent what comes under a user that the broker checked, or under none. Raises NotYours
        for the unnamed where a user is required, unless it is an emergency.
        """
        if user:
            return self.named(user)
        if self._require_user_id and not emergency:
            raise NotYours(
                "no-principal",
                "The message has no checked user_id",
                "publish it with the user_id of your own broker user",
            )
        return UNNAMED

    def named(self, user: str) -> Principal:
        """The system that the broker, or triage, named."""
        system = replace(publisher_principal(user), places=self._reach_of(user))
        return system.within(self._group())
