"""The policy as one value: every document in force at a moment, with the version it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from shared.policy.calendar import Calendar, LocalTime
from shared.policy.documents import KINDS, read_documents, read_yaml
from shared.policy.ladder import BREACH, Channel, Ladder, Repeat, Rung, Share
from shared.policy.local import LOCAL_KINDS, documents_at, layer_faults, layers_at
from shared.policy.risk import risk_words
from shared.policy.templates import Templates
from shared.policy.wanted import FollowUps, ProofWanted, ToldByTelephone
from shared.triage.lexicon import Lexicon
from shared.triage.taxonomy import Limit, Taxonomy
from shared.words import plain, read


class Place(BaseModel):
    """A region or city company: a place of the tree above the estates. `within` is the one above
    it, or None right below the group.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Literal["region", "company"]
    zh: str
    en: str
    within: str | None = None


class Estate(BaseModel):
    """One estate (小区), the names people call it by, and the place above it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    within: str | None = None


class Group(BaseModel):
    """The property group, its estates and the places between them and the group."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    zh: str
    en: str
    places: tuple[Place, ...] = ()
    estates: tuple[Estate, ...]

    @model_validator(mode="after")
    def _is_a_tree(self) -> Self:
        """Raise ValueError naming every place that hangs in the air or in a ring."""
        everything: tuple[Place | Estate, ...] = (*self.places, *self.estates)
        faults = [fault for place in everything if (fault := self._fault(place))]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _fault(self, place: Place | Estate) -> str | None:
        if place.within is not None and place.within not in self._places:
            return f"{place.id}: within {place.within!r}, which is no place of the group"
        if place.id in self._above(place):
            return f"{place.id}: lies within itself"
        return None

    @cached_property
    def _places(self) -> Mapping[str, Place]:
        return {place.id: place for place in self.places}

    def above(self, estate: str | None) -> tuple[Place, ...]:
        """The places above an estate, the nearest first; none where it is not known."""
        found = next((e for e in self.estates if e.id == estate), None)
        return tuple(self._places[id] for id in self._above(found)) if found else ()

    def _above(self, place: Place | Estate) -> list[str]:
        """The ids of all places above one, the nearest first; a ring is left where it closes."""
        above: list[str] = []
        within = place.within
        while within is not None and within in self._places and within not in above:
            above.append(within)
            within = self._places[within].within
        return above

    @cached_property
    def _estates_of(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {place.id: set() for place in self.places}
        for estate in self.estates:
            for place in self._above(estate):
                found[place].add(estate.id)
        return {place: frozenset(estates) for place, estates in found.items()}

    def estates_of(self, places: Iterable[str]) -> frozenset[str]:
        """The estates at or below these places. What is no place above an estate stands for itself:
        an estate, also one that the group has no more, or `*`.
        """
        below = (self._estates_of.get(place, frozenset((place,))) for place in places)
        return frozenset[str]().union(*below)

    @cached_property
    def _by_name(self) -> Mapping[str, Estate]:
        names = {}
        for estate in self.estates:
            for name in (estate.id, estate.zh, estate.en, *estate.aliases):
                names[_as_read(name)] = estate
        return names

    def find_estate(self, *names: str | None) -> Estate | None:
        """The estate that one of `names` is or (for an address) mentions; None when unclear."""
        for name in names:
            if name and (exact := self._by_name.get(_as_read(name))):
                return exact
        for name in names:
            text = _as_read(name or "")
            found = {estate.id: estate for known, estate in self._by_name.items() if known in text}
            if len(found) == 1:
                return next(iter(found.values()))
        return None

    def estate_in(self, said: str) -> Mention | None:
        """The one estate that words mention, by its longest name there; None where it is unclear,
        or there is none.
        """
        words = read(said)
        text = words.text.casefold()
        if len(text) != len(words.text):  # a sign that has another length in small letters
            return None
        named = [(known, estate) for known, estate in self._by_name.items() if known in text]
        if len({estate.id for _, estate in named}) != 1:
            return None
        known, estate = max(named, key=lambda each: len(each[0]))
        at = text.index(known)
        return Mention(estate, *words.place(at, at + len(known)))


def _as_read(name: str) -> str:
    return plain(name).strip().casefold()


@dataclass(frozen=True, slots=True)
class Mention:
    """An estate, and where in the words it was named."""

    estate: Estate
    start: int
    end: int


Positive = Annotated[timedelta, Field(gt=timedelta(0))]
OfADay = Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(hours=24))]
"""Hours of one day; nothing where it is not asked for."""
ANY_REASON: Final = "other"
"""The limit of every reason for a pause that has none of its own."""
LONGEST_PAUSE: Final = timedelta(days=7)
"""Where the policy names none."""
LONGEST_IN_ALL: Final = timedelta(days=14)
"""Where the policy names none, as those of before, and no single pause may be longer."""
Retained = Annotated[timedelta, Field(ge=timedelta(days=30))]
"""Shorter than a ticket can be reopened, nobody could be told what came of it."""
CallRetained = Annotated[timedelta, Field(ge=timedelta(days=1))]
"""Of a call of which no ticket came."""


