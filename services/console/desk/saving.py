"""Use case: what stands in the form is registered, once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from services.console.clients.answers import Declined, Unreached
from services.console.clients.desk import DeskClient
from services.console.clients.router import RouterClient
from services.console.clients.shapes.previews import Registered
from services.console.clients.tickets import TicketsClient
from services.console.desk.form import UNKNOWN, DeskForm, Report

MENDED_HERE = frozenset({400, 409, 422})
"""What whoever typed it can mend. All else is no fault of the form."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One that is registered; `is_new` unless it was before. `outside` is the outage that it could
    not be made a part of. `completed` is whether the emergency that it joins got the place or kind
    that nobody had known of it; None where it lacked neither.
    """

    registered: Registered
    is_new: bool
    outside: bool = False
    completed: bool | None = None
    is_callable: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """One that was not, and why."""

    report: Report
    why: Declined


@dataclass(slots=True)
class Outcome:
    """What became of all of them."""

    taken: list[Taken] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def left(self) -> str:
        """The words that still stand in the form."""
        return "\n".join(each.report.text for each in self.refused)


async def save(
    desk: DeskClient, router: RouterClient, tickets: TicketsClient, form: DeskForm, bearer: str
) -> Outcome:
    """Register it, in order. What intake refuses for what it says does not keep the others. Raises
    Unreached and Declined for all else; the same form sent again registers nothing twice.
    """
    outcome = Outcome()
    for report in form.reports():
        try:
            made, is_new = await desk.register(report.body, report.key, form.language, bearer)
        except Declined as refused:
            if refused.status not in MENDED_HERE:
                raise
            outcome.refused.append(Refused(report, refused))
            continue
        outside = bool(form["incident"]) and not await _linked(router, form, made.number, bearer)
        completed = await _completed(tickets, form, made, bearer)
        outcome.taken.append(Taken(made, is_new, outside, completed, form.is_callable))
    return outcome


async def _linked(router: RouterClient, form: DeskForm, number: str, bearer: str) -> bool:
    with suppress(Declined, Unreached):
        await router.link(form["incident"], number, bearer)
        return True
    return False


async def _completed(
    tickets: TicketsClient, form: DeskForm, made: Registered, bearer: str
) -> bool | None:
    """Give the emergency that it joins the place and the kind that nobody had known of it."""
    if made.joins is None:
        return None
    with suppress(Declined, Unreached):
        first = await tickets.one(made.joins, bearer)
        known: dict[str, str] = {}
        if first.estate is None:
            known["estate"] = form["estate"]
        if first.emergency_kind == UNKNOWN and made.emergency_kind not in {None, UNKNOWN}:
            known["emergency_kind"] = str(made.emergency_kind)
        if not known:
            return None
        await tickets.act(made.joins, "reclassify", known, bearer)
        return True
    return False


async def tell_each(
    numbers: Sequence[str], key: str, tickets: TicketsClient, bearer: str
) -> tuple[list[str], list[tuple[str, Declined]]]:
    """Say of each that its caller was told, once for a key: those of which it is kept, and those
    refused.
    """
    told: list[str] = []
    refused: list[tuple[str, Declined]] = []
    for number in numbers:
        try:
            await tickets.act(number, "tell", {}, bearer, key)
            told.append(number)
        except Declined as error:
            if error.status == 401:
                raise
            refused.append((number, error))
    return told, refused
