"""Calls as they are shown: extensions and times, and at most the end of a number."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from services.telephony.calls.domain import Disposition, KeptCall
from shared.calls.call import Call, Consult, Hold, Talk
from shared.calls.facts import EndedBy, Left, Party, Presentation, RangOut, TransferKind
from shared.calls.outcomes import Outcome


class CallSummary(BaseModel):
    """A call in a list. Waits and talk are in seconds; while it runs it has no outcome. `agent` is
    the extension of whoever answered, `person` whose that telephone is now, where a profile says.
    """

    id: str
    exchange: str
    line: str
    test: bool
    caller: str | None
    presentation: Presentation | None
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    agent: str | None
    person: str | None
    wait_s: float | None
    talk_s: float
    incomplete: bool
    dropped: bool
    tickets: tuple[str, ...]
    disposition: Disposition | None


class CallCount(BaseModel):
    """How many a whole list has: `count`, or with `more` at least so many."""

    count: int
    more: bool = False


class CallPage(BaseModel):
    """A page, the cursor of the next one if there is one, and how many all are."""

    items: list[CallSummary]
    next: str | None
    all: CallCount


class StayView(BaseModel):
    """In a queue, or past it."""

    queue: str | None
    joined_at: datetime
    left_at: datetime | None
    left: Left | None


class RingView(BaseModel):
    """A telephone that rang."""

    agent: str | None
    party: Party
    began: datetime
    ended: datetime | None
    rang_out: RangOut | None


class StretchView(BaseModel):
    """A stretch of talk, hold or a question."""

    agent: str | None
    party: Party
    began: datetime
    ended: datetime


class CallTransferView(BaseModel):
    """Handed on, and whether anybody else spoke with the caller."""

    kind: TransferKind
    at: datetime
    by: str | None
    to: Party | None
    to_agent: str | None
    to_queue: str | None
    reached: bool


class PauseView(BaseModel):
    """A time of a recording in which nobody is to be heard."""

    began: datetime
    ended: datetime


class RecordingView(BaseModel):
    """What was said is at the exchange, where it is found by the exchange's `id` of the side that
    was recorded and by when that `began`. Pauses are in the `seconds`.
    """

    id: str
    exchange: str
    began: datetime
    seconds: float
    pauses: list[PauseView]


class CallView(CallSummary):
    """One call, with all that is known of its way."""

    diverted: bool
    ended_by: EndedBy | None
    agents: tuple[str, ...]
    queues: list[StayView]
    rings: list[RingView]
    talks: list[StretchView]
    holds: list[StretchView]
    consults: list[StretchView]
    transfers: list[CallTransferView]
    recordings: list[RecordingView]


def summary(
    kept: KeptCall, call: Call, caller: str | None, person: str | None = None
) -> CallSummary:
    """A call as a list shows it."""
    return CallSummary(
        id=kept.id,
        exchange=kept.exchange,
        line=call.line,
        test=call.test,
        caller=caller,
        presentation=call.presentation,
        offered_at=call.offered_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        outcome=call.outcome,
        agent=call.agent,
        person=person,
        wait_s=call.wait_s,
        talk_s=call.talk_s,
        incomplete=call.incomplete,
        dropped=call.dropped,
        tickets=kept.tickets,
        disposition=kept.disposition.code if kept.disposition else None,
    )


def view(kept: KeptCall, call: Call, caller: str | None, person: str | None = None) -> CallView:
    """One call as it is shown alone."""
    return CallView(
        **summary(kept, call, caller, person).model_dump(),
        diverted=call.diverted,
        ended_by=call.ended_by,
        agents=call.agents,
        queues=[
            StayView(queue=s.queue, joined_at=s.joined_at, left_at=s.left_at, left=s.left)
            for s in call.stays
        ],
        rings=[
            RingView(
                agent=ring.agent,
                party=ring.party,
                began=ring.began,
                ended=ring.ended,
                rang_out=ring.rang_out,
            )
            for ring in call.rings
        ],
        talks=_stretches((each, each.party) for each in call.talks),
        holds=_stretches((hold, Party.AGENT) for hold in call.holds),
        consults=_stretches((each, Party.AGENT) for each in call.consults),
        transfers=[
            CallTransferView(
                kind=each.kind,
                at=each.at,
                by=each.by,
                to=each.to,
                to_agent=each.to_agent,
                to_queue=each.to_queue,
                reached=each.reached,
            )
            for each in call.transfers
        ],
        recordings=[
            RecordingView(
                id=each.id,
                exchange=call.exchange,
                began=each.began,
                seconds=each.seconds,
                pauses=[PauseView(began=one.began, ended=one.ended) for one in each.pauses],
            )
            for each in call.recordings
        ],
    )


def _stretches(found: Iterable[tuple[Talk | Hold | Consult, Party]]) -> list[StretchView]:
    """Stretches, each with whoever was on the line."""
    return [
        StretchView(agent=each.agent, party=party, began=each.began, ended=each.ended)
        for each, party in found
    ]
