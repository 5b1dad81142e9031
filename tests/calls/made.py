"""Calls made by hand, and the facts they might be made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.calls.call import Call
from shared.calls.facts import EndedBy, Fact, Kind, Left, Party, fact_id
from shared.calls.fold import fold
from shared.calls.outcomes import Outcome

NINE: Final = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def fact(kind: Kind, seconds: float, call: str = "1.0", **said: Any) -> Fact:
    subject = f"{call}+{said.get('leg', '')}"
    return Fact(
        id=fact_id("x", str(kind), at(seconds), subject),
        kind=kind,
        exchange="x",
        call=call,
        at=at(seconds),
        **said,
    )


def made(facts: list[Fact], **about: Any) -> Call:
    call = fold(facts, **about)
    assert call is not None
    return call


def talked(
    offered: float, wait: float, talk: float, *, agent: str = "1", call: str = "1.0", **said: Any
) -> Call:
    """Offered, answered after a while, ended after a while."""
    leg = f"leg-{call}"
    return made(
        [
            fact(Kind.OFFERED, offered, call, **said),
            fact(Kind.QUEUED, offered, call, queue="q"),
            fact(Kind.ANSWERED, offered + wait, call, leg=leg, party=Party.AGENT, agent=agent),
            fact(Kind.ENDED, offered + wait + talk, call),
        ]
    )


def ended(offered: float, wait: float, outcome: Outcome, call: str = "1.0", **said: Any) -> Call:
    """Offered, and ended so without an agent."""
    facts = [fact(Kind.OFFERED, offered, call, **said)]
    if outcome is not Outcome.ABANDONED_GREETING:
        facts.append(fact(Kind.QUEUED, offered, call, queue="q"))
    left = {
        Outcome.TIMED_OUT: Left.TIMED_OUT,
        Outcome.BLOCKED: Left.FULL,
        Outcome.CLOSED: Left.CLOSED,
        Outcome.SCREENED: Left.SCREENED,
        Outcome.CALLBACK_ASKED: Left.CALLBACK,
    }.get(outcome)
    if left is not None:
        facts.append(fact(Kind.LEFT, offered + wait, call, left=left))
    facts.append(fact(Kind.ENDED, offered + wait, call, by=EndedBy.CALLER))
    made_so = made(facts)
    assert made_so.outcome is outcome
    return made_so
