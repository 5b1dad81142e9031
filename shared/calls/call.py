"""A call, as its facts say it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.calls.facts import EndedBy, Left, Party, Presentation, RangOut, TransferKind
from shared.calls.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Stay:
    """In a queue, or past one that took nobody (then both times are the same)."""

    queue: str | None
    joined_at: datetime
    left_at: datetime | None = None
    left: Left | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """One telephone that rang for the caller. One that refuses is often rung again at once."""

    leg: str
    agent: str | None
    party: Party
    queue: str | None
    began: datetime
    ended: datetime | None = None
    rang_out: RangOut | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A stretch of one other side with the caller, time on hold included."""

    leg: str
    party: Party
    agent: str | None
    began: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        """How long."""
        return (self.ended - self.began).total_seconds()


@dataclass(frozen=True, slots=True)
class Hold:
    """The agent of this leg let the caller wait, or asked somebody meanwhile."""

    leg: str
    agent: str | None
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Consult:
    """An agent asked somebody about the call. It is the agent's time, and no call."""

    leg: str
    agent: str | None
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """Handed on by an agent. `reached`: somebody else spoke with the caller afterwards."""

    kind: TransferKind
    at: datetime
    leg: str | None
    by: str | None
    to: Party | None
    to_agent: str | None
    to_queue: str | None
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """A time of a recording in which nobody is to be heard."""

    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Recording:
    """What was said is at the exchange; this is how it is found there: by the exchange's id of the
    side that was recorded, the caller's or another leg's, and when that began.
    """

    id: str
    began: datetime
    ended: datetime
    pauses: tuple[Pause, ...] = ()

    @property
    def seconds(self) -> float:
        """How long, pauses included."""
        return (self.ended - self.began).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An offered call. While `ended_at` is None it runs, and has no outcome.

    `incomplete`: part of it went unheard. It then ends with its last sign of life, counts as
    offered and by its outcome, and its talk is in no figure. `dropped`: answered, handed on, and
    let go before anybody else spoke with the caller.
    """

    exchange: str
    call: str
    line: str
    trunk: str | None
    presentation: Presentation | None
    diverted: bool
    test: bool
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    last_sign_at: datetime
    ended_by: EndedBy | None
    cause: str | None
    outcome: Outcome | None
    agent: str | None
    stays: tuple[Stay, ...]
    rings: tuple[Ring, ...]
    talks: tuple[Talk, ...]
    holds: tuple[Hold, ...]
    consults: tuple[Consult, ...]
    transfers: tuple[Transfer, ...]
    recordings: tuple[Recording, ...] = ()
    incomplete: bool
    dropped: bool

    @property
    def wait_s(self) -> float | None:
        """From the first ring at our number to the first agent, or to the end without one.

        The greeting is in it. None while the call waits, and where the answer itself went unheard.
        """
        until = self._waited_until
        return None if until is None else (until - self.offered_at).total_seconds()

    @property
    def queue_wait_s(self) -> float | None:
        """As `wait_s`, from the first queue: the greeting is not in it. None without a queue."""
        until = self._waited_until
        first = next((stay.joined_at for stay in self.stays), None)
        return None if first is None or until is None else (until - first).total_seconds()

    @property
    def _waited_until(self) -> datetime | None:
        if self.answered_at is None and self.outcome is not Outcome.ANSWERED:
            return self.ended_at
        return self.answered_at

    @property
    def talk_s(self) -> float:
        """What the caller would call the talk: from the first agent to the end.

        Holds and the ringing between two agents are in it. Of an incomplete call: at least this.
        """
        if self.answered_at is None or self.ended_at is None:
            return 0.0
        return (self.ended_at - self.answered_at).total_seconds()

    @property
    def handle_s(self) -> float:
        """The sum of all agents' stretches with the caller, holds included: "talk and hold"."""
        return sum(talk.seconds for talk in self.talks if talk.party is Party.AGENT)

    @property
    def agents(self) -> tuple[str, ...]:
        """Whoever spoke with the caller, in order, each once."""
        return tuple(dict.fromkeys(talk.agent for talk in self.talks if talk.agent is not None))
