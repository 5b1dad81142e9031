"""What telephony says of calls and lines: ids, extensions and times. Whose number rang is said
nowhere.
"""

from __future__ import annotations

import re
from datetime import date
from typing import ClassVar, Final

from pydantic import AwareDatetime

from shared.contracts.base import Event

_CALL_OF_EXCHANGE: Final = re.compile(r"c[a-p]{20}", re.ASCII)


def is_call_of_exchange(id: str) -> bool:
    """Whether an id is written as those of calls that telephony keeps, and not as the desk writes
    its own.
    """
    return _CALL_OF_EXCHANGE.fullmatch(id) is not None


class CallEvent(Event):
    """What every fact about a call carries. `agent` is the extension that the exchange knows."""

    can_be_urgent: ClassVar[bool] = False
    call: str
    line: str
    test: bool = False


class CallOffered(CallEvent):
    """Somebody rings at a number of ours."""

    name: ClassVar[str] = "call.offered"


class CallRinging(CallEvent):
    """The telephone of an agent rings for the caller; `agent` None where nobody knows whose."""

    name: ClassVar[str] = "call.ringing"
    agent: str | None = None


class CallAnswered(CallEvent):
    """An agent speaks with the caller."""

    name: ClassVar[str] = "call.answered"
    agent: str | None = None
    wait: float | None = None


class CallTold(CallEvent):
    """A call as it ended: `wait` and `talk` in seconds, `tickets` those that came of it."""

    outcome: str | None
    agent: str | None = None
    wait: float | None = None
    talk: float = 0.0
    incomplete: bool = False
    tickets: tuple[str, ...] = ()


class CallEnded(CallTold):
    """It is over."""

    name: ClassVar[str] = "call.ended"


class CallCorrected(CallTold):
    """What was said of its end was not so: a later fact, or a gap, changed it. Without an outcome
    it goes on.
    """

    name: ClassVar[str] = "call.corrected"


class CallBackChanged(Event):
    """A caller is to be rung back, or somebody has taken that, or said what came of it. `call` is
    one of the calls in vain.
    """

    name: ClassVar[str] = "call_back.changed"
    can_be_urgent: ClassVar[bool] = False
    call: str
    line: str
    state: str


class LineEvent(Event):
    """What every fact about a line carries. `recipients` are who is to be told, where whoever reads
    it has found that out.
    """

    can_be_urgent: ClassVar[bool] = False
    line: str
    kind: str
    recipients: tuple[str, ...] = ()


class LineJudged(LineEvent):
    """The line is so from then on, and why, where it does not work as it should."""

    why: str | None = None
    at: AwareDatetime


class LineDown(LineJudged):
    """Callers do not get through."""

    name: ClassVar[str] = "line.down"


class LineDegraded(LineJudged):
    """Part of it does not work, or nobody knows whether it does."""

    name: ClassVar[str] = "line.degraded"


class LineUp(LineJudged):
    """It works again."""

    name: ClassVar[str] = "line.up"


class LineContractEnding(LineEvent):
    """The contract for the line ends in so many days, or has ended."""

    name: ClassVar[str] = "line.contract_ending"
    days: int
    until: date
