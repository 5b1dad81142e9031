"""Telephone numbers as people give them: one that can be dialled by its country's plan, or none."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import phonenumbers
from typing_extensions import override

REGION: Final = "CN"
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
"""What nearly every caller gives; the library, which knows all the others, takes a while."""
_SAID: Final = re.compile(r"\s*(?:转接?|轉接?|内线|內線|分机号?|分機號?)\s*[::]?\s*(?=\d)")
_WRITTEN: Final = re.compile(r"(?<=\d{7})-(?=\d{1,6}$)", re.ASCII)
"""An extension behind a hyphen: only where the number has ended, 86-138-0013-8000 has none."""
_EXTENSION: Final = ";ext="
_OWN_COUNTRY: Final = "+86"
_TAKE_TEXTS: Final = frozenset(
    {
        phonenumbers.PhoneNumberType.MOBILE,
        # Of some countries a number does not tell which of both it is.
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
)


@dataclass(frozen=True, slots=True)
class Telephone:
    """A number as the world writes it (E.164), and the extension to ask for behind it."""

    e164: str
    extension: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether who rings or writes to it reaches the one who gave it."""
        return not self.extension

    @property
    def takes_texts(self) -> bool:
        """Whether a text comes to the one who gave it: to no fixed line, no 400 number and no
        extension, of which the switchboard has it at best.
        """
        if not self.is_direct:
            return False
        if _MOBILE.fullmatch(self.e164.removeprefix(_OWN_COUNTRY)):
            return True
        return phonenumbers.number_type(phonenumbers.parse(self.e164)) in _TAKE_TEXTS

    @override
    def __str__(self) -> str:
        """As RFC 3966 joins them: two extensions of one switchboard are two telephones."""
        return f"{self.e164}{_EXTENSION}{self.extension}" if self.extension else self.e164


def read_telephone(given: str) -> Telephone | None:
    """The telephone that somebody means; None for what nobody can dial from elsewhere: masked,
    zeros, short numbers such as 110, and whatever else the country's plan does not know.
    """
    given = unicodedata.normalize("NFKC", given).strip()
    if _MOBILE.fullmatch(given):
        return Telephone(f"+86{given}")
    if "*" in given:  # the library reads over it, and takes what is left for a number
        return None
    named = _SAID.sub(_EXTENSION, given)
    return _parsed(named) or _parsed(_WRITTEN.sub(_EXTENSION, named))


def _parsed(given: str) -> Telephone | None:
    try:
        found = phonenumbers.parse(given, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    e164 = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return Telephone(e164, found.extension or "")