class QuietHours(BaseModel):
    """Local times between which nobody is disturbed by what can wait; an `end` at or before `start`
    is on the next day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: LocalTime
    end: LocalTime

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When they are over; None outside them."""
        local = now.astimezone(zone)
        over_midnight = timedelta(days=self.end <= self.start)
        for begun in (local.date() - timedelta(days=1), local.date()):
            first = datetime.combine(begun, self.start, zone)
            last = datetime.combine(begun + over_midnight, self.end, zone)
            if first <= local < last:
                return last.astimezone(UTC)
        return None


class IncidentRules(BaseModel):
    """When many requests are taken for one outage. So many `households` of an estate that report
    one of these `areas` `within` a time are offered as one; only requests of these `types` tell of
    an outage, and emergencies of these `kinds`. An announcement to more than
    `alone_up_to` households waits for a second person; who answers for it is reminded `notice`
    before the promised time. Who says one of the words `in_danger` is in danger themselves,
    whatever else is out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    areas: frozenset[str]
    types: frozenset[str] = frozenset({"repair"})
    kinds: frozenset[str] = frozenset()
    in_danger: tuple[str, ...] = ()
    households: int = Field(5, ge=2, le=1000)
    within: Positive = timedelta(minutes=30)
    alone_up_to: int = Field(200, ge=1)
    notice: Positive = timedelta(minutes=30)

    @model_validator(mode="after")
    def _hears_danger(self) -> Self:
        if self.kinds and not self.in_danger:
            raise ValueError("in_danger: with kinds, name the words of who is in danger themselves")
        return self

    def tells_of_people(self, words: str) -> bool:
        """Whether words tell of somebody who is in danger themselves."""
        return risk_words(self.in_danger, ()).heard_in(words)

    def tells_of_outage(self, type: str, kind: str | None) -> bool:
        """Whether a request of this type, or an emergency of this kind, tells of an outage: a wish
        about the lifts does not.
        """
        return kind in self.kinds if kind is not None else type in self.types


class CallBackRules(BaseModel):
    """When callers whom nobody answered are rung back: `within` so long, `attempts` times, with a
    `gap` between; of those who gave up in the greeting only who stayed for more than `after_s`
    seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    after_s: float = Field(5, ge=0, le=300)
    within: Positive = timedelta(minutes=30)
    attempts: int = Field(3, ge=1, le=20)
    gap: Positive = timedelta(minutes=30)


