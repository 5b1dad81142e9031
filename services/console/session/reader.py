"""Who reads a page, as the administration says. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from services.console.clients.admin import Access, Own
from services.console.clients.own import OwnSettings


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is signed in at a browser. What is shown to them follows from `may`, never from
    the role; the token is for what is asked of the services on their behalf.
    """

    id: str
    role: str
    name: str
    places: frozenset[str]
    departments: frozenset[str]
    may: frozenset[str]
    session: str
    factor_needed: bool
    settings: OwnSettings
    token: str = field(repr=False)

    @classmethod
    def of(cls, who: Own, access: Access) -> Self:
        """The bearer of a token."""
        return cls(
            id=who.id,
            role=who.role,
            name=who.name or who.id,
            places=frozenset(who.places),
            departments=frozenset(who.departments),
            may=frozenset(who.may),
            session=access.session,
            factor_needed=who.factor_needed,
            settings=who.settings,
            token=access.access_token,
        )
