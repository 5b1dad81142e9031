"""Whose roster somebody may see and change."""

from __future__ import annotations

from shared.identity import Principal
from shared.identity.principal import EVERYWHERE
from shared.policy.duty import ANYWHERE
from shared.policy.policy import Group


def reaches_list(principal: Principal, place: str, department: str, group: Group) -> bool:
    """Whether a list is within reach: for whoever has all of the place, and of the departments only
    for their own people.
    """
    if principal.role == "department" and not principal.answers_for(department):
        return False
    if EVERYWHERE in principal.places:
        return True
    return place != ANYWHERE and group.estates_of([place]) <= principal.places
