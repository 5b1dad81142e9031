"""What somebody asks for in a list, read as filters: the words of a search, and what a person has
to tell the caller.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.buildings import Named, building_in
from shared.contracts import MalformedMessage
from shared.identity import EVERYWHERE, Principal
from shared.policy.policy import Group, Mention, Policy
from shared.privacy.terms import sought_in
from shared.readers.ticket_filters import TicketFilters
from shared.store import Store
from shared.tickets.lifecycle import DONE
from shared.tickets.numbers import LENGTH, is_number, read_number
from shared.words import plain

MOST_TASKS: Final = 2_000
"""Results that a person is to tell in the whole group; who has more has other worries."""
_LIKE_A_NUMBER: Final = re.compile(
    rf"(?=.*[0-9])(?=.*[A-Z])[0-9A-Z]{{{LENGTH + 1}}}", re.ASCII | re.DOTALL
)
_APART: Final = re.compile(r"[\s\-‐-―]+")
_LONGER: Final = re.compile("[0-9A-Za-z]{2}")
_OF_IT: Final = re.compile(r"\s*的(?=.)")
_HOLDS_A_WORD: Final = re.compile(r"[^\W_]")
_PHASES: Final = range(1, 10)


@dataclass(frozen=True, slots=True)
class SaidPlace:
    """The place that the words of a search name, and the words without it. `estate` and `building`
    are None where they name none.
    """

    estate: str | None
    building: str | None
    words: str


def place_in(words: str, estates: Collection[str], group: Group) -> SaidPlace:
    """The estate and the building among these words, however people call them. Where `estates` were
    asked for beside them, the name of another one is a word like others.
    """
    estate, building = group.estate_in(words), building_in(words)
    if estate and (_is_within(estate, words) or (estates and estate.estate.id not in estates)):
        estate = None
    # 6-2-1502 is somebody's flat: it is found by the look-up that is on record.
    if building is not None and "-" in plain(words[building.start : building.end]):
        building = None
    places: list[Mention | Named] = [each for each in (estate, building) if each is not None]
    return SaidPlace(
        estate.estate.id if estate else None,
        building.id if building else None,
        _without(words, places),
    )


def named_place(
    words: str, estates: Collection[str], group: Group
) -> Mapping[str, str | None] | None:
    """The place that a search of these words is kept to; None where they name none."""
    if is_number(read_number(words.strip())):
        return None
    place = place_in(words, estates, group)
    told = {"estate": place.estate, "building": place.building}
    return told if any(told.values()) else None


def _is_within(named: Mention, words: str) -> bool:
    """Whether letters go on before or after it, as park does in parking."""
    ends = (named.start - 1, named.end - 1)
    return any(at >= 0 and _LONGER.fullmatch(words[at : at + 2]) for at in ends)


def _without(words: str, places: Sequence[Mention | Named]) -> str:
    """The words around the places, which stand apart from each other then."""
    kept, at = list[str](), 0
    for place in sorted(places, key=lambda each: each.start):
        kept.append(words[at : place.start])
        at = max(at, place.end)
        if of_it := _OF_IT.match(words, at):
            at = of_it.end()
    return " ".join((*kept, words[at:]))


def _called(building: str) -> tuple[str, ...]:
    """How tickets name a building: said without its phase it is that of any."""
    if "期" in building:
        return (building,)
    return (building, *(f"{phase}期{building}" for phase in _PHASES))


def sought(
    words: str, asked: TicketFilters, principal: Principal, group: Group
) -> Mapping[str, Any]:
    """A ticket number, or the place that words name and the terms of the others. Raises
    MalformedMessage for what is nearly a number, and for words without a place or a time: those of
    years are too many to look through.
    """
    number = read_number(words.strip())
    if is_number(number):
        return {"number": number}
    if _LIKE_A_NUMBER.fullmatch(_APART.sub("", words).upper()):
        raise MalformedMessage(
            "q",
            "looks like a ticket number, and its check character does not fit",
            "have it read out once more, character by character",
        )
    place = place_in(words, asked.estates, group)
    found: dict[str, Any] = {}
    if place.estate is not None:
        found["estates"] = (place.estate,)
    if place.building is not None:
        found["buildings"] = _called(place.building)
    if not found or _HOLDS_A_WORD.search(place.words):
        found["terms"] = sought_in(place.words)
    is_near = asked.registered_from or EVERYWHERE not in principal.places
    if not (is_near or asked.estates or place.estate):
        raise MalformedMessage(
            "q",
            "names neither estate nor time",
            "name the estate, or add `estate` or `registered_from`",
        )
    return found


async def to_be_told(store: Store, policy: Policy) -> Mapping[str, Any]:
    """A query of the tickets whose result a person tells the caller: by the policy of their place,
    or since no message brought it.
    """
    tasks = await store.find(
        "follow_ups",
        {"state": "open", "why": "tell"},
        sort=[("due_at", 1), ("_id", 1)],
        limit=MOST_TASKS,
        fields=("number",),
    )
    failed = sorted({task["number"] for task in tasks})
    any_of = [{"_id": {"$in": failed}}, *_by_policy(policy)]
    return {"status": {"$in": sorted(DONE)}, "$or": any_of}


def _by_policy(policy: Policy) -> list[Mapping[str, Any]]:
    """Types and urgencies that are fed back by call, by the places where that is so."""
    places: dict[frozenset[str], list[str | None]] = defaultdict(list)
    for estate in (None, *(each.id for each in policy.group.estates)):
        places[policy.at(estate).rules.feedback_by_call].append(estate)
    return [
        {"estate": {"$in": estates}, "$or": [{"type": named}, {"urgency": named}]}
        for codes, estates in places.items()
        if codes
        for named in [{"$in": sorted(codes)}]
    ]
