"""What a lost telephone takes along: the links of its person, and the addresses that were on it, by
keyed digests: another address counts from when it stands on a list, whatever else is written. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.router.rosters.lists import DutyList, Head, reaches_list
from shared.contracts import Step
from shared.identity import Principal
from shared.policy.duty import ADDRESSES, Address, Duty, LostTelephone, Person, digests_of
from shared.policy.policy import Group

SAID_AT_ONCE: Final = timedelta(seconds=5)
"""Within it all that is said of one person is of one telephone, whichever addresses are named: by
then every replica knows of it. Later an address that is added raises the generation: messages with
new links have gone there.
"""
SAID_AGAIN: Final = timedelta(minutes=2)
"""Who says the same of the same person within it was impatient, or did not get the answer: a second
telephone is not lost so soon after the first."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A lost telephone as it is on record, and by which addresses its person is still reached."""

    telephone: LostTelephone
    left: tuple[Address, ...]


def lose(head: Head, person: str, values: Collection[str], now: datetime) -> Step[Head] | None:
    """Raise the generation of somebody's links, and let nothing go to the addresses that have these
    digests. None where just this was said a moment ago. Of what is said several times at once, with
    other addresses, the generation is raised once and all the addresses are taken along.
    """
    known = next((each for each in head.lost if each.person == person), None)
    before = known or LostTelephone(person, 0, now)
    gone = frozenset(values) | frozenset(before.values)
    if known and gone == frozenset(known.values) and now - known.at < SAID_AGAIN:
        return None
    is_same = known is not None and now - known.at < SAID_AT_ONCE
    raised = LostTelephone(
        person,
        before.generation + (not is_same),
        before.at if is_same else now,
        in_order({*before.addresses, *_kinds(values)}),
        tuple(sorted(gone)),
    )
    return Step(replace(head, lost=(*_others(head, person), raised)))


def give(head: Head, given: Mapping[str, Collection[str]]) -> Step[Head] | None:
    """The addresses of these people that have these digests count again, and of the kinds that
    stand there by name alone all; None where none of them was lost. The links of before stay dead.
    """
    kept = tuple(_given(each, given.get(each.person, ())) for each in head.lost)
    return None if kept == head.lost else Step(replace(head, lost=kept))


def _given(lost: LostTelephone, values: Collection[str]) -> LostTelephone:
    left, kinds = tuple(each for each in lost.values if each not in values), _kinds(values)
    still = [each for each in lost.addresses if each not in kinds or digests_of(left, each)]
    return replace(lost, addresses=in_order(still), values=left)


def _kinds(values: Collection[str]) -> frozenset[Address]:
    return frozenset(each for each in ADDRESSES if digests_of(values, each))


def given_anew(before: DutyList, people: Collection[Person]) -> dict[str, tuple[Address, ...]]:
    """Which addresses of whom are others than they were on this list."""
    present = {person.id: person for person in before.people}
    found = {p.id: _differing(present[p.id], p) for p in people if p.id in present}
    return {id: addresses for id, addresses in found.items() if addresses}


def left_to(person: Person) -> tuple[Address, ...]:
    """By what somebody is reached."""
    return tuple(each for each in ADDRESSES if getattr(person, each))


def in_order(addresses: Collection[Address]) -> tuple[Address, ...]:
    """The same always in the same order."""
    return tuple(each for each in ADDRESSES if each in addresses)


def is_within_reach(principal: Principal, person: str, duty: Duty, group: Group) -> bool:
    """Whether somebody stands on a list that the principal reaches."""
    return any(reaches_list(principal, *each, group) for each in duty.lists_of(person))


def may_say(principal: Principal, person: str, duty: Duty, group: Group) -> bool:
    """Whether somebody of a department may say it: of themselves, and of those whose lead they
    are. For all others the table of rights has said it.
    """
    if principal.role != "department" or principal.id == person:
        return True
    lists = [each for each in duty.lists_of(person) if reaches_list(principal, *each, group)]
    return any(duty.at(*each)[-1].id == principal.id for each in lists)


def _others(head: Head, person: str) -> tuple[LostTelephone, ...]:
    return tuple(each for each in head.lost if each.person != person)


def _differing(before: Person, after: Person) -> tuple[Address, ...]:
    return tuple(a for a in ADDRESSES if _value(after, a) and _value(before, a) != _value(after, a))


def _value(person: Person, address: Address) -> Any:
    return getattr(person, address)
