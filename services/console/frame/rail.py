"""The rail: which pages there are for whoever reads, by what they may. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

NUMBERED: Final = 9


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A page that stands in the rail: `needs` is the action without which nobody has use for it.
    Its label is the word `rail_<name>` of the frame.
    """

    name: str
    path: str
    needs: str
    counts: bool = False
    """Whether it says how many of its list want somebody; the list's topic has the page's name."""


@dataclass(frozen=True, slots=True)
class RailItem:
    """An entry as it stands there; `digit` is that of its key."""

    name: str
    path: str
    digit: int | None
    is_here: bool
    counts: bool = False


ORDER: Final = (
    "desk", "mine", "queue", "call_backs", "board", "work", "emergencies", "incidents",
    "lines", "follow_ups", "messages", "rosters", "floor", "surveys", "appraisals", "reports",
    "policy", "privacy", "audit", "accounts", "parked",
)  # fmt: skip
"""How pages stand in the rail; one that is not named comes last."""
HOMES: Final = (
    ("proof.add", "work"),
    ("privacy_request.decide", "privacy"),
    ("account.manage", "accounts"),
    ("incident.release", "floor"),
    ("survey.record", "desk"),
    ("incident.decide", "queue"),
    ("audit.see", "audit"),
    ("ticket.register_anywhere", "desk"),
)
"""Where somebody begins: at the first page that is there of those for what they may."""
LAST_RESORT: Final = "/help"


def rail_of(entries: Collection[RailEntry], may: Collection[str], here: str) -> list[RailItem]:
    """The entries for somebody who may this; `here` is the path of the page."""
    shown = [entry for entry in _in_order(entries) if entry.needs in may]
    return [
        RailItem(
            entry.name,
            entry.path,
            number if number <= NUMBERED else None,
            is_here=here == entry.path or here.startswith(f"{entry.path}/"),
            counts=entry.counts,
        )
        for number, entry in enumerate(shown, start=1)
    ]


def home_of(entries: Collection[RailEntry], may: Collection[str]) -> str:
    """The path where somebody begins who may this."""
    paths = {entry.name: entry.path for entry in entries if entry.needs in may}
    for action, name in HOMES:
        if action in may and name in paths:
            return paths[name]
    rail = rail_of(entries, may, "")
    return rail[0].path if rail else LAST_RESORT


def _in_order(entries: Collection[RailEntry]) -> Sequence[RailEntry]:
    def place(entry: RailEntry) -> int:
        return ORDER.index(entry.name) if entry.name in ORDER else len(ORDER)

    return sorted(entries, key=place)
