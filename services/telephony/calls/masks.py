"""Who rang, behind a mask. It is made when it is shown, and kept nowhere."""

from __future__ import annotations

from services.telephony.calls.domain import CALLER, KeptCall
from shared.privacy import CannotOpen, mask_phone
from shared.privacy.open import Opener


class Masks:
    """Shows the end of a number; of one that is withheld nothing."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    async def of(self, kept: KeptCall) -> str | None:
        """The masked number; None where there is none to show."""
        sealed = kept.persons.get(CALLER)
        if sealed is None or kept.is_withheld:
            return None
        try:
            person = await self._opener.open_person(sealed)
        except CannotOpen:
            return None
        return mask_phone(person.get("phone"))
