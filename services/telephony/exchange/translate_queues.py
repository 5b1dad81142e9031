"""Callers who come, wait and are rung for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_channels import Channel, device_of, party_of
from services.telephony.exchange.translate_document import LeftEvent, OfferedEvent
from services.telephony.exchange.translate_hearing import Hearing, given
from shared.calls.facts import Fact, Kind, Left, Party, Presentation, RangOut

_RINGING_IN: Final = "4"
"""The state of a channel that rang us; one that we ring is not so at its beginning."""
_CAUSES_OF_REFUSING: Final = {"", "16", "17", "21"}
"""Cleared, busy, rejected (Q.850): somebody, or the telephone's own setting, would not have it."""
_OF_STATUS: Final = {
    "BUSY": RangOut.REFUSED,
    "CANCEL": RangOut.CANCELLED,
    "CHANUNAVAIL": RangOut.UNREACHABLE,
    "CONGESTION": RangOut.UNREACHABLE,
}


def begins(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`Newchannel`: a caller, an agent who rings somebody about a call, or one of our own dials."""
    if "Uniqueid" not in block:
        hearing.counts["no_channel"] += 1
        return
    channel = hearing.channels.get(block["Uniqueid"]) or hearing.begin(block)
    hearing.channels.last_born = at
    if block.get("ChannelState") != _RINGING_IN or block.get("Linkedid") != channel.id:
        return
    if channel.who.party is Party.AGENT:
        yield from _consults(hearing, block, at, channel)
    elif not channel.is_half and not hearing.was_dialled(device_of(channel.name)):
        channel.caller = True
        yield _offered(hearing, block, at, channel)


def says(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`UserEvent`: what our own dialplan says."""
    caller, name = hearing.caller(block), block.get("UserEvent")
    events = hearing.document.user_events
    if caller is None:
        return
    if events.offered is not None and name == events.offered.event:
        yield _described(hearing, block, at, caller, events.offered)
    for event in events.left:
        if name == event.event and (left := _left_by(hearing, block, event)) is not None:
            yield hearing.fact(Kind.LEFT, block, at, caller, left=left)


def joins(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`QueueCallerJoin`."""
    caller = hearing.caller(block)
    if caller is not None:
        yield hearing.fact(Kind.QUEUED, block, at, caller, queue=hearing.queue(block))


def leaves(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`QueueCallerLeave`: for whatever reason."""
    caller = hearing.caller(block)
    if caller is not None:
        yield hearing.fact(Kind.LEFT, block, at, caller, queue=hearing.queue(block))


def let_go(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`QueueCallerAbandon`: told of whoever hangs up, and of whoever waited too long as well.

    Where nothing says who asked to hang up, the end of the call has to.
    """
    caller = hearing.caller(block)
    if caller is not None and caller.asked_to_hang_up is None:
        left = Left.LET_GO if hearing.hears_requests else None
        yield hearing.fact(Kind.LEFT, block, at, caller, queue=hearing.queue(block), left=left)


def rings(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`AgentCalled`, and `DialBegin` where a caller was handed on."""
    caller, rung = hearing.caller(block), hearing.channel(block, "Dest")
    if rung is None:
        return
    if rung.who.party is not Party.OUTSIDE:
        hearing.dials(device_of(rung.name))
    if caller is None:
        return
    rung.calls.add(caller.id)
    party, agent = party_of(rung)
    if block["Event"] == "AgentCalled":
        party, agent = Party.AGENT, hearing.member(block).agent
    yield hearing.fact(
        Kind.RINGING,
        block,
        at,
        caller,
        rung.id,
        party=party,
        agent=agent,
        queue=hearing.queue(block),
    )


def rings_out(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`AgentRingNoAnswer` and `DialEnd`; which of the two comes first differs."""
    caller, rung = hearing.caller(block), hearing.channel(block, "Dest")
    status = block.get("DialStatus", "NOANSWER")
    if caller is None or rung is None or status == "ANSWER":
        return
    how = _OF_STATUS.get(status) or _unanswered(rung)
    yield hearing.fact(Kind.RANG_OUT, block, at, caller, rung.id, rang_out=how)


def connects(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`AgentConnect`: a queue has found an agent."""
    caller, rung = hearing.caller(block), hearing.channel(block, "Dest")
    if caller is None or rung is None:
        return
    rung.calls.add(caller.id)
    agent = hearing.member(block).agent
    hearing.counts["unknown_agent"] += agent is None
    caller.hung_up_by = None
    caller.answered_by_wire = rung.id if rung.is_half else None
    yield hearing.fact(
        Kind.ANSWERED,
        block,
        at,
        caller,
        rung.id,
        party=Party.AGENT,
        agent=agent,
        queue=hearing.queue(block),
    )


def _offered(hearing: Hearing, block: Block, at: datetime, caller: Channel) -> Fact:
    trunk, number = caller.who.trunk, given(block, "CallerIDNum")
    line = hearing.document.line_of(trunk, block.get("Exten", ""))
    hearing.counts["unknown_line"] += line is None
    return hearing.fact(
        Kind.OFFERED,
        block,
        at,
        caller,
        line=line,
        trunk=trunk,
        number=hearing.document.whole_number(trunk, number),
        test=hearing.document.is_test(line, number),
    )


def _described(
    hearing: Hearing, block: Block, at: datetime, caller: Channel, event: OfferedEvent
) -> Fact:
    told = given(block, event.presentation)
    withheld = told is not None and re.fullmatch(event.withheld, told) is not None
    shown = None if told is None else Presentation.SHOWN
    return hearing.fact(
        Kind.DESCRIBED,
        block,
        at,
        caller,
        presentation=Presentation.WITHHELD if withheld else shown,
        diverted_from=given(block, event.diverted),
    )


def _left_by(hearing: Hearing, block: Block, event: LeftEvent) -> Left | None:
    status = given(block, event.status)
    left = event.how.get(status or "", event.always)
    hearing.counts["unknown_status"] += left is None
    return left


def _consults(hearing: Hearing, block: Block, at: datetime, channel: Channel) -> Iterator[Fact]:
    """It is of the call with which the agent is; of none, it is talk among ourselves."""
    for other in hearing.channels:
        if other.who.agent == channel.who.agent and other.id != channel.id:
            for caller in hearing.callers_with(other):
                channel.consult_of = caller.id
                agent = channel.who.agent
                yield hearing.fact(Kind.CONSULTED, block, at, caller, channel.id, agent=agent)
                return


def _unanswered(rung: Channel) -> RangOut:
    """By the word of the telephone itself, if it said one."""
    cause = rung.asked_to_hang_up
    if cause is None:
        return RangOut.NO_ANSWER
    return RangOut.REFUSED if cause in _CAUSES_OF_REFUSING else RangOut.UNREACHABLE
