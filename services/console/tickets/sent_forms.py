"""Which forms were sent to this process, so that one that comes again is done once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

MOST_KNOWN: Final = 10_000
"""Forms in memory; of more the oldest are forgotten."""


@dataclass(slots=True)
class SentForm:
    """One form: when it was sent first, and whether what it asks for is done."""

    sent_at: datetime
    is_done: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Two that come at once are one after the other."""


class Sent(NamedTuple):
    """By whom, to which ticket, which act, with which key, and what it says (a digest)."""

    by: str
    number: str
    act: str
    key: str
    words: str


class Forms:
    """Which forms were sent, by whoever sent them, the form's key and what stood in it: one that
    comes again is done once, as far as this process knows. Nobody else's is found by its key, and
    other words are another wish.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Sent, SentForm] = OrderedDict()

    def begin(self, sent: Sent, now: datetime) -> tuple[SentForm, bool]:
        """One that is sent now, and whether it was before: since when then is that first time."""
        is_again = sent in self._known
        form = self._known.setdefault(sent, SentForm(now))
        self._known.move_to_end(sent)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return form, is_again

    def forget(self, sent: Sent) -> None:
        """It was refused, so what comes with its key next is another wish."""
        self._known.pop(sent, None)
