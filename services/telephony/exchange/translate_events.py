"""Which event is read by what, and who is there when a listener comes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from services.telephony.exchange import translate_legs as legs
from services.telephony.exchange import translate_members as members
from services.telephony.exchange import translate_queues as queues
from services.telephony.exchange import translate_recorders as recorders
from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_channels import Channel, party_of
from services.telephony.exchange.translate_hearing import Hearing, given
from shared.calls.agents import Membership, Reachable
from shared.calls.facts import Fact, Kind

Told = Fact | Membership | Reachable
Handler = Callable[[Hearing, Block, datetime], Iterator[Told]]

HANDLERS: Final[dict[str, Handler]] = {
    "Newchannel": queues.begins,
    "UserEvent": queues.says,
    "QueueCallerJoin": queues.joins,
    "QueueCallerAbandon": queues.let_go,
    "QueueCallerLeave": queues.leaves,
    "AgentCalled": queues.rings,
    "DialBegin": queues.rings,
    "AgentRingNoAnswer": queues.rings_out,
    "DialEnd": queues.rings_out,
    "AgentConnect": queues.connects,
    "AgentComplete": legs.completes,
    "LocalBridge": legs.ties,
    "BridgeEnter": legs.enters,
    "BridgeLeave": legs.goes,
    "Hold": legs.holds,
    "Unhold": legs.holds,
    "BlindTransfer": legs.hands_on,
    "AttendedTransfer": legs.hands_over,
    "MixMonitorStart": recorders.records,
    "MixMonitorStop": recorders.records,
    "MixMonitorMute": recorders.records,
    "HangupRequest": legs.asks_to_hang_up,
    "Hangup": legs.ends,
    "QueueMemberAdded": members.stands,
    "QueueMemberPause": members.stands,
    "QueueMemberRemoved": members.stands,
    "QueueMemberStatus": members.stands,
    "PeerStatus": members.reaches,
}
"""Everything that a listener has to hear; an exchange's `eventfilter` may leave out all else."""


def survey(hearing: Hearing, listed: list[Block], now: datetime) -> Iterator[Fact]:
    """Whoever is listed is there. Facts are told of callers, and of who is with them."""
    present: list[tuple[Channel, Block]] = []
    for block in listed:
        channel = hearing.channel(block)
        bridge = given(block, "BridgeId")
        if channel is not None:
            present.append((channel, block))
            if bridge is not None:
                hearing.channels.enter(channel.id, bridge)
    with_whom = {caller.id: came for caller, came, _ in hearing.channels.changes()}
    for caller, block in present:
        if caller.caller:
            yield hearing.fact(Kind.SEEN, block, now, caller)
            for leg in sorted(with_whom.get(caller.id, ())):
                other = hearing.channels.get(leg)
                party, agent = party_of(other)
                if other is not None:
                    other.calls.add(caller.id)
                yield hearing.fact(Kind.SEEN, block, now, caller, leg, party=party, agent=agent)
