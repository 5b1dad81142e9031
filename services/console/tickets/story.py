"""What happened to a ticket, in plain sentences, by round, the newest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal

from services.console.clients.shapes.whole import EntrySeen, TicketSeen
from services.console.tickets.saying import BY_SERVICE, Saying, is_code
from shared.contracts.times import written

Side = Literal["caller", "department", "desk", "system"]
"""Whose doing it was: a reader may look at one side alone."""
Kept = Literal["internal", "public", "said", "told"] | None
"""Whose the words are: the staff's alone, for the caller, the caller's own, or told to them."""

ROUND_BEGINS: Final = frozenset({"not_satisfied", "reopen"})
_SAID: Final = frozenset({"supplement", "urge", "reopen", "not_satisfied", "request_cancel"})
_TOLD: Final = frozenset({"answer"})
_WITH_CALLER: Final = _SAID | _TOLD | {
    "register", "cancel", "tell", "feedback", "feedback_attempt",
}  # fmt: skip
_TABLES: Final = (
    "reasons", "feedback_outcomes", "outcomes", "held_reasons", "decline_reasons",
    "pause_reasons", "more_time_reasons", "raise_reasons", "emergency_outcomes",
)  # fmt: skip
_CLOCKS: Final = frozenset({"warn", "breach"})
AS_PART: Final = "incident"
"""The router's note of work that counts as accepted with what it is a part of: nobody said so."""
_NUMBERS: Final = frozenset({"link", "merge", "join"})
"""What stands beside these is a number or id, which the page links elsewhere."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, or the same `count` times in a row: the last of them, `n` in the
    round, and `since` when.
    """

    n: int
    at: str
    at_iso: str
    side: Side
    who: str
    did: str
    department: str | None
    words: str | None
    reason: str | None
    kept: Kept
    count: int = 1
    since: str = ""

    @property
    def is_words(self) -> bool:
        """Whether somebody's words stand there."""
        return self.words is not None


@dataclass(frozen=True, slots=True)
class Round:
    """One time of working on it."""

    n: int
    is_present: bool
    lines: Sequence[Line]

    @property
    def count(self) -> int:
        """How many things happened."""
        return sum(line.count for line in self.lines)


def rounds_of(ticket: TicketSeen, saying: Saying) -> list[Round]:
    """The rounds, the present one first."""
    departments = {order.id: order.department for order in ticket.work_orders}
    parts: list[list[EntrySeen]] = [[]]
    for entry in ticket.timeline:
        if entry.transition in ROUND_BEGINS:
            parts.append([])
        parts[-1].append(entry)
    # Of a ticket whose beginning was lost there are fewer than rounds.
    first = max(ticket.round - len(parts) + 1, 1)
    rounds = [
        Round(n, n == ticket.round, tuple(_folded(_lines(part, departments, saying))))
        for n, part in enumerate(parts, start=first)
    ]
    return rounds[::-1]


def _folded(lines: Iterable[Line]) -> Iterable[Line]:
    """What happened several times in a row stands there once, with its count."""
    for _, equal in groupby(lines, key=lambda line: replace(line, n=0, at="", at_iso="")):
        last, *before = equal
        first = before[-1] if before else last
        yield replace(last, count=1 + len(before), since=first.at if before else "")


def _lines(
    entries: Sequence[EntrySeen], departments: Mapping[str, str], saying: Saying
) -> Iterable[Line]:
    """The newest first."""
    for n, entry in reversed([*enumerate(entries, start=1)]):
        as_part = entry.transition == "accept" and entry.note == AS_PART
        reason = "" if as_part else _reason(entry, saying)
        did = "accept_as_part" if as_part else entry.transition
        words = _words(entry) if reason is None else None
        id = departments.get(entry.order or "")
        department = saying.names.department(id, saying.language) if id else None
        told = saying.word("did", did) or saying.code("transitions", entry.transition)
        if entry.transition == "dispatch" and department:
            told, department = saying.t["did_dispatch_to"].format(department), None
        yield Line(
            n=n,
            at=saying.at(entry.at),
            at_iso=written(entry.at),
            side=_side(entry),
            who=saying.who(entry.by),
            did=told,
            department=department,
            words=words,
            reason=reason,
            kept=_kept(entry) if words is not None else None,
        )


def _side(entry: EntrySeen) -> Side:
    if entry.by.startswith(BY_SERVICE):
        return "system"
    if entry.transition in _WITH_CALLER:
        return "caller"
    return "department" if entry.order is not None else "desk"


def _reason(entry: EntrySeen, saying: Saying) -> str | None:
    """What a code beside it is called; the empty word for one that tells a reader nothing."""
    note = entry.note
    if note is None:
        return None
    head, _, tail = note.partition("/")
    if entry.transition in _CLOCKS:
        level = saying.t["level"].format(tail) if tail.strip("0") else ""
        return " ".join(filter(None, (saying.code("clocks", head), level)))
    if (named := saying.coded(note, _TABLES) or saying.coded(head, _TABLES)) is not None:
        return named
    is_ours = entry.by.startswith(BY_SERVICE) or entry.transition in _NUMBERS
    is_plain = is_code(note) or (note.isascii() and " " not in note)
    return "" if is_ours and is_plain else None


def _words(entry: EntrySeen) -> str | None:
    return entry.note.strip() or None if entry.note else None


def _kept(entry: EntrySeen) -> Kept:
    if entry.public:
        return "public"
    if entry.transition in _SAID:
        return "said"
    return "told" if entry.transition in _TOLD else "internal"
