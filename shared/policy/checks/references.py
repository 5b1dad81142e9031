"""What is named is there: nothing of the group's tree hangs in the air, and matters are routed to
departments that there are, and that somebody serves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from shared.contracts.errors import Fault
from shared.policy.checks.raw import Thing, fields, ids, items, things
from shared.policy.duty import Duty
from shared.policy.local import places_above
from shared.triage.classify import NEEDED_AREAS, NEEDED_KINDS, NEEDED_TYPES, NEEDED_URGENCIES
from shared.triage.taxonomy import UNKNOWN_KIND

_NEEDED: Final[Mapping[str, Iterable[str]]] = {
    "types": NEEDED_TYPES,
    "areas": NEEDED_AREAS,
    "urgencies": NEEDED_URGENCIES,
    "emergency_kinds": NEEDED_KINDS,
}
_PARTS: Final = ("departments", *_NEEDED)
_ADD: Final = "add it, or name one that there is"


def place_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Every place or estate that is not below the group, is there twice or cannot be told apart."""
    everywhere = [*things(documents, "group", "places"), *things(documents, "group", "estates")]
    yield from _hanging(documents, everywhere)
    counted = Counter(thing["id"] for _, thing in everywhere)
    for path in dict.fromkeys(path for path, thing in everywhere if counted[thing["id"]] > 1):
        yield Fault(path, "has an id that is there twice", "give each place and estate its own")
    yield from _alike(list(things(documents, "group", "estates")))


def _hanging(documents: Mapping[str, Any], everywhere: list[Thing]) -> Iterator[Fault]:
    places = ids(documents, "group", "places")
    for path, thing in everywhere:
        within = thing.get("within")
        if not isinstance(within, str):
            continue
        if within not in places:
            yield Fault(
                f"{path}.within",
                "hangs in the air: no place has that id",
                "name a region or company of `group.places`, or leave it out",
            )
        elif thing["id"] in places_above(documents, within):
            yield Fault(f"{path}.within", "lies within itself", "name a place further up")


def _alike(estates: list[Thing]) -> Iterator[Fault]:
    """Two estates by one name: a caller who says it would be sent to whichever comes last."""
    owners: dict[str, str] = {}
    for path, estate in estates:
        names = [*((f, estate.get(f)) for f in ("id", "zh", "en")), *_aliases(estate)]
        for field, name in names:
            if not isinstance(name, str):
                continue
            owner = owners.setdefault(name.casefold(), estate["id"])
            if owner != estate["id"]:
                yield Fault(f"{path}.{field}", f"is a name of {owner} as well", "use another name")


def _aliases(estate: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((f"aliases.{n}", name) for n, name in enumerate(items(estate.get("aliases"))))


def routing_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Every reference that leads nowhere, and everything that rules rely on and is not there."""
    for part in _PARTS:
        counted = Counter(thing["id"] for _, thing in things(documents, "taxonomy", part))
        for id in (id for id, times in counted.items() if times > 1):
            yield Fault(f"taxonomy.{part}.{id}", "is there twice", "keep one of them")
    for part, needed in _NEEDED.items():
        for id in sorted(set(needed) - ids(documents, "taxonomy", part)):
            yield Fault(f"taxonomy.{part}", f"{id} is missing", "the classification relies on it")
    named = (
        *_references(documents),
        *_heard(documents),
        *_followed(documents),
        *_proven(documents),
    )
    for path, part, name in named:
        if name not in ids(documents, "taxonomy", part):
            yield Fault(path, f"there is no such entry in taxonomy.{part}", _ADD)
    yield from _kind_faults(documents)


def _kind_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Kinds of danger without a plan, or without anybody to lead it."""
    if not ids(documents, "taxonomy", "emergency_kinds"):
        yield Fault("taxonomy.emergency_kinds", "there is none", "no danger would have a plan")
    for path, kind in things(documents, "taxonomy", "emergency_kinds"):
        if kind.get("department") == "":
            yield Fault(f"{path}.department", "is empty: nobody would go", "name who leads")
        if kind["id"] == UNKNOWN_KIND:
            yield from _unplanned(path, kind)


def _unplanned(path: str, kind: Mapping[str, Any]) -> Iterator[Fault]:
    """What the plan of an emergency of unknown kind lacks: whoever takes such a call has nothing
    else to go by.
    """
    advice = fields(kind.get("advice"))
    for part in ("say", "ask", "do"):
        if part not in advice:
            yield Fault(f"{path}.advice.{part}", "is missing", "say how to find out where and what")
    if not items(kind.get("checklist")):
        yield Fault(
            f"{path}.checklist", "is empty", "name the first steps: where it is, what it is"
        )


def unserved(documents: Mapping[str, Any], duty: Duty) -> Iterator[Fault]:
    """Departments that nobody on the duty list is of, anywhere."""
    served = {
        d for departments in duty.places.values() for d, people in departments.items() if people
    }
    for path, department in things(documents, "taxonomy", "departments"):
        if department["id"] not in served:
            yield Fault(
                path,
                "nobody on the duty list could serve it",
                "put somebody on the duty list first",
            )


def _references(documents: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What the taxonomy names of itself: path, part, id."""
    for path, request_type in things(documents, "taxonomy", "types"):
        for urgency in fields(request_type.get("limits")):
            yield f"{path}.limits.{urgency}", "urgencies", urgency
    for path, area in things(documents, "taxonomy", "areas"):
        yield from _named(f"{path}.department", "departments", area.get("department"))
        for type_id, department in fields(area.get("department_by_type")).items():
            yield f"{path}.department_by_type.{type_id}", "types", type_id
            yield from _named(f"{path}.department_by_type.{type_id}", "departments", department)
    for path, kind in things(documents, "taxonomy", "emergency_kinds"):
        yield from _named(f"{path}.area", "areas", kind.get("area"))
        yield from _named(f"{path}.department", "departments", kind.get("department"))
        for n, department in enumerate(items(kind.get("support"))):
            yield from _named(f"{path}.support.{n}", "departments", department)


def _proven(documents: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Areas of which the rules want a photo."""
    for n, wanted in enumerate(items(fields(documents.get("rules")).get("proof_for"))):
        for area in items(fields(wanted).get("areas")):
            yield from _named(f"rules.proof_for.{n}.areas", "areas", area)


def _named(path: str, part: str, name: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(name, str) and name:
        yield path, part, name


def _followed(documents: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What the rules of follow-up tasks are about, and would never meet."""
    for n, rule in enumerate(items(fields(documents.get("rules")).get("follow_ups"))):
        for part in ("types", "areas", "urgencies"):
            for m, name in enumerate(items(fields(rule).get(part))):
                yield from _named(f"rules.follow_ups.{n}.{part}.{m}", part, name)


def _heard(documents: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What the lexicon hears, and would send nowhere."""
    lexicon = fields(documents.get("lexicon"))
    examples = fields(lexicon.get("examples"))
    for at, part, found in (
        ("kinds", "emergency_kinds", lexicon.get("kinds")),
        ("areas", "areas", lexicon.get("areas")),
        ("types", "types", lexicon.get("types")),
        ("leanings", "areas", lexicon.get("leanings")),
        ("examples.kinds", "emergency_kinds", examples.get("kinds")),
        ("examples.routine", "types", examples.get("routine")),
        *((f"leanings.{a}", "types", t) for a, t in fields(lexicon.get("leanings")).items()),
        *(
            (f"examples.routine.{t}", "areas", a)
            for t, a in fields(examples.get("routine")).items()
        ),
    ):
        yield from ((f"lexicon.{at}.{id}", part, id) for id in fields(found))
