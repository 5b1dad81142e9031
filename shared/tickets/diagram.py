"""The lifecycle's table as a page with diagrams, so that docs/lifecycle.md cannot disagree. Pure.

`python -m shared.tickets.diagram > docs/lifecycle.md` writes the page anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from shared.tickets.lifecycle import (
    ALL_CLOCKS,
    OPEN,
    UNFINISHED,
    OrderStatus,
    TicketStatus,
    Transition,
    derive_status,
)
from shared.tickets.table import ROWS, TABLE, Row, Subject

_BUILT: Final = tuple(row for row in TABLE if row.is_built)
_COLUMNS: Final = "| transition | from | to | who | endpoint | event | stops |\n" + "|---" * 7 + "|"
_INTRO: Final = """\
# The lifecycle

Made from `TABLE` in `shared/tickets/table.py`; do not edit this page. After a change of the
table: `python -m shared.tickets.diagram > docs/lifecycle.md`.

A transition that is not in the table cannot happen: `shared.tickets.apply:apply` refuses it, and
whoever asked gets 409 with the present status and who set it. Some rows have a condition besides
(in `shared/tickets/conditions.py`), for instance that the time for reopening is not
over.

*Open* is every ticket status but closed, answered, cancelled and merged. *Unfinished* is every
work order status but resolved, handed_over, declined, transferred and cancelled."""
_TICKETS: Final = """\
## Tickets

A ticket's status is never set by hand. It is the ticket's own mark (answered, closed, cancelled,
merged); without one it follows from the work orders of the present round (`derive_status`)."""
_TICKET_DIAGRAM: Final = """\
The arrows with a verb of the ticket come from the table above. The others show what a ticket with
one work order does when that order moves; with several, `derive_status` decides."""
_ORDERS: Final = """\
## Work orders

One department's work in one round. The last order that ends makes the event `ticket.resolved`."""


def lifecycle_page() -> str:
    """The whole page, as Markdown."""
    parts = (
        _INTRO,
        _TICKETS,
        _table("ticket"),
        _TICKET_DIAGRAM,
        _diagram((*_moves("ticket"), *_derived_moves())),
        _ORDERS,
        _table("work_order"),
        _diagram(_moves("work_order")),
    )
    return "\n\n".join(parts) + "\n"


def _table(subject: Subject) -> str:
    return "\n".join((_COLUMNS, *(_line(row) for row in _BUILT if row.on == subject)))


def _line(row: Row[Any]) -> str:
    to = row.to.value if row.to else _where_it_stays(row)
    cells = (
        row.transition.value,
        _named(row),
        f"{to}, round + 1" if row.new_round else to,
        ", ".join(sorted(row.roles)),
        f"`{row.endpoint}`" if row.endpoint else "by rule",
        f"`{row.says.name}`",
        "all" if row.stops == ALL_CLOCKS else ", ".join(row.stops),
    )
    return f"| {' | '.join(cells)} |"


def _where_it_stays(row: Row[Any]) -> str:
    return "the state before" if row.transition is Transition.RESUME else "unchanged"


def _named(row: Row[Any]) -> str:
    if row.from_ == OPEN:
        return "open"
    if row.from_ == UNFINISHED:
        return "unfinished"
    left = set(TicketStatus) - row.from_ if row.on == "ticket" else set()
    if len(left) == 1:
        return f"any but {next(iter(left))}"
    return ", ".join(_in_order(row)) or "–"


def _in_order(row: Row[Any]) -> list[str]:
    """The row's states as their enum lists them, whatever the order of a set."""
    known: tuple[str, ...] = tuple(TicketStatus if row.on == "ticket" else OrderStatus)
    return [str(state) for state in sorted(row.from_, key=known.index)]


_Move = tuple[str, str, str]
"""From, to, verb."""
_NOWHERE: Final = "[*]"
"""What Mermaid calls the state before the first."""


def _moves(subject: Subject) -> Iterator[_Move]:
    """What the table itself moves."""
    for row in _BUILT:
        if row.on != subject:
            continue
        for start, end in _ends(row):
            yield start, end, row.transition.value


def _ends(row: Row[Any]) -> Iterator[tuple[str, str]]:
    starts = [_NOWHERE] if row.creates else _in_order(row)
    ends = [row.to.value] if row.to else []
    if row.transition is Transition.RESUME:
        ends = _in_order(ROWS[Transition.SUSPEND])
    for start in starts:
        yield from ((start, end) for end in ends if end != start)


def _derived_moves() -> Iterator[_Move]:
    """How a ticket with a single work order follows it."""
    for row in _BUILT:
        if row.on != "work_order":
            continue
        for start, end in _ends(row):
            before, after = _ticket_with(start), _ticket_after(row, end)
            if before != after:
                yield before, after, row.transition.value


def _ticket_after(row: Row[Any], end: str) -> str:
    match row.transition:
        case Transition.TRANSFER:  # the other department's order is in the same write
            return _ticket_with(end, OrderStatus.DISPATCHED)
        case Transition.CONFIRM_CANCEL:  # nothing is left of a request nobody needs
            return TicketStatus.CANCELLED.value
        case _:
            return _ticket_with(end)


def _ticket_with(*orders: str) -> str:
    return derive_status(None, (OrderStatus(o) for o in orders if o != _NOWHERE)).value


def _diagram(moves: Iterable[_Move]) -> str:
    """One arrow for each pair of states, with all its verbs."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for start, end, verb in moves:
        known = verbs.setdefault((start, end), [])
        if verb not in known:
            known.append(verb)
    arrows = [f"    {start} --> {end}: {', '.join(said)}" for (start, end), said in verbs.items()]
    return "\n".join(("```mermaid", "stateDiagram-v2", *arrows, "```"))


if __name__ == "__main__":
    sys.stdout.write(lifecycle_page())