class ServiceLevelGoal(BaseModel):
    """Which service level is the group's own: the `share` of calls, by this `definition`
    (`shared/calls/load.py` has them), that an agent is to answer `within` so long.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    definition: Literal["reached", "answered", "offered", "inclusive", "fair"] = "reached"
    within: Annotated[timedelta, Field(ge=timedelta(seconds=1), le=timedelta(minutes=10))] = (
        timedelta(seconds=20)
    )
    share: float = Field(0.8, gt=0, lt=1)

    @field_validator("within")
    @classmethod
    def _whole_seconds(cls, value: timedelta) -> timedelta:
        if value % timedelta(seconds=1):
            raise ValueError("is no number of whole seconds")
        return value

    @property
    def within_s(self) -> int:
        """In seconds."""
        return int(self.within.total_seconds())


class Rules(BaseModel):
    """Numbers of the lifecycle that a group sets for itself (see `sample/rules.yaml`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hold_below_confidence: float = Field(ge=0, le=1)
    undecided_limit: Limit
    warn_at_shares: tuple[Share, ...]
    escalation: tuple[Rung, ...] = ()
    suspend_at_most: Mapping[str, Positive] = Field(default_factory=dict)
    suspend_in_all: Positive | None = None
    appointment_notice: Positive = timedelta(minutes=30)
    extensions: int = Field(1, ge=0)
    reopen_within: timedelta
    feedback_by_call: frozenset[str] = frozenset()
    feedback_attempts: int = Field(ge=1)
    feedback_gap: timedelta = Field(timedelta(hours=2), ge=timedelta(0))
    repeats: tuple[Repeat, ...] = ()
    repeats_within: Positive = timedelta(days=30)
    follow_ups: tuple[FollowUps, ...] = ()
    risk_words: tuple[str, ...] = ()
    no_risk_words: tuple[str, ...] = ()
    urge_every: timedelta = Field(timedelta(minutes=30), ge=timedelta(0))
    free_up_to: int = Field(0, ge=0, le=10_000_000)
    decline_limit: int = Field(ge=1)
    quiet_hours: QuietHours | None = None
    digest_from: Positive = timedelta(minutes=5)
    rest_between_shifts: OfADay = timedelta(0)
    longest_shift: OfADay = timedelta(0)
    tell_progress: Positive | None = None
    receipt_within: Positive = timedelta(minutes=10)
    taken_is_enough: frozenset[Channel] | None = None
    messages_in_a_minute: int | None = Field(3, ge=1, le=100)
    receipt_of_call_after: Positive | None = timedelta(minutes=1)
    confirm_within: Positive = timedelta(days=2)
    told_by_telephone: frozenset[ToldByTelephone] = frozenset()
    busy_from: int = Field(10, ge=1, le=100)
    acknowledge_within: timedelta
    alarm_channels: frozenset[Channel] | None = None
    chain_rounds: int = Field(3, ge=1, le=100)
    chain_slow: Positive = timedelta(minutes=10)
    dissatisfied_up_to: int = Field(ge=0, le=4)
    incidents: IncidentRules = IncidentRules(areas=frozenset())
    desk_numbers: tuple[str, ...]
    retain_for: Retained = timedelta(days=1095)
    retain_types_for: Mapping[str, Retained] = Field(default_factory=dict)
    retain_call_numbers_for: CallRetained = timedelta(days=90)
    retain_withheld_numbers_for: CallRetained = timedelta(days=3)
    callbacks: CallBackRules = CallBackRules()
    service_level: ServiceLevelGoal = ServiceLevelGoal()
    own_numbers: tuple[str, ...] = ()
    proof_for: tuple[ProofWanted, ...] = ()
    flat_alone: bool = False

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_written(cls, data: Any) -> Any:
        """Policies from before there were several shares name the one there was."""
        if isinstance(data, Mapping) and "warn_at_share" in data and "warn_at_shares" not in data:
            share = data["warn_at_share"]
            rest = {key: value for key, value in data.items() if key != "warn_at_share"}
            return rest | {"warn_at_shares": [share]}
        return data

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        spans = [rung.after for rung in self.escalation]
        shares_climb = all(a < b for a, b in pairwise(self.warn_at_shares))
        for name, climbs in (
            ("warn_at_shares", shares_climb),
            ("escalation", all(a < b for a, b in pairwise(spans))),
            ("repeats", all(a.contacts < b.contacts for a, b in pairwise(self.repeats))),
        ):
            if not climbs:
                raise ValueError(f"{name}: each step must come after the one before it")
        return self

    @model_validator(mode="after")
    def _calls_people(self) -> Self:
        if "robot" in (self.alarm_channels or ()):
            raise ValueError("alarm_channels: robot leads to nobody; its chat hears of each alert")
        return self

    def ladder(self, calendar: Calendar) -> Ladder:
        """The levels of every clock, at a place with this calendar."""
        spans = tuple(rung.after for rung in self.escalation)
        return Ladder(self.warn_at_shares, spans, calendar)

    def rung_at(self, level: int) -> Rung | None:
        """The rung of the escalation that a level of the ladder calls; None at the breach and
        before it, and for a level that the ladder has no more.
        """
        climbed = level - BREACH - 1
        return self.escalation[climbed] if 0 <= climbed < len(self.escalation) else None

    def takes_as_received(self, channel: str) -> bool:
        """Whether what a channel of the staff's took counts as received without a receipt: of all,
        where the policy names none.
        """
        return self.taken_is_enough is None or channel in self.taken_is_enough

    def is_alarm_channel(self, channel: str) -> bool:
        """Whether alarms go by a channel of the staff's: by all, where the policy names none."""
        return self.alarm_channels is None or channel in self.alarm_channels

    def call_within(self, *, slowly: bool) -> timedelta:
        """How long somebody who was called to an emergency has to acknowledge it, before the next
        is called; slowly is never sooner.
        """
        return max(self.acknowledge_within, self.chain_slow) if slowly else self.acknowledge_within

    def channels_at(self, level: int) -> tuple[Channel, ...]:
        """By which channels a broken limit is told at a level of the ladder."""
        rung = self.rung_at(level)
        return rung.channels if rung is not None else ()

    def follow_up(self, type: str, area: str, urgency: str) -> FollowUps | None:
        """The tasks that the desk gets about such a ticket, by the first rule that fits; None where
        there is no such rule.
        """
        return next((rule for rule in self.follow_ups if rule.fits(type, area, urgency)), None)

    def share_at(self, level: int) -> float | None:
        """The share of a limit that is used up at a level of its ladder, 1 at the breach; None
        above it, and for a level that the ladder has no more.
        """
        if level == BREACH:
            return 1
        warnings = len(self.warn_at_shares)
        return self.warn_at_shares[level - BREACH] if 0 < BREACH - level <= warnings else None

    def longest_pause(self, reason: str) -> timedelta:
        """How long work may wait for this reason."""
        for known in (reason, ANY_REASON):
            if known in self.suspend_at_most:
                return self.suspend_at_most[known]
        return LONGEST_PAUSE

    @property
    def longest_pauses(self) -> timedelta:
        """How long work may wait in all, whatever the reasons."""
        single = (LONGEST_PAUSE, *self.suspend_at_most.values())
        return self.suspend_in_all or max(LONGEST_IN_ALL, *single)

    def is_fed_back_by_call(self, type: str, urgency: str) -> bool:
        """Whether a person tells the result, so that a message that reports it closes nothing."""
        return bool({type, urgency} & self.feedback_by_call)

    def wants_proof(self, type: str, area: str, urgency: str) -> bool:
        """Whether such work is done only when a photo shows it."""
        return any(wanted.covers(type, area, urgency) for wanted in self.proof_for)

    def tells_of_risk(self, words: str) -> bool:
        """Whether a caller's words say that it may go to an authority, a court or the press."""
        return risk_words(self.risk_words, self.no_risk_words).heard_in(words)

    def retained(self, type: str) -> timedelta:
        """How long persons are kept after a ticket of this type is over."""
        return self.retain_types_for.get(type, self.retain_for)


def _checked_before(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """What is a value already was checked when it was made; checking a lexicon takes a while."""
    return value if isinstance(value, Lexicon | Templates) else check(value)


class Policy(BaseModel):
    """All that is in force, under one version name that tickets keep.

    What it holds is the group's; whoever decides about a ticket asks `at` its estate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    group: Group
    taxonomy: Taxonomy
    lexicon: Annotated[Lexicon, WrapValidator(_checked_before)]
    calendar: Calendar
    rules: Rules
    templates: Annotated[Templates, WrapValidator(_checked_before)]

    _at: dict[str | None, Policy] = PrivateAttr(default_factory=dict)

    def at(self, estate: str | None) -> Policy:
        """The policy as it is for an estate, under the same version: the group's where its layers
        say nothing else, or where the estate is not known.
        """
        return self._at.get(estate, self)

    def days_known(self, now: datetime) -> int | None:
        """For how many days from today every place's days off are known; negative where a calendar
        has ended, and each holiday since counts as a workday. None where none ever ends.
        """
        calendars = (self.calendar, *(policy.calendar for policy in self._at.values()))
        ends = (
            (last - now.astimezone(calendar.zone).date()).days
            for calendar in calendars
            if (last := calendar.last_day) is not None
        )
        return min(ends, default=None)

    def quiet_until(self, now: datetime) -> datetime | None:
        """When the hours are over in which nobody is disturbed; None outside them."""
        hours = self.rules.quiet_hours
        return hours.until(now, self.calendar.zone) if hours is not None else None


def sample_documents() -> dict[str, dict[str, Any]]:
    """The documents of the sample group, by kind."""
    folder = files("shared.policy.sample")
    return {kind: read_yaml(folder.joinpath(f"{kind}.yaml").read_text("utf-8")) for kind in KINDS}


def load_documents(overlay: Path | None = None) -> dict[str, dict[str, Any]]:
    """The sample documents, with those parts replaced that the YAML file `overlay` names."""
    documents = sample_documents()
    if overlay is None:
        return documents
    try:
        return read_documents(overlay.read_text("utf-8"), documents)
    except ValueError as error:
        raise ValueError(f"{overlay}: {error}") from error


def build_policy(version: str, documents: Mapping[str, Any]) -> Policy:
    """Read the documents; raises ValueError naming every fault of theirs by itself.

    Whether they fit each other, and the world, is told by `shared.policy.checks`.
    """
    given = {kind: documents[kind] for kind in KINDS if kind in documents}
    for kind in ("lexicon", "templates"):
        with suppress(KeyError, ValueError, TypeError):  # faults are named below, all at once
            given[kind] = read_kind(kind, given[kind])
    policy = Policy(version=version, **given)
    policy._at |= _by_estate(policy, documents)  # noqa: SLF001 - it is made in this module only
    return policy


def read_kind(kind: str, document: Any) -> BaseModel:
    """One document as a value; raises ValidationError, or TypeError for what is no document."""
    if kind in _CACHED:
        return _CACHED[kind](orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
    return _MODELS[kind].model_validate(document)


def _by_estate(policy: Policy, documents: Mapping[str, Any]) -> dict[str | None, Policy]:
    """The estates for which something differs; those under the same layers share one policy."""
    if faults := list(layer_faults(documents)):
        raise ValueError("; ".join(map(str, faults)))
    made: dict[tuple[str, ...], Policy] = {}
    found: dict[str | None, Policy] = {}
    for estate in policy.group.estates:
        layers = layers_at(documents, estate.id)
        if layers and layers not in made:
            made[layers] = _at_place(policy, documents, layers[-1])
        if layers:
            found[estate.id] = made[layers]
    return found


def _at_place(policy: Policy, documents: Mapping[str, Any], place: str) -> Policy:
    """The policy under the layers of a place; what they do not touch is the very same value."""
    merged = documents_at(documents, place)
    changed = [kind for kind in LOCAL_KINDS if merged[kind] is not documents[kind]]
    try:
        own = {kind: _MODELS[kind].model_validate(merged[kind]) for kind in changed}
    except ValueError as error:
        raise ValueError(f"local.{place}: {error}") from error
    here = policy.model_copy(update=own)
    here._at = {}  # noqa: SLF001 - it is made in this module only
    return here


# Most versions share these with the one before, and reading them takes a while.
@lru_cache(maxsize=4)
def _lexicon(content: bytes) -> Lexicon:
    return Lexicon.model_validate(orjson.loads(content))


@lru_cache(maxsize=4)
def _templates(content: bytes) -> Templates:
    return Templates.model_validate(orjson.loads(content))


_CACHED: Final[Mapping[str, Callable[[bytes], BaseModel]]] = {
    "lexicon": _lexicon,
    "templates": _templates,
}
_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "group": Group,
    "taxonomy": Taxonomy,
    "lexicon": Lexicon,
    "calendar": Calendar,
    "rules": Rules,
    "templates": Templates,
}
