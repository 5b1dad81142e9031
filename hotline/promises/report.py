"""The findings as an operator reads them: a table by promise, and what to do about each kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from hotline.promises.examine import GRACE, examine
from hotline.promises.findings import SHOWN, Findings
from hotline.promises.kinds import ELSEWHERE, KINDS, PROMISES, Kind

LOOKED_AT: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("reservations", "accepted", "confirmed", "tickets"),
    2: ("tickets", "events waiting"),
    3: ("tickets",),
    4: ("messages", "digests"),
    5: ("deadlines",),
    6: ("emergencies",),
    8: ("parked",),
}
"""Which counts stand beside a promise."""


async def examine_and_print(mongo_url: str, database: str) -> bool:
    """Examine a database with progress, print what was found; whether every promise was kept."""
    with ProgressBars() as reading:
        found = await examine(mongo_url, database, keep=SHOWN, progress=reading.show)
    console = Console()
    console.print(table_of(found))
    for kind in KINDS:
        if found.count(kind):
            console.print(sentence_of(kind, found), soft_wrap=True, markup=False, highlight=False)
    seconds = f"{GRACE.total_seconds():.0f}"
    console.print(f"by the database's time {found.now:%F %T}Z; the last {seconds} s are not judged")
    console.print("a promise is BROKEN" if found.broken else "every promise was kept")
    return not found.broken


class ProgressBars:
    """A bar for each collection that is read, gone when all are."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begin to show."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the screen of it."""
        self._progress.stop()

    def show(self, what: str, read: int, total: int) -> None:
        """So much of a collection has been read."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=read, total=max(read, total))


def table_of(found: Findings) -> Table:
    """Promise by promise: what was looked at, what was found, the first numbers."""
    table = Table("promise", "looked at", "found", "first")
    for number, words in PROMISES.items():
        kinds = [kind for kind in KINDS if kind.promise == number]
        looked = ELSEWHERE.get(number) or _looked_at(number, found)
        counted = "\n".join(f"{n} {kind.code}" for kind in kinds if (n := found.count(kind)))
        first = "\n".join(found.of(kind)[0].id for kind in kinds if found.count(kind))
        table.add_row(f"{number} {words}", looked, counted or "-", first or "-")
    return table


def _looked_at(number: int, found: Findings) -> str:
    counts = ((what, found.checked[what]) for what in LOOKED_AT[number])
    return ", ".join(f"{n} {what}" for what, n in counts if n or what == LOOKED_AT[number][0])


def sentence_of(kind: Kind, found: Findings) -> str:
    """What a kind of finding means, what to do, and which are concerned."""
    held, total = found.of(kind)[:SHOWN], found.count(kind)
    named = "".join(f"\n    {f.id}  {f.why}" for f in held)
    more = f"\n    … and {total - len(held)} more" if total > len(held) else ""
    what = f"{kind.id}s" if total > 1 else kind.id
    to_do = kind.remedy if kind.remedy.endswith("?") else f"{kind.remedy}."
    return f"\n{total} {what} ({kind.code}): {kind.means}.\n  To do: {to_do}{named}{more}"
