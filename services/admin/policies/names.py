"""What the ids of a policy and the codes of tickets are called, without all else of the policy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from shared.codes import tables
from shared.contracts.refusals import NotNow
from shared.policy.policy import Group, read_kind
from shared.triage.taxonomy import Taxonomy

NAMED_BY: Final = ("group", "taxonomy")
"""The documents that hold names."""


class Named(BaseModel):
    """An id and what it is called."""

    id: str
    zh: str
    en: str


class NamedEstate(Named):
    """`aliases` are what callers call it, too; `within` is the place above it."""

    aliases: list[str]
    within: str | None


class NamedPlace(Named):
    """A region or city company."""

    kind: str
    within: str | None


class NamedArea(Named):
    """`department` answers for it where the type names no other."""

    department: str


class NamedDepartment(Named):
    """A `contractor` is a firm outside the group."""

    contractor: bool


class NamedKind(Named):
    """A kind of emergency: what it is about, who has it, and the steps of its checklist."""

    area: str
    department: str
    steps: list[Named]


class CodeName(BaseModel):
    """What a code is called."""

    zh: str
    en: str


class NamesView(BaseModel):
    """Names of a policy's version (`policy`), and of codes: table → code → name."""

    policy: str
    group: Named
    places: list[NamedPlace]
    estates: list[NamedEstate]
    types: list[Named]
    urgencies: list[Named]
    areas: list[NamedArea]
    departments: list[NamedDepartment]
    emergency_kinds: list[NamedKind]
    codes: dict[str, dict[str, CodeName]]


def names_in(version: str, documents: Mapping[str, Any]) -> NamesView:
    """The names in a version's documents; raises NotNow for a draft that cannot be read yet."""
    try:
        group = read_kind("group", documents["group"])
        taxonomy = read_kind("taxonomy", documents["taxonomy"])
    except (KeyError, TypeError, ValidationError) as error:
        raise NotNow(
            "not-readable",
            "This draft has faults, and its names cannot be read yet",
            "see its /faults",
        ) from error
    assert isinstance(group, Group)
    assert isinstance(taxonomy, Taxonomy)
    return names_of(version, group, taxonomy)


def names_of(version: str, group: Group, taxonomy: Taxonomy) -> NamesView:
    """The names of a group and its taxonomy, and those of all codes."""
    return NamesView(
        policy=version,
        group=_named(group),
        places=[NamedPlace(**_of(p), kind=p.kind, within=p.within) for p in group.places],
        estates=[
            NamedEstate(**_of(e), aliases=list(e.aliases), within=e.within) for e in group.estates
        ],
        types=[_named(each) for each in taxonomy.types],
        urgencies=[_named(each) for each in taxonomy.urgencies],
        areas=[NamedArea(**_of(area), department=area.department) for area in taxonomy.areas],
        departments=[
            NamedDepartment(**_of(each), contractor=each.contractor)
            for each in taxonomy.departments
        ],
        emergency_kinds=[
            NamedKind(
                **_of(kind),
                area=kind.area,
                department=kind.department,
                steps=[_named(step) for step in kind.checklist],
            )
            for kind in taxonomy.emergency_kinds
        ],
        codes={
            table: {code: CodeName(zh=name["zh"], en=name["en"]) for code, name in names.items()}
            for table, names in tables().items()
        },
    )


def _named(thing: Any) -> Named:
    return Named(**_of(thing))


def _of(thing: Any) -> dict[str, str]:
    return {"id": thing.id, "zh": thing.zh, "en": thing.en}


def etag_of(body: bytes) -> str:
    """What names an answer by its content: the same words have the same, in every replica."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(etag: str, asked: str | None) -> bool:
    """Whether one of the ETags that somebody has (`If-None-Match`) is this one; `*` is any."""
    known = {each.strip().removeprefix("W/") for each in (asked or "").split(",")}
    return bool(known & {etag, "*"})
