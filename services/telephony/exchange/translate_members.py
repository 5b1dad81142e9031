"""Who is in a queue, paused or away, and which devices the exchange reaches. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_hearing import Hearing, given
from shared.calls.agents import Membership, Reachable
from shared.calls.facts import Party, fact_id

_UNAVAILABLE: Final = "5"
"""The one state of a member's device that can be believed: busy is told while it rings, too."""
_REACHED: Final = {"Reachable": True, "Unreachable": False}


def stands(hearing: Hearing, block: Block, at: datetime) -> Iterator[Membership]:
    """`QueueMemberAdded`, `-Removed`, `-Pause` and `-Status`: each tells all there is to know."""
    who, queue = hearing.document.who(block.get("Interface", "")), hearing.queue(block)
    if who.agent is None or queue is None:
        hearing.counts["unknown_member"] += 1
        return
    signed_on = block["Event"] != "QueueMemberRemoved"
    (hearing.members.add if signed_on else hearing.members.discard)((queue, who.agent))
    yield _membership(hearing, block, at, queue, who.agent, signed_on=signed_on)


def listed(hearing: Hearing, items: list[Block], now: datetime) -> Iterator[Membership]:
    """`QueueMember`, the answer to who is in the queues: whoever is not listed has signed off."""
    present: set[tuple[str, str]] = set()
    for block in items:
        who, queue = hearing.document.who(block.get("Location", "")), hearing.queue(block)
        if who.agent is None or queue is None:
            hearing.counts["unknown_member"] += 1
            continue
        present.add((queue, who.agent))
        yield _membership(hearing, block, now, queue, who.agent, signed_on=True)
    for queue, agent in sorted(hearing.members - present):
        yield _membership(hearing, {"Event": "QueueMember"}, now, queue, agent, signed_on=False)
    hearing.members = present


def _membership(
    hearing: Hearing, block: Block, at: datetime, queue: str, agent: str, *, signed_on: bool
) -> Membership:
    return Membership(
        id=fact_id(hearing.document.exchange, block["Event"], at, f"{queue}+{agent}"),
        exchange=hearing.document.exchange,
        at=at,
        agent=agent,
        queue=queue,
        signed_on=signed_on,
        paused=block.get("Paused") == "1",
        unreachable=block.get("Status") == _UNAVAILABLE,
        reason=given(block, "PausedReason"),
    )


def reaches(hearing: Hearing, block: Block, at: datetime) -> Iterator[Reachable]:
    """`PeerStatus`: that a trunk's far end answers says not that calls arrive."""
    who = hearing.document.who(block.get("Peer", ""))
    reachable = _REACHED.get(block.get("PeerStatus", ""))
    if reachable is not None and who.party is not Party.UNKNOWN:
        yield Reachable(
            id=fact_id(hearing.document.exchange, "PeerStatus", at, block["Peer"]),
            exchange=hearing.document.exchange,
            at=at,
            trunk=who.trunk,
            agent=who.agent,
            reachable=reachable,
        )
