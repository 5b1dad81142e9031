"""Who records a call, and when that rests. Pure.

"Recording" is here what was said; a stream of events that was written down is in
`translate_recording`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.telephony.exchange.translate_blocks import Block
from services.telephony.exchange.translate_hearing import Hearing
from shared.calls.facts import Fact, Kind, Recorder

_OF_EVENT: Final = {
    "MixMonitorStart": Recorder.STARTED,
    "MixMonitorStop": Recorder.STOPPED,
}
_OF_STATE: Final = {"1": Recorder.PAUSED, "0": Recorder.RESUMED}
_BOTH_SIDES: Final = "both"


def records(hearing: Hearing, block: Block, at: datetime) -> Iterator[Fact]:
    """`MixMonitorStart`, `-Stop` and `-Mute`, of the caller's channel or of a leg's."""
    channel, done = hearing.channel(block), _done_in(block)
    if channel is None or done is None:
        return
    leg = None if channel.caller else channel.id
    for caller in hearing.calls_of(channel):
        yield hearing.fact(Kind.RECORDED, block, at, caller, leg, recorder=done)


def _done_in(block: Block) -> Recorder | None:
    """Where one side alone is muted, the other one is recorded: that is no pause."""
    done = _OF_EVENT.get(block["Event"])
    if done is None and block.get("Direction") == _BOTH_SIDES:
        return _OF_STATE.get(block.get("State", ""))
    return done
