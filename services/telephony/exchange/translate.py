"""Events of an Asterisk manager interface become facts of calls. Pure.

What an event says is put into the trade's terms by the exchange's document. A translator is told
the events of one connection after the other, in order, and keeps in mind only who is with whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_channels import Channels
from services.telephony.exchange.translate_clock import Clock, time_of
from services.telephony.exchange.translate_document import ExchangeDocument
from services.telephony.exchange.translate_events import HANDLERS, Told, survey
from services.telephony.exchange.translate_hearing import Hearing
from services.telephony.exchange.translate_members import listed
from shared.calls.facts import Fact
from shared.calls.gaps import Gap, Why


class Translator:
    """One listener of one exchange. `counts`: what was left out, by why."""

    def __init__(self, document: ExchangeDocument, listener: str = "1") -> None:
        self.counts: Counter[str] = Counter()
        self.clock = Clock()
        self._exchange, self._listener = document.exchange, listener
        self._channels = Channels()
        self._hearing = Hearing(document, self._channels, self.counts)
        self._alive: datetime | None = None
        self._heard_until: datetime | None = None
        self._stopping = False
        self._gap: Gap | None = None
        self._listed: list[Block] | None = None
        self._members: list[Block] = []

    @property
    def unnamed(self) -> set[str]:
        """Some devices that the document does not name."""
        return self._hearing.unnamed

    @property
    def heard_until(self) -> datetime | None:
        """The time of the last event that was heard, by the exchange's clock."""
        return self._alive

    def connect(self) -> None:
        """A new connection begins. What it tells of is no sign that the last one still lived."""
        self._heard_until = self._alive
        self._gap, self._listed, self._members = None, None, []

    def take(self, block: Block, heard_at: datetime) -> Iterator[Told | Gap]:
        """What one block tells. `heard_at` is the listener's time."""
        match block.get("Event"):
            case None:
                return
            case "FullyBooted":
                yield from self._booted(block, heard_at)
            case "CoreShowChannel":
                self._listed = [*(self._listed or []), block]
            case "CoreShowChannelsComplete":
                yield from self._surveyed(heard_at)
            case "QueueMember" if "Timestamp" not in block:
                self._members.append(block)
            case "QueueStatusComplete":
                members, self._members = self._members, []
                yield from listed(self._hearing, members, self.clock.now(heard_at))
            case _ if "Timestamp" not in block:
                # Answers to what was asked come as events without a time.
                self.counts["no_timestamp"] += "ActionID" not in block
            case _:
                yield from self._happened(block, heard_at)

    def _happened(self, block: Block, heard_at: datetime) -> Iterator[Told]:
        at = time_of(block["Timestamp"])
        if at is None:
            self.counts["no_timestamp"] += 1
        elif not self.clock.trusts(at, heard_at):
            self.counts["another_clock"] += 1
        else:
            self._alive = self.clock.last
            self._stopping |= block["Event"] == "Shutdown"
            if self._listed is not None and block["Event"] == "Hangup":
                # It went while the list was being told.
                self._listed = [
                    each for each in self._listed if each.get("Uniqueid") != block.get("Uniqueid")
                ]
            handler = HANDLERS.get(block["Event"])
            if handler is not None:
                yield from handler(self._hearing, block, at)

    def _booted(self, block: Block, heard_at: datetime) -> Iterator[Gap]:
        """The first word on a connection: since when the exchange is up tells what happened."""
        now = self.clock.now(heard_at)
        try:
            booted = now - timedelta(seconds=int(block.get("Uptime", "")))
        except (ValueError, OverflowError):
            booted = None
            self.counts["no_uptime"] += 1
        if self._heard_until is None:
            return
        # Told in whole seconds, rounded down: this is never before it was.
        restarted = booted is not None and booted > self._heard_until
        offers = self._channels.last_born if self._stopping else None
        self._gap = Gap(
            exchange=self._exchange,
            listener=self._listener,
            why=Why.RESTART if restarted else Why.CONNECTION,
            began=self._heard_until,
            ended=max(now, self._heard_until),
            surveyed=restarted,
            offers_from=offers or self._heard_until,
        )
        self._stopping, self._heard_until = False, None
        self._channels.clear()
        yield self._gap

    def _surveyed(self, heard_at: datetime) -> Iterator[Fact | Gap]:
        """Who is there, at last: the channels are known anew, and whoever is not listed is gone."""
        listed, self._listed = self._listed or [], None
        yield from survey(self._hearing, listed, self.clock.now(heard_at))
        if self._gap is not None and not self._gap.surveyed:
            self._gap = replace(self._gap, surveyed=True)
            yield self._gap
