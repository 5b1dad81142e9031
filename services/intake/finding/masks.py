"""Who called, behind their masks. Masks are made when they are shown and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, Final

from services.intake.privacy.domain import Which, of_the_house
from shared.identity import Principal
from shared.privacy import CannotOpen, building_of_flat, masked
from shared.privacy.open import Opener
from shared.store import Doc

SHOWN_AS: Final[Mapping[Which, str]] = {"caller": "caller", "on_site_contact": "contact"}
_NOBODY: Final[Mapping[str, Any]] = {}


class Masks:
    """Shows persons of tickets masked, to whom this is for: not to a firm outside the group, nor to
    a department where the caller asked for confidence.
    """

    def __init__(self, opener: Opener, contractors: Callable[[], Container[str]]) -> None:
        self._opener = opener
        self._contractors = contractors

    async def of_ticket(self, doc: Doc, principal: Principal) -> Doc:
        """Caller and contact of a ticket, as far as they are known, and the building of the flat
        where no other was named.
        """
        if not self._may_see(doc, principal):
            return {}
        found: Doc = {}
        for which, name in SHOWN_AS.items():
            person = await self.open(doc, which)
            shown = {field: mask for field, mask in masked(person).items() if mask}
            if role := person.get("role"):
                shown["role"] = role
            if shown:
                found[name] = shown
            if which == "caller" and not doc.get("building"):
                found["building"] = building_of_flat(person.get("room"))
        return found

    async def open(self, doc: Doc, which: Which) -> Mapping[str, Any]:
        """What is sealed of a person, to be masked at once; nothing where there is nothing any
        more.
        """
        sealed = doc.get("persons", {}).get(which)
        if sealed is None:
            return _NOBODY
        try:
            return await self._opener.open_person(sealed)
        except CannotOpen:
            return _NOBODY

    def _may_see(self, doc: Doc, principal: Principal) -> bool:
        if principal.role != "department":
            return True
        inside = of_the_house(principal, self._contractors())
        return bool(inside.departments) and not doc.get("confidential")
