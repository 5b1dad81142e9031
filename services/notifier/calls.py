"""The reports of one call have one receipt. Pure.

Each receipt stands by itself, under the id of its cause, and waits (`queued`) until nothing more of
its call has come for a while. Then one message tells all of them, as one tells what came too fast
for one of the staff (`bundles`), and each shares its fate. What a call has alone goes by itself, in
its own words, and so does what no machine may tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.notifier.digests import AT_MOST
from services.notifier.messages import Message, Status
from shared.contracts import Step
from shared.contracts.notifier import CALLER
from shared.triage.taxonomy import EMERGENCY

PROMISED: Final = ("arrive", "due", "reply")
"""Facts of a receipt that say by when something is promised."""


def waits_for_call(message: Message, ticket: Mapping[str, Any] | None) -> str | None:
    """The call with whose other receipts a new message is told; None where it goes by itself, as
    all that is no receipt does, and whatever an emergency's caller is told.
    """
    is_emergency = message.lane == "urgent" or message.facts.get("urgency") == EMERGENCY
    if message.purpose != "receipt" or message.recipient != CALLER or is_emergency:
        return None
    return (ticket or {}).get("call")


def await_others(message: Message, call: str, after: timedelta) -> Message:
    """A new receipt, to be told with those of its call and not at once."""
    return replace(message, status=Status.QUEUED, call=call, next_at=leaves_at([message], after))


def leaves_at(waiting: Sequence[Message], after: timedelta) -> datetime:
    """When the receipts of a call leave: so long `after` the last of them. They have waited long
    enough a few minutes after the first, and when anything that they promise is due.
    """
    quiet = max(message.at for message in waiting) + after
    enough = min(message.at for message in waiting) + AT_MOST
    return min([quiet, enough, *_promised(waiting)])


def _promised(waiting: Iterable[Message]) -> Iterable[datetime]:
    found = (message.facts.get(fact) for message in waiting for fact in PROMISED)
    return (at for at in found if at is not None)


def put_off(message: Message, until: datetime) -> Step[Message]:
    """More of its call has come since."""
    return Step(replace(message, next_at=until))


def go_alone(message: Message, now: datetime) -> Step[Message]:
    """It goes by itself after all."""
    return Step(replace(message, status=Status.PENDING, digest=None, next_at=now))


def leave_out(telling: Message, but: Collection[str], now: datetime) -> Step[Message]:
    """The message that tells several tells these alone: what it leaves out names it still, and goes
    by itself when that is seen.
    """
    kept = [n for n, entry in enumerate(telling.entries) if entry in but]
    lines = telling.facts["lines"]
    facts = {**telling.facts, "count": len(kept), "lines": [lines[n] for n in kept]}
    entries = tuple(telling.entries[n] for n in kept)
    return Step(replace(telling, entries=entries, facts=facts, next_at=now))
