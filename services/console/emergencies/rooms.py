"""What the room of one emergency shows of what the router answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.names import Names
from services.console.clients.shapes.emergencies import (
    Called,
    EmergencyRoom,
    Happened,
    LinkedTicket,
    StepSeen,
)
from services.console.emergencies.views import EmergencyCard, card_of
from services.console.frame.advice import Steps, steps_of
from services.console.frame.choices import Choice
from services.console.frame.places import place_of
from services.console.frame.times import Due, due_of, grouped, moment
from shared.contracts.times import written
from shared.policy.templates import Language
from shared.triage.taxonomy import UNKNOWN_KIND

PHASES: Final = ("alerted", "acknowledged", "on_site", "released", "over")
FALSE_ALARM: Final = ("misreported", "misheard", "no_danger", "other")
PARTED: Final = ("unrelated", "other")
VERDICTS: Final = ("handled_well", "late", "plan_at_fault", "plan_not_followed")
BUTTONS: Final = ("acknowledge", "arrive", "confirm", "release", "end")
"""Acts that need no word."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One phase: reached at a time, or not."""

    phase: str
    at: str | None


@dataclass(frozen=True, slots=True)
class Fate:
    """One message to somebody: by what it went, in words, and what became of it, as a code."""

    channel: str
    fate: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class CalledCard:
    """Somebody who was called, and what became of each message to them."""

    who: str
    at: str
    fates: Sequence[Fate]


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step of the checklist."""

    id: str
    said: str
    by: str | None
    at: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of what happened: `what` is a code with words, `text` what somebody wrote."""

    at: str
    what: str
    step: str
    who: Sequence[str]
    text: str | None


@dataclass(frozen=True, slots=True)
class Linked:
    """A ticket about the same."""

    number: str
    grouped: str
    why: str
    status: str
    place: str | None
    at: str
    words: str


@dataclass(frozen=True, slots=True)
class Room:
    """The room, large."""

    card: EmergencyCard
    words: str
    began_at: str
    phases: Sequence[Reached]
    advice: Steps | None
    external: Sequence[str]
    steps: Sequence[StepCard]
    called: Sequence[CalledCard]
    following: Sequence[str]
    following_due: Due | None
    tickets: Sequence[Linked]
    lines: Sequence[Line]
    outcome: str | None
    review: str | None
    review_note: str | None
    is_unnamed: bool
    can: frozenset[str]
    buttons: Sequence[str]
    false_alarm: Sequence[Choice]
    parted: Sequence[Choice]
    verdicts: Sequence[Choice]

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows yet what it is, or where."""
        return self.is_unnamed or self.card.place is None

    @property
    def is_over(self) -> bool:
        """Whether nobody has to go any more."""
        return self.card.phase == "over"


def people_in(room: EmergencyRoom) -> set[str]:
    """Everybody whose name the room shows."""
    found = {each.person for each in room.called} | set(room.on_site)
    found |= {who for line in room.history for who in line.people}
    found |= {step.done_by for step in room.checklist if step.done_by}
    found |= set(room.next_in_chain.people if room.next_in_chain else ())
    return found | {who for who in (room.acknowledged_by, room.ended_by) if who}


def room_of(
    room: EmergencyRoom,
    names: Names,
    people: Mapping[str, str],
    now: datetime,
    language: Language,
) -> Room:
    """All of it in the reader's language."""

    def code(table: str, *codes: str) -> list[Choice]:
        return [Choice(each, names.code(table, each, language)) for each in codes]

    can = frozenset(room.can)
    review = room.review
    following = room.next_in_chain
    return Room(
        card=card_of(room, names, now, language, people),
        words=room.words or "",
        began_at=written(room.started_at),
        phases=_phases(room, now, language),
        advice=steps_of(room.advice_parts, language),
        external=room.external,
        steps=[_step(each, people, now, language) for each in room.checklist],
        called=[_called(each, names, people, now, language) for each in room.called],
        following=[people.get(each, each) for each in following.people] if following else [],
        following_due=due_of(following.at if following else None, now, language),
        tickets=[_linked(each, names, now, language) for each in room.tickets],
        lines=[
            _line(each, room.started_at, names, people, now, language)
            for each in reversed(room.history)
        ],
        outcome=names.code("emergency_outcomes", room.outcome, language) if room.outcome else None,
        review=names.code("emergency_verdicts", review.verdict, language) if review else None,
        review_note=review.note if review else None,
        is_unnamed=room.kind == UNKNOWN_KIND,
        can=can,
        buttons=[act for act in BUTTONS if act in can],
        false_alarm=code("reasons", *FALSE_ALARM),
        parted=code("reasons", *PARTED),
        verdicts=code("emergency_verdicts", *VERDICTS),
    )


def _phases(room: EmergencyRoom, now: datetime, language: Language) -> list[Reached]:
    alerted = min((each.at for each in room.alerts), default=None)
    at = (alerted, room.acknowledged_at, room.arrived_at, room.released_at, room.ended_at)
    return [
        Reached(phase, moment(when, now, language) if when else None)
        for phase, when in zip(PHASES, at, strict=True)
    ]


def _step(each: StepSeen, people: Mapping[str, str], now: datetime, language: Language) -> StepCard:
    by = each.done_by
    return StepCard(
        id=each.step,
        said=each.in_(language),
        by=people.get(by, by) if by else None,
        at=moment(each.done_at, now, language) if each.done_at else None,
    )


def _called(
    each: Called, names: Names, people: Mapping[str, str], now: datetime, language: Language
) -> CalledCard:
    return CalledCard(
        who=people.get(each.person, each.person),
        at=moment(each.at, now, language),
        fates=[
            Fate(
                channel=names.code("message_channels", one.channel or "", language),
                fate=one.fate,
                reason=names.code("message_failures", one.reason, language) if one.reason else "",
                at=moment(one.at, now, language),
            )
            for one in each.messages
        ],
    )


def _linked(each: LinkedTicket, names: Names, now: datetime, language: Language) -> Linked:
    return Linked(
        number=each.number,
        grouped=grouped(each.number),
        why=each.why,
        status=names.code("ticket_statuses", each.status, language),
        place=place_of(each.estate, each.building, names, language),
        at=moment(each.registered_at, now, language),
        words=each.words or "",
    )


KNOWN: Final = frozenset({
    "alerted", "slowed", "reported", "confirmed", "acknowledged", "arrived", "released", "checked",
    "logged", "reviewed",
})  # fmt: skip


def _line(
    each: Happened,
    began: datetime,
    names: Names,
    people: Mapping[str, str],
    now: datetime,
    language: Language,
) -> Line:
    what, _, step = each.what.partition("/")
    if what == "confirmed" and each.at == began:
        # What a person registers counts as true from the start; nobody went to see.
        what = "reported"
    return Line(
        at=moment(each.at, now, language),
        what=what if what in KNOWN else "",
        step=names.steps.get(step, {}).get(language, step)
        if step
        else ("" if what in KNOWN else names.code("emergency_outcomes", what, language)),
        who=[people.get(one, one) for one in each.people],
        text=each.text,
    )
