"""What an examination found: every kind with its count and its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from typing_extensions import override

from hotline.promises.kinds import KINDS, Group, Kind

SHOWN = 10
"""How many numbers of one kind the summary names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one ticket, message, event or parked message."""

    kind: Kind
    id: str
    why: str = ""


@dataclass(slots=True)
class Findings:
    """All that was found by the database's time `now`; `checked` counts what was looked at.

    With `keep` only the first so many of each kind are held, and the rest is counted.
    """

    now: datetime
    keep: int | None = None
    checked: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, findings: Iterable[Finding]) -> None:
        """Take more findings in."""
        for found in findings:
            self.counted[found.kind.code] += 1
            held = self.first.setdefault(found.kind.code, [])
            if self.keep is None or len(held) < self.keep:
                held.append(found)

    @property
    def broken(self) -> bool:
        """Whether any promise is broken."""
        return any(self.counted[kind.code] for kind in KINDS if kind.breaks)

    def count(self, *kinds: Kind) -> int:
        """How many of these kinds were found, held or not."""
        return sum(self.counted[kind.code] for kind in kinds)

    def of(self, *kinds: Kind) -> list[Finding]:
        """The findings of these kinds that are held."""
        return [found for kind in kinds for found in self.first.get(kind.code, ())]

    def ids(self, group: Group) -> list[str]:
        """Numbers and ids of a group, each once."""
        kinds = (kind for kind in KINDS if kind.group == group)
        return sorted({f.id for f in self.of(*kinds)})

    @property
    def lost(self) -> list[str]:
        """What was accepted and is not there."""
        return self.ids("lost")

    @property
    def stuck(self) -> list[str]:
        """What should have moved on and did not."""
        return self.ids("stuck")

    @property
    def deadlines(self) -> list[str]:
        """Tickets with a deadline that did not fire, or fired twice."""
        return self.ids("deadlines")

    @property
    def doubled(self) -> list[str]:
        """Tickets, work orders and messages that should be there once."""
        return self.ids("doubled")

    @property
    def repeated(self) -> list[str]:
        """Urgent messages that were sent again because nobody knew of the first."""
        return self.ids("repeated")

    @property
    def disagreeing(self) -> list[str]:
        """What store, events and receivers say differently."""
        return self.ids("disagreeing")

    @property
    def unknown(self) -> list[str]:
        """Messages whose outcome nobody knows."""
        return self.ids("unknown")

    @override
    def __str__(self) -> str:
        """A line on what was looked at, and a line for each kind that was found."""
        looked = ", ".join(f"{n} {what}" for what, n in sorted(self.checked.items()))
        lines = [f"looked at {looked}"]
        lines += [self._line(kind) for kind in KINDS if self.counted[kind.code]]
        return "\n".join(lines if len(lines) > 1 else [*lines, "every promise was kept"])

    def _line(self, kind: Kind) -> str:
        found, total = self.of(kind), self.counted[kind.code]
        named = "; ".join(f"{f.id} ({f.why})" if f.why else f.id for f in found[:SHOWN])
        more = "; …" if total > SHOWN else ""
        return f"{kind.group} {total}: {kind.means}: {named}{more}"
