"""What somebody at the desk sees through, and what became of handing it over."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.clients.service import Answered
from services.console.clients.shapes.whole import ExtensionSeen


class Case(Answered):
    """A ticket that somebody sees through, with what is asked of them."""

    number: str
    status: str
    estate: str | None = None
    building: str | None = None
    type: str = ""
    area: str = ""
    urgency: str = ""
    level: int = 0
    due: datetime | None = None
    registered_at: datetime
    scrubbed: str = ""
    extension: ExtensionSeen | None = None
    cancel_requested: bool = False
    feedback_attempts: int = 0
    place_differs: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for what whoever sees it through decides."""
        return self.extension is not None or self.cancel_requested or self.place_differs


class CasesPage(Answered):
    """Some of them, the newest first."""

    items: list[Case]
    next: str | None = None


class Left(Answered):
    """What stays with its owner, and why."""

    number: str
    why: str


class HandedOver(Answered):
    """What went over, and what did not."""

    handed_over: list[str] = Field(default_factory=list)
    left: list[Left] = Field(default_factory=list)
    more: bool = False
