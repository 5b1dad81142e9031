"""What the page of lines shows of what telephony answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.shapes.lines import LineSeen
from services.console.frame.times import moment
from shared.policy.templates import Language

UNSEEN: Final = "unseen"
"""The state of a line at which nobody has looked yet."""
_WORST_FIRST: Final = ("down", "degraded", UNSEEN, "up")


@dataclass(frozen=True, slots=True)
class LineCard:
    """One line in the list. `last_call` is None where it never rang."""

    id: str
    number: str | None
    kind: str
    state: str
    why: str | None
    since: str | None
    last_call: str | None
    ring: str | None


@dataclass(frozen=True, slots=True)
class LineView:
    """The one that is opened beside the list. `expected`: calls that were to come since the last
    sign that it works, None while nobody can say.
    """

    card: LineCard
    exchange: str | None
    trunks: Sequence[str]
    provider: str | None
    contract_until: str | None
    expected: float | None
    checks: Sequence[tuple[str, str, bool]]
    work: Sequence[tuple[str, str, str]]


def people_of(seen: LineSeen) -> set[str]:
    """Whose names are wanted."""
    return {check.by for check in seen.checks} | {work.by for work in seen.maintenance}


def state_of(seen: LineSeen) -> str:
    """What telephony says, once it has looked."""
    return seen.verdict if seen.since else UNSEEN


def worst_first(found: Iterable[LineSeen]) -> list[LineSeen]:
    """Those that do not work stand on top."""
    return sorted(found, key=lambda each: (_WORST_FIRST.index(state_of(each)), each.id))


def amiss(found: Iterable[LineSeen]) -> int:
    """How many do not work as they should."""
    return sum(1 for each in found if state_of(each) in {"down", "degraded"})


def card_of(seen: LineSeen, now: datetime, language: Language) -> LineCard:
    """One row."""
    return LineCard(
        id=seen.id,
        number=seen.number,
        kind=seen.kind,
        state=state_of(seen),
        why=seen.why,
        since=moment(seen.since, now, language) if seen.since else None,
        last_call=moment(seen.last_call, now, language) if seen.last_call else None,
        ring=seen.ring,
    )


def view_of(
    seen: LineSeen, people: Mapping[str, str], now: datetime, language: Language
) -> LineView:
    """The one that is opened: the newest tries first, and work that is not over."""
    return LineView(
        card=card_of(seen, now, language),
        exchange=seen.exchange,
        trunks=seen.trunks,
        provider=seen.provider,
        contract_until=str(seen.contract_until) if seen.contract_until else None,
        expected=seen.silence.expected if seen.silence.on else None,
        checks=[
            (moment(each.at, now, language), people.get(each.by, each.by), each.worked)
            for each in seen.checks
        ],
        work=[
            (
                moment(each.begins, now, language),
                moment(each.ends, now, language),
                people.get(each.by, each.by),
            )
            for each in seen.maintenance
            if each.ends > now
        ],
    )
