"""What is shown of one call: every stretch of it, with whoever was on the line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.telephony.calls.domain import KeptCall
from services.telephony.calls.views import view
from shared.calls.facts import Fact, Kind, Party, fact_id
from shared.calls.fold import fold

BEGAN = datetime(2026, 12, 1, 2, tzinfo=UTC)


def said(kind: Kind, second: int, leg: str | None = None, party: Party | None = None) -> Fact:
    at = BEGAN + timedelta(seconds=second)
    agent = "8001" if party is Party.AGENT else None
    id = fact_id("main", kind.value, at, f"1.1+{leg}")
    return Fact(
        id=id, kind=kind, exchange="main", call="1.1", at=at, leg=leg, party=party, agent=agent,
        line="hotline" if kind is Kind.OFFERED else None,
    )  # fmt: skip


def test_talks_holds_and_consults_are_shown_each_with_its_times_and_party() -> None:
    facts = (
        said(Kind.OFFERED, 0),
        said(Kind.ANSWERED, 4, "9", Party.AGENT),
        said(Kind.JOINED, 4, "9", Party.AGENT),
        said(Kind.HELD, 10, "9", Party.AGENT),
        said(Kind.CONSULTED, 11, "9", Party.AGENT),
        said(Kind.CONSULT_ENDED, 15, "9", Party.AGENT),
        said(Kind.RESUMED, 16, "9", Party.AGENT),
        said(Kind.PARTED, 30, "9", Party.AGENT),
        said(Kind.JOINED, 31, "12", Party.OUTSIDE),
        said(Kind.ENDED, 40),
    )
    call = fold(facts)
    assert call is not None
    kept = KeptCall(id="c", exchange="main", channel="1.1", last_at=facts[-1].at, call=call)

    shown = view(kept, call, None)

    def told(name: str) -> list[tuple[object, ...]]:
        return [(each.agent, each.party, each.began, each.ended) for each in getattr(shown, name)]

    def at(second: int) -> datetime:
        return BEGAN + timedelta(seconds=second)

    assert told("talks") == [
        ("8001", Party.AGENT, at(4), at(30)),
        (None, Party.OUTSIDE, at(31), at(40)),
    ]
    assert told("holds") == [("8001", Party.AGENT, at(10), at(16))]
    assert told("consults") == [("8001", Party.AGENT, at(11), at(15))]
