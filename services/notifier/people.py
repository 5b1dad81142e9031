"""Who a recipient is: the address is looked up (and opened) right before it is used, never kept.

This is the notifier's only module that opens what is sealed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from shared.contracts.notifier import CALLER
from shared.policy.duty import Person
from shared.policy.templates import Language
from shared.privacy import CannotOpen, mask_name, mask_phone, to_e164
from shared.privacy.open import Opener
from shared.store import Doc, Store
from shared.store.rosters import DutyReader
from shared.telemetry import logger

_MAIL: Final = re.compile(r"[^@\s<>,;:\"]+@([^@\s<>,;:\"]+)")


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """A person for the moment of one message; never logged, never stored."""

    name: str
    address: str

    @override
    def __repr__(self) -> str:
        """Nothing of the person."""
        return "Contact(…)"

    def masked(self) -> Contact:
        """The same person as staff may see them."""
        mail = _MAIL.fullmatch(self.address)
        address = f"{self.address[0]}***@{mail.group(1)}" if mail else mask_phone(self.address)
        return Contact(mask_name(self.name) or "", address or "")


class People:
    """Recipients: staff from the duty list, callers from the sealed person of their ticket."""

    def __init__(self, store: Store, duty: DutyReader, opener: Opener) -> None:
        self._store = store
        self._duty = duty
        self._opener = opener

    async def ticket(self, number: str) -> Doc | None:
        """What a message is about: place, language and mark of a ticket, nothing personal."""
        found = await self._store.find(
            "tickets", {"_id": number}, limit=1, fields=("estate", "building", "language", "mark")
        )
        return found[0] if found else None

    def language(self, recipient: str, ticket: Mapping[str, Any] | None) -> Language:
        """The language somebody is written to in."""
        if recipient == CALLER:
            return _language((ticket or {}).get("language"))
        person = self._duty.current.person(recipient)
        return _language(person.language if person else None)

    async def contact(self, recipient: str, number: str) -> Contact | None:
        """Name and address of a recipient; None when there is no way to reach them."""
        if recipient == CALLER:
            return await self._caller(number)
        return await self._staff(recipient)

    async def _staff(self, id: str) -> Contact | None:
        person: Person | None = self._duty.current.person(id)
        if person is None:  # perhaps added within the last second
            await self._duty.refresh()
            person = self._duty.current.person(id)
        if person is None or not _MAIL.fullmatch(person.mail):
            return None
        return Contact(person.name, person.mail)

    async def _caller(self, number: str) -> Contact | None:
        found = await self._store.find(
            "tickets", {"_id": number}, limit=1, fields=("persons.caller",)
        )
        sealed = found[0].get("persons", {}).get("caller") if found else None
        if sealed is None:
            return None
        try:
            person = await self._opener.open_person(sealed)
        except CannotOpen:  # an erased person's key is gone, on purpose
            logger.warning("caller_cannot_be_opened", ticket=number)
            return None
        phone = to_e164(str(person.get("phone") or ""))
        return Contact(str(person.get("name") or ""), phone) if phone else None


def _language(value: object) -> Language:
    return "en" if value == "en" else "zh"
