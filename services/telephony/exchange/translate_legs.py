"""Who comes to a caller, goes, holds, hands on and hangs up. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_channels import Channel, party_of
from services.telephony.exchange.translate_hearing import Hearing
from shared.calls.facts import EndedBy, Fact, Kind, Party, TransferKind

_DONE: Final = "Success"
_OF_REASON: Final = {"agent": EndedBy.AGENT, "caller": EndedBy.CALLER}
_CANCELLED: Final = "487"
_NO_CAUSE: Final = "0"


def enters(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`BridgeEnter`."""
    channel = hearing.channel(block)
    if channel is not None:
        hearing.channels.enter(channel.id, block.get("BridgeUniqueid", ""))
        yield from changes(hearing, block, at)


def goes(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`BridgeLeave`; whoever has come into another bridge meanwhile stays there."""
    channel = hearing.channel(block)
    if channel is not None and channel.bridge == block.get("BridgeUniqueid"):
        hearing.channels.leave(channel.id)
        yield from changes(hearing, block, at)


def ties(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`LocalBridge`: two halves of a wire."""
    one, two = hearing.channel(block, "LocalOne"), hearing.channel(block, "LocalTwo")
    if one is not None and two is not None:
        hearing.channels.tie(one.id, two.id)
        yield from changes(hearing, block, at)


def holds(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`Hold` and `Unhold` of an agent. Every transfer has an `Unhold` before it, held or not."""
    channel = hearing.channel(block)
    if channel is None or channel.caller:
        return
    kind = Kind.HELD if block["Event"] == "Hold" else Kind.RESUMED
    party, agent = party_of(channel)
    for caller in hearing.callers_with(channel):
        yield hearing.fact(kind, block, at, caller, channel.id, party=party, agent=agent)


def hands_on(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`BlindTransfer`: whom it was meant for shows later."""
    giver = hearing.channel(block, "Transferer")
    if giver is None or block.get("Result") != _DONE:
        return
    for caller in _handed_on(hearing, block, giver):
        yield _transferred(hearing, block, at, caller, giver, TransferKind.BLIND)


def hands_over(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`AttendedTransfer`: from one who has asked the other first."""
    giver = hearing.channel(block, "OrigTransferer")
    if giver is None or block.get("Result") != _DONE:
        return
    target = hearing.channel(block, "TransferTarget")
    for caller in _handed_on(hearing, block, giver):
        yield _transferred(hearing, block, at, caller, giver, TransferKind.ATTENDED, target)


def asks_to_hang_up(hearing: Hearing, block: Block, _at: datetime) -> Iterator[Fact]:
    """`HangupRequest`: this side let go, and nobody else."""
    channel = hearing.channel(block)
    hearing.hears_requests = True
    if channel is None:
        return
    channel.asked_to_hang_up = block.get("Cause", "")
    by = EndedBy.AGENT if channel.who.party is Party.AGENT else EndedBy.OUTSIDE
    for caller in hearing.callers_with(channel):
        caller.hung_up_by = by
    yield from ()


def completes(hearing: Hearing, block: Block, _at: datetime) -> Iterator[Fact]:
    """`AgentComplete`: its reason is worth something only where nobody says who let go."""
    caller = hearing.caller(block)
    if caller is not None and not hearing.hears_requests:
        caller.hung_up_by = _OF_REASON.get(block.get("Reason", ""))
    yield from ()


def ends(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`Hangup`: the end of a call, of a leg, or of a question."""
    channel = hearing.channel(block)
    if channel is None:
        return
    hearing.channels.remove(channel.id)
    if channel.caller:
        by, cause = _ended_by(hearing, block, channel), block.get("Cause")
        yield hearing.fact(Kind.ENDED, block, at, channel, by=by, cause=cause)
    else:
        yield from _leg_ends(hearing, block, at, channel)
    yield from changes(hearing, block, at)


def changes(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """Whoever has come to a caller by an event, or left one."""
    for caller, came, went in hearing.channels.changes():
        for leg in sorted(came):
            other = hearing.channels.get(leg)
            if other is None:
                continue
            other.calls.add(caller.id)
            caller.hung_up_by = None
            party, agent = party_of(other)
            wire, caller.answered_by_wire = caller.answered_by_wire, None
            kind = Kind.JOINED if wire is None else Kind.ANSWERED
            yield hearing.fact(kind, block, at, caller, leg, party=party, agent=agent)
            if wire is not None:
                yield hearing.fact(Kind.PARTED, block, at, caller, wire)
        for leg in sorted(went):
            yield hearing.fact(Kind.PARTED, block, at, caller, leg)


def _ended_by(hearing: Hearing, block: Block, caller: Channel) -> EndedBy | None:
    """Who let go: whoever asked to. Where that is never told, a call that nobody took shows it by
    its cause (the exchange gives one, a caller who hangs up none), and of others it is not known.
    """
    if caller.asked_to_hang_up is not None:
        return EndedBy.CALLER
    if hearing.hears_requests or caller.hung_up_by is not None:
        return caller.hung_up_by or EndedBy.SYSTEM
    if block.get("Cause") == _NO_CAUSE or block.get("TechCause") == _CANCELLED:
        return EndedBy.CALLER
    return None


def _leg_ends(hearing: Hearing, block: Block, at: datetime, channel: Channel) -> Iterator[Fact]:
    for id in sorted(channel.calls):
        caller = hearing.channels.get(id)
        if caller is not None:
            yield hearing.fact(Kind.PARTED, block, at, caller, channel.id)
    asked_about = hearing.channels.get(channel.consult_of or "")
    if asked_about is not None:
        yield hearing.fact(Kind.CONSULT_ENDED, block, at, asked_about, channel.id)


def _handed_on(hearing: Hearing, block: Block, giver: Channel) -> list[Channel]:
    """The caller that is named. Of several together none is: then it is whoever was there."""
    named = hearing.caller(block, "Transferee")
    return [named] if named is not None else hearing.callers_with(giver)


def _transferred(
    hearing: Hearing,
    block: Block,
    at: datetime,
    caller: Channel,
    giver: Channel,
    kind: TransferKind,
    target: Channel | None = None,
) -> Fact:
    to, to_agent = party_of(target) if target is not None else (None, None)
    return hearing.fact(
        Kind.TRANSFERRED,
        block,
        at,
        caller,
        giver.id,
        agent=giver.who.agent,
        transfer=kind,
        to=to,
        to_agent=to_agent,
    )
