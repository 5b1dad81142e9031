"""What may be shown of a person: masks, made on the server."""

from __future__ import annotations

import re
from typing import Final

_HIDDEN: Final = "*"


def mask_phone(phone: str | None) -> str | None:
    """138****8000; short numbers keep only their last two digits."""
    if not phone:
        return None
    digits = re.sub(r"\D", "", phone)
    if len(digits) >= 11:
        return f"{digits[-11:-8]}****{digits[-4:]}"
    return _HIDDEN * max(len(digits) - 2, 1) + digits[-2:]


def mask_name(name: str | None) -> str | None:
    """The first character, which in Chinese is the family name."""
    return f"{name[0]}{_HIDDEN * 2}" if name else None


def mask_room(room: str | None) -> str | None:
    """The building only."""
    if not room:
        return None
    found = re.match(r"[0-9A-Za-z]+", room)
    return f"{found.group()}-…" if found else "…"
