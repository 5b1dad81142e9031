"""What words are about, where the name of the place is not heard with the rest: of Jinyuan Gardens
nobody learns that a tap is in a garden. Pure.
"""

from __future__ import annotations

import re
from typing import Final

from shared.policy.policy import Group, Policy
from shared.triage.classify import Classification, classify
from shared.triage.matters import Matter, matters_in

_LATIN: Final = re.compile(r"[A-Za-z0-9]")
_ONE_WORD: Final = re.compile(r"[A-Za-z]{2}")


def without_place(said: str, group: Group) -> str:
    """The words as long as they were, with signs that mean nothing for the estate they name."""
    named = group.estate_in(said)
    if named is None:
        return said
    name = said[named.start : named.end]
    unheard = _LATIN.sub("x", re.sub(r"[\u4e00-\u9fff]", "某", name))

    def made(match: re.Match[str]) -> str:
        ends = (match.start(), match.end())
        is_part = any(at > 0 and _ONE_WORD.fullmatch(said[at - 1 : at + 1]) for at in ends)
        return match[0] if is_part else unheard

    return re.sub(re.escape(name), made, said)


def hear(
    said: str,
    policy: Policy,
    *,
    type_hint: str | None = None,
    area_hint: str | None = None,
    kind_hint: str | None = None,
) -> Classification:
    """What a report is about. A danger is heard in all of its words: no name may hide one."""
    hints = {"type_hint": type_hint, "area_hint": area_hint, "kind_hint": kind_hint}
    found = classify(said, policy.taxonomy, policy.lexicon, **hints)
    words = without_place(said, policy.group)
    if found.emergency or words == said:
        return found
    return classify(words, policy.taxonomy, policy.lexicon, **hints)


def hear_matters(
    said: str, policy: Policy, *, type_hint: str | None = None, area_hint: str | None = None
) -> tuple[Matter, ...]:
    """The same, matter by matter; where they tell of a danger, as all of the words have it."""
    hints = {"type_hint": type_hint, "area_hint": area_hint}
    found = matters_in(said, policy.taxonomy, policy.lexicon, **hints)
    words = without_place(said, policy.group)
    if words == said or any(matter.found.emergency for matter in found):
        return found
    return matters_in(words, policy.taxonomy, policy.lexicon, **hints)
