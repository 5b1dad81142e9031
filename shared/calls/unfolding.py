"""What the facts of one call have said so far, taken by time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from shared.calls.call import Ring, Stay, Transfer
from shared.calls.facts import EndedBy, Fact, Kind, Left, Party, TransferKind
from shared.calls.recorders import Recorders
from shared.calls.stretches import Stretches


@dataclass(slots=True)
class Unfolding:
    """Taken facts. Nothing changes a call that has ended."""

    answered: bool = False
    answered_at: datetime | None = None
    agent: str | None = None
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    cause: str | None = None
    left: Left | None = None
    stays: list[Stay] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    talks: Stretches = field(default_factory=Stretches)
    holds: Stretches = field(default_factory=Stretches)
    consults: Stretches = field(default_factory=Stretches)
    recorders: Recorders = field(default_factory=Recorders)
    rings: dict[str, Ring] = field(default_factory=dict)
    _who: dict[str, tuple[Party, str | None]] = field(default_factory=dict)

    def take(self, fact: Fact) -> None:
        """One more fact, not older than those before."""
        if self.ended_at is not None:
            return
        self._TAKES[fact.kind](self, fact)

    def _note(self, fact: Fact) -> None:
        """What it says is read by the fold, whenever it was said."""

    def _queue(self, fact: Fact) -> None:
        self._leave_stay(fact.at, None)
        self.stays.append(Stay(fact.queue, fact.at))
        self.left = None
        self._goes_to(to_queue=fact.queue)

    def _leave(self, fact: Fact) -> None:
        """Why is told apart from that, and may be told twice: what names a reason stays."""
        if fact.left is not None and self.left in {None, Left.LET_GO}:
            self.left = fact.left
        if self.stays and self.stays[-1].left_at is not None and fact.left is not None:
            self.stays[-1] = replace(self.stays[-1], left=self.left)
        self._leave_stay(fact.at, fact.left)

    def _leave_stay(self, at: datetime, left: Left | None) -> None:
        if self.stays and self.stays[-1].left_at is None:
            self.stays[-1] = replace(self.stays[-1], left_at=at, left=left)

    def _ring(self, fact: Fact) -> None:
        if fact.leg is None:
            return
        party = fact.party or Party.UNKNOWN
        known = self.rings.get(fact.leg)
        if known is None:
            self.rings[fact.leg] = Ring(fact.leg, fact.agent, party, fact.queue, fact.at)
        elif known.queue is None:
            self.rings[fact.leg] = replace(known, queue=fact.queue)
        self._goes_to(to=party, to_agent=fact.agent)

    def _ring_out(self, fact: Fact) -> None:
        """The first moment counts, and of the reasons told the gravest."""
        ring = self.rings.get(fact.leg or "")
        if ring is None or fact.rang_out is None:
            return
        gravest = min(
            (each for each in (ring.rang_out, fact.rang_out) if each is not None),
            key=list(type(fact.rang_out)).index,
        )
        self.rings[ring.leg] = replace(ring, ended=ring.ended or fact.at, rang_out=gravest)

    def _join(self, fact: Fact) -> None:
        if fact.leg is None:
            return
        party, agent = self._identity(fact)
        if party is Party.AGENT and not self.answered:
            self.answered, self.agent = True, agent
            # A list of who is there does not say since when.
            self.answered_at = None if fact.kind is Kind.SEEN else fact.at
        elif fact.kind is Kind.ANSWERED and self.agent is None and not self.talks.has_ended:
            # A queue that rings through a wire may not know whom it reaches.
            self.agent = agent
        self._stop_ringing(fact.leg, fact.at)
        self.recorders.join(fact.leg)
        self.talks.begin(fact.leg, fact.at, (party, agent))
        self._goes_to(to=party, to_agent=agent)

    def _part(self, fact: Fact) -> None:
        self.talks.end(fact.leg, fact.at)
        self.recorders.part(fact.leg, fact.at)
        self.holds.end(fact.leg, fact.at)

    def _hold(self, fact: Fact) -> None:
        self.holds.begin(fact.leg, fact.at, self._identity(fact))

    def _resume(self, fact: Fact) -> None:
        self.holds.end(fact.leg, fact.at)

    def _consult(self, fact: Fact) -> None:
        self.consults.begin(fact.leg, fact.at, (Party.AGENT, fact.agent))

    def _end_consult(self, fact: Fact) -> None:
        self.consults.end(fact.leg, fact.at)

    def _record(self, fact: Fact) -> None:
        self.recorders.take(fact)

    def _end(self, fact: Fact) -> None:
        self.ended_at, self.ended_by, self.cause = fact.at, fact.by, fact.cause

    def _stop_ringing(self, leg: str, at: datetime) -> None:
        ring = self.rings.get(leg)
        if ring is not None and ring.ended is None:
            self.rings[leg] = replace(ring, ended=at)

    def _transfer(self, fact: Fact) -> None:
        kind = fact.transfer or TransferKind.BLIND
        self.transfers.append(
            Transfer(kind, fact.at, fact.leg, fact.agent, fact.to, fact.to_agent, None)
        )

    def _goes_to(
        self,
        *,
        to: Party | None = None,
        to_agent: str | None = None,
        to_queue: str | None = None,
    ) -> None:
        """Whom a blind transfer was meant for shows by whom the exchange tries next."""
        if not self.transfers:
            return
        last = self.transfers[-1]
        if last.to is None and last.to_queue is None:
            self.transfers[-1] = replace(last, to=to, to_agent=to_agent, to_queue=to_queue)

    def _identity(self, fact: Fact) -> tuple[Party, str | None]:
        """Who is at a leg: as it was told first."""
        return self._who.setdefault(fact.leg or "", (fact.party or Party.UNKNOWN, fact.agent))

    _TAKES: ClassVar[Mapping[Kind, Callable[[Unfolding, Fact], None]]] = {
        Kind.OFFERED: _note,
        Kind.DESCRIBED: _note,
        Kind.SEEN: _join,
        Kind.QUEUED: _queue,
        Kind.RINGING: _ring,
        Kind.RANG_OUT: _ring_out,
        Kind.ANSWERED: _join,
        Kind.CONSULTED: _consult,
        Kind.JOINED: _join,
        Kind.HELD: _hold,
        Kind.RESUMED: _resume,
        Kind.TRANSFERRED: _transfer,
        Kind.RECORDED: _record,
        Kind.PARTED: _part,
        Kind.CONSULT_ENDED: _end_consult,
        Kind.LEFT: _leave,
        Kind.ENDED: _end,
    }
