"""What a translator knows while it hears, and how it puts a fact. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_channels import Channel, Channels, device_of
from services.telephony.exchange.translate_document import ExchangeDocument, Who
from shared.calls.facts import Fact, Kind, Party, fact_id

MOST_DEVICES: Final = 10_000
MOST_UNNAMED: Final = 20
_NOTHING: Final = {"", "<unknown>"}


@dataclass(slots=True)
class Hearing:
    """The exchange's document, its channels in being, and what was counted."""

    document: ExchangeDocument
    channels: Channels
    counts: Counter[str]
    hears_requests: bool = False
    """Whether `HangupRequest` comes at all: an exchange's filter may leave it out."""
    unnamed: set[str] = field(default_factory=set)
    """Some devices that the document does not name, for whoever writes it."""
    members: set[tuple[str, str]] = field(default_factory=set)
    """Who is in which queue."""
    _dialled: set[str] = field(default_factory=set)

    def fact(
        self,
        kind: Kind,
        block: Block,
        at: datetime,
        call: Channel,
        leg: str | None = None,
        **said: Any,
    ) -> Fact:
        """A fact of a call. Its id is made of the event, so that every listener makes the same."""
        subject = call.id if leg is None else f"{call.id}+{leg}"
        return Fact(
            id=fact_id(self.document.exchange, block["Event"], at, subject),
            kind=kind,
            exchange=self.document.exchange,
            call=call.id,
            at=at,
            leg=leg,
            **said,
        )

    def channel(self, block: Block, side: str = "") -> Channel | None:
        """The channel that an event is about; `side` is what its headers begin with.

        One whose beginning went unheard is known from now on.
        """
        id = block.get(f"{side}Uniqueid", "")
        if id in _NOTHING:
            return None
        known = self.channels.get(id)
        if known is None:
            known = self.begin(block, side)
            known.caller = (
                known.who.party is Party.OUTSIDE and block.get(f"{side}Linkedid", "") == id
            )
        return known

    def caller(self, block: Block, side: str = "") -> Channel | None:
        """The same, if it is a caller's."""
        channel = self.channel(block, side)
        return channel if channel is not None and channel.caller else None

    def begin(self, block: Block, side: str = "") -> Channel:
        """A channel comes into being."""
        name = block.get(f"{side}Channel", "")
        channel = Channel(block[f"{side}Uniqueid"], name, self.document.who(device_of(name)))
        if channel.who.party is Party.UNKNOWN and not channel.is_half:
            self.counts["unknown_device"] += 1
            if len(self.unnamed) < MOST_UNNAMED:
                self.unnamed.add(device_of(name))
        return self.channels.add(channel)

    def member(self, block: Block) -> Who:
        """Whose telephone a queue rang: by its name in the queue, else by its channel."""
        by_name = self.document.who(block.get("Interface", ""))
        if by_name.party is Party.AGENT:
            return by_name
        rung = self.channel(block, "Dest")
        return Who(Party.AGENT, agent=rung.who.agent if rung is not None else None)

    def queue(self, block: Block) -> str | None:
        """Our name of the queue, which the document gives or leaves as it is."""
        name = block.get("Queue")
        return None if name is None else self.document.queues.get(name, name)

    def dials(self, device: str) -> None:
        """The exchange rings this device, so it is one of its own."""
        if len(self._dialled) < MOST_DEVICES:
            self._dialled.add(device)

    def was_dialled(self, device: str) -> bool:
        """Whether it ever rang this device."""
        return device in self._dialled

    def callers_with(self, channel: Channel) -> list[Channel]:
        """The callers who are with somebody now."""
        return [c for c in self.channels.callers_in(channel.bridge) if c.id != channel.id]

    def calls_of(self, channel: Channel) -> list[Channel]:
        """The callers whose call a channel is of: itself, whoever is with it, or is to be."""
        if channel.caller:
            return [channel]
        known = (self.channels.get(id) for id in sorted(channel.calls))
        return self.callers_with(channel) or [each for each in known if each is not None]


def given(block: Block, header: str | None) -> str | None:
    """A header's value; None where it is not there or says nothing."""
    value = block.get(header) if header is not None else None
    return None if value is None or value in _NOTHING else value
