"""What a matter can be, whose it is and how soon it is promised: the taxonomy as one document."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Calendar = Literal["wall", "business", "days", "workdays"]
Clock = Literal["accept", "first_reply", "arrive", "resolve", "control", "feed_back"]

EMERGENCY = "emergency"
NORMAL = "normal"
UNKNOWN_KIND: Final = "unknown"
"""The kind of an emergency of which nobody has said what it is: the first to find out is where and
what.
"""


class _Entry(BaseModel):
    """A named thing of the taxonomy: its id is for ever, its names are for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    zh: str
    en: str


class Limit(BaseModel):
    """How long a clock may run, and the calendar it runs on."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    for_: timedelta = Field(alias="for", gt=timedelta(0))
    on: Calendar

    @model_validator(mode="after")
    def _can_be_counted(self) -> Self:
        if self.on in {"days", "workdays"} and self.for_ % timedelta(days=1):
            raise ValueError(f"a limit on {self.on} must be of whole days")
        return self


class Department(_Entry):
    """Who does the work. `certificates` are the kinds without which nobody is put on shift (A7). Of
    a `pool` routine work is given to nobody by name: whoever is on duty takes it. A `contractor` is
    a firm outside the group, whose people see just their work, by a signed link. Where a contract
    that binds it to keep numbers to itself is on file, `may_have_numbers`.
    """

    certificates: frozenset[str] = frozenset()
    pool: bool = False
    contractor: bool = False
    may_have_numbers: bool = False


class Urgency(_Entry):
    """How long a matter can wait."""


class RequestType(_Entry):
    """What the caller wants, with the promised limits per urgency."""

    definition: str
    limits: Mapping[str, Mapping[Clock, Limit]]


class Area(_Entry):
    """What the matter is about, and which department answers for it."""

    department: str
    department_by_type: Mapping[str, str] = {}
    scope: str


class CheckStep(_Entry):
    """One thing of a checklist that somebody does and ticks off."""


class Wording(BaseModel):
    """The same in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Advice(BaseModel):
    """What whoever takes the call does at once: tells the caller (`say`), asks them (`ask`), and
    sees to themselves (`do`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: Wording
    ask: Wording | None = None
    do: Wording | None = None

    def in_one(self, language: Literal["zh", "en"]) -> str:
        """All of it in one line, for whoever goes there."""
        parts = (part for part in (self.say, self.ask, self.do) if part is not None)
        if language == "zh":
            return "；".join(part.zh.rstrip("。；") for part in parts)
        return " ".join(part.en for part in parts)


class EmergencyKind(_Entry):
    """A danger with its own plan: who goes, who is rung up, what to tell the caller first, and what
    is ticked off while it lasts. Where it is `told_by_person`, no machine writes to the caller.

    A policy gives its `advice` in three parts; those of before gave it in one line, all of which
    was read aloud. Whichever is there, the other follows from it.
    """

    area: str
    department: str
    support: tuple[str, ...]
    external: tuple[str, ...]
    advice: Advice
    first_advice: str
    first_advice_en: str
    checklist: tuple[CheckStep, ...] = ()
    told_by_person: bool = False
    limits: Mapping[Clock, Limit]

    @model_validator(mode="before")
    @classmethod
    def _advises_in_both_ways(cls, data: Any) -> Any:
        """What cannot be read is left for the fields to name."""
        if not isinstance(data, Mapping):
            return data
        zh, en, advice = (data.get(name) for name in ("first_advice", "first_advice_en", "advice"))
        if advice is None and isinstance(zh, str) and isinstance(en, str):
            return {**data, "advice": {"say": {"zh": zh, "en": en}}}
        if advice is None or (zh is not None and en is not None):
            return data
        with suppress(ValidationError):
            read = Advice.model_validate(advice)
            in_one = {"first_advice": read.in_one("zh"), "first_advice_en": read.in_one("en")}
            return {**in_one, **{k: v for k, v in data.items() if k not in in_one or v is not None}}
        return {"first_advice": "", "first_advice_en": "", **data}


class Taxonomy(BaseModel):
    """Types, areas, departments, urgencies and emergency kinds, with every reference checked.

    The order of `emergency_kinds` is the order of what to deal with first: the earlier kind wins
    when several are in one call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    departments: tuple[Department, ...]
    urgencies: tuple[Urgency, ...]
    types: tuple[RequestType, ...]
    areas: tuple[Area, ...]
    emergency_kinds: tuple[EmergencyKind, ...]

    @model_validator(mode="after")
    def _name_all_faults(self) -> Self:
        faults = [*self._repeated(), *self._missing(), *self._unknown()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def area(self, area_id: str) -> Area:
        """Give the area of that id; an unknown id is a KeyError."""
        return self._areas[area_id]

    def department(self, department_id: str) -> Department:
        """Give the department of that id; an unknown id is a KeyError."""
        return self._departments[department_id]

    def type(self, type_id: str) -> RequestType:
        """Give the request type of that id; an unknown id is a KeyError."""
        return self._types[type_id]

    def kind(self, kind_id: str) -> EmergencyKind:
        """Give the emergency kind of that id; an unknown id is a KeyError."""
        return self._kinds[kind_id]

    def is_told_by_person(self, kind_id: str | None) -> bool:
        """Whether nothing is sent by machine to the caller of an emergency of this kind: no
        receipt, no progress, no result, no survey. A kind that is not known is like all others.
        """
        kind = self._kinds.get(kind_id or "")
        return kind is not None and kind.told_by_person

    def has_area(self, area_id: str) -> bool:
        """Tell whether there is an area of that id."""
        return area_id in self._areas

    def has_type(self, type_id: str) -> bool:
        """Tell whether there is a request type of that id."""
        return type_id in self._types

    def has_kind(self, kind_id: str) -> bool:
        """Tell whether there is an emergency kind of that id."""
        return kind_id in self._kinds

    def is_pool(self, department_id: str) -> bool:
        """Tell whether work of this department is taken and not given."""
        return any(d.pool for d in self.departments if d.id == department_id)

    @property
    def contractors(self) -> frozenset[str]:
        """Departments that are firms outside the group."""
        return frozenset(d.id for d in self.departments if d.contractor)

    def is_contractor(self, department_id: str) -> bool:
        """Tell whether this department is a firm outside the group."""
        return department_id in self.contractors

    def department_for(self, type_id: str, area_id: str) -> str:
        """Name the department that answers for routine matters of this type in this area."""
        area = self._areas[area_id]
        return area.department_by_type.get(type_id, area.department)

    def limits(
        self, type_id: str, urgency: str, kind_id: str | None = None
    ) -> Mapping[Clock, Limit]:
        """Give the promised limit of each clock; a clock without limit is measured, not due.

        An emergency has its kind's limits. A type without limits for the urgency has its normal
        ones: urgent merely shortens what the group chose to shorten.
        """
        if kind_id is not None:
            return self._kinds[kind_id].limits
        by_urgency = self._types[type_id].limits
        return by_urgency.get(urgency) or by_urgency.get(NORMAL, {})

    @cached_property
    def _areas(self) -> dict[str, Area]:
        return {area.id: area for area in self.areas}

    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def _types(self) -> dict[str, RequestType]:
        return {request_type.id: request_type for request_type in self.types}

    @cached_property
    def _kinds(self) -> dict[str, EmergencyKind]:
        return {kind.id: kind for kind in self.emergency_kinds}

    def _repeated(self) -> Iterator[str]:
        groups: dict[str, Iterable[_Entry]] = {
            "department": self.departments,
            "urgency": self.urgencies,
            "type": self.types,
            "area": self.areas,
            "emergency kind": self.emergency_kinds,
        }
        groups |= {f"step of {kind.id!r}": kind.checklist for kind in self.emergency_kinds}
        for what, entries in groups.items():
            counted = Counter(entry.id for entry in entries)
            yield from (f"{what} {i!r} is there {n} times" for i, n in counted.items() if n > 1)

    def _missing(self) -> Iterator[str]:
        if EMERGENCY not in self._types:
            yield f"there is no type {EMERGENCY!r}"
        urgencies = {urgency.id for urgency in self.urgencies}
        yield from (f"there is no urgency {u!r}" for u in (EMERGENCY, NORMAL) if u not in urgencies)

    def _unknown(self) -> Iterator[str]:
        urgencies = {urgency.id for urgency in self.urgencies}
        for where, what, name, known in self._references(urgencies):
            if name not in known:
                yield f"{where} names unknown {what} {name!r}"

    def _references(
        self, urgencies: set[str]
    ) -> Iterator[tuple[str, str, str, Mapping[str, object] | set[str]]]:
        for request_type in self.types:
            for urgency in request_type.limits:
                yield f"type {request_type.id!r}", "urgency", urgency, urgencies
        for area in self.areas:
            where = f"area {area.id!r}"
            yield where, "department", area.department, self._departments
            for type_id, department in area.department_by_type.items():
                yield where, "type", type_id, self._types
                yield where, "department", department, self._departments
        for kind in self.emergency_kinds:
            where = f"emergency kind {kind.id!r}"
            yield where, "area", kind.area, self._areas
            for department in (kind.department, *kind.support):
                yield where, "department", department, self._departments


@cache
def load_sample_taxonomy() -> Taxonomy:
    """Read the sample group's taxonomy, once per process."""
    text = files("shared.policy.sample").joinpath("taxonomy.yaml").read_text("utf-8")
    return Taxonomy.model_validate(yaml.safe_load(text))
