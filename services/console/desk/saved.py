"""What is told of a ticket that was registered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.console.clients.names import Names
from services.console.desk.faults import said_of
from services.console.desk.matters import Time
from services.console.desk.saving import Taken
from services.console.errors import FieldFault
from services.console.frame.advice import Steps, steps_of
from services.console.frame.times import deadline, grouped
from shared.contracts.times import written
from shared.policy.templates import Language


@dataclass(frozen=True, slots=True)
class Saved:
    """One that is registered."""

    number: str
    grouped: str
    name: str
    kind: str | None
    department: str | None
    times: Sequence[Time]
    held: str | None
    advice: Steps | None
    alerting: str | None
    call: Sequence[str]
    joins: str | None
    room: str | None
    duplicate_of: str | None
    is_new: bool
    outside: bool
    completed: bool | None
    is_callable: bool
    no_times: bool
    faults: Sequence[FieldFault]

    @property
    def is_emergency(self) -> bool:
        """Whether people are alerted."""
        return self.kind is not None


def saved_of(taken: Taken, names: Names, now: datetime, language: Language) -> Saved:
    """What is told of a ticket that was registered, and what to tell the caller."""
    made = taken.registered
    promised = sorted(made.promised.items(), key=lambda item: item[1])
    faults = [each for each in made.faults if not (taken.completed and each.field == "joins")]
    is_placed = all(each.field != "estate" for each in faults)
    return Saved(
        number=made.number,
        grouped=grouped(made.number),
        name=f"{names.type(made.type, language)} · {names.area(made.area, language)}",
        kind=names.kind(made.emergency_kind, language) if made.emergency_kind else None,
        department=names.department(made.department, language) if made.department else None,
        times=[
            Time(
                names.code("clocks", clock.removesuffix("_by"), language),
                deadline(at, now, language),
                written(at),
            )
            for clock, at in promised
            if is_placed
        ],
        held=names.code("held_reasons", made.held, language) if made.held else None,
        advice=steps_of(made.advice_parts, language),
        alerting=made.alerting,
        call=made.call or (),
        joins=grouped(made.joins) if made.joins else None,
        room=(made.joins or made.number) if made.emergency else None,
        duplicate_of=grouped(made.duplicate_of) if made.duplicate_of else None,
        is_new=taken.is_new,
        outside=taken.outside,
        completed=taken.completed,
        is_callable=taken.is_callable,
        no_times=bool(promised) and not is_placed,
        faults=said_of(faults, language),
    )
