"""What the administration says of people's requests about their own data (PIPL 44 to 50)."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.contracts.base import Event

RequestKind = Literal["copy", "correct", "erase"]


class PrivacyRequestGranted(Event):
    """A privacy officer granted it: `person` of the ticket `number` names who asked, and `turn`
    counts how often it was granted. New values of a correction are sealed in the request itself.
    """

    name: ClassVar[str] = "privacy_request.granted"
    must_be_founded: ClassVar[bool] = True
    can_be_urgent: ClassVar[bool] = False

    request: str
    turn: int
    kind: RequestKind
    number: str
    person: Literal["caller", "on_site_contact"]
    by: str


class PrivacyRequestEnded(Event):
    """Whoever asked can be told: it was `done` or `refused`; a refusal has a code."""

    name: ClassVar[str] = "privacy_request.ended"
    can_be_urgent: ClassVar[bool] = False

    request: str
    kind: RequestKind
    outcome: Literal["done", "refused"]
    reason: str | None = None
