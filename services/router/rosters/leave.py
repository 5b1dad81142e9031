"""Somebody's leave as a value: asked for, granted, refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.contracts import MalformedMessage, Step

LONGEST_LEAVE: Final = timedelta(days=366)
LeaveStatus = Literal["asked", "granted", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Somebody is away between two aware moments; `reason` is a code."""

    id: str
    version: int = 0
    person: str
    begins: datetime
    ends: datetime
    reason: str
    status: LeaveStatus = "asked"
    asked_at: datetime
    decided_by: str | None = None

    def check(self) -> None:
        """Raise MalformedMessage for one that runs backwards, or for ever."""
        if not self.begins < self.ends <= self.begins + LONGEST_LEAVE:
            raise MalformedMessage("ends", "is not within a year after it begins", "correct it")


def decide_leave(leave: Leave, status: LeaveStatus, by: str) -> Step[Leave] | None:
    """Granted or refused, also the other way round later; None when that is so already."""
    if leave.status == status:
        return None
    return Step(replace(leave, status=status, decided_by=by))
