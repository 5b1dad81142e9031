"""``hotline link``: the signed link of work, of an alert or of a survey, to try what people see.

In a trial only: with real data a link is its receiver's alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from hotline.client import data_folder, running
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.identity import sign_link, with_generation
from shared.policy.duty import LostTelephone
from shared.privacy import load_keys
from shared.readers.rosters import HEAD, ROSTERS, lost_in
from shared.store import Store, connect
from shared.tickets import TICKET, Ticket, WorkOrder

NOT_A_TRIAL: Final = (
    "These data are no trial's, so their links are for those who got them. Make a trial with "
    "`hotline up --trial --data FOLDER`."
)
Kind = Literal["work", "alert", "survey"]
Number = Annotated[str, typer.Argument(help="The ticket's number, or a work order's: NUMBER-1.")]
Data = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Links of a trial: of work, of an alert, of a survey.", no_args_is_help=True
    )
    group.callback()(lambda: None)
    group.command("work")(work)
    group.command("alert")(alert)
    group.command("survey")(survey)
    app.add_typer(group, name="link")


def work(number: Number, data: Data = None) -> None:
    """Print the link at which whoever has the work sees it and moves it."""
    folder = data_folder(data)
    matter = asyncio.run(_matter_of(folder, number.upper()))
    order = _order_of(matter.ticket, number.upper())
    person = next(filter(None, (order.assignee, *order.offered_to)), None)
    if person is None:
        raise UnusableSettingError(f"{order.id} was given to nobody yet. Wait a moment, try again.")
    typer.echo(_link(folder, "work", "router", "w", f"{order.id}/{matter.holder(person)}"))


def alert(
    number: Number,
    person: Annotated[str | None, typer.Option("--person", help="Default: the last.")] = None,
    data: Data = None,
) -> None:
    """Print the link at which somebody who was alerted says that they have it."""
    folder = data_folder(data)
    matter = asyncio.run(_matter_of(folder, number.upper()))
    ticket, called = matter.ticket, matter.called
    if not called:
        raise UnusableSettingError(
            f"Nobody was alerted to {ticket.number}. It is no emergency, or a moment too young."
        )
    if person is not None and person not in called:
        raise UnusableSettingError(f"{person} was not alerted; these were: {', '.join(called)}.")
    subject = f"{ticket.number}/{matter.holder(person or called[-1])}"
    typer.echo(_link(folder, "alert", "router", "w", subject))


def survey(
    number: Number,
    round_: Annotated[int | None, typer.Option("--round", help="Default: the last.")] = None,
    data: Data = None,
) -> None:
    """Print the link at which a caller says how it went, once their matter is over."""
    folder = data_folder(data)
    ticket = asyncio.run(_matter_of(folder, number.upper())).ticket
    subject = f"{ticket.number}-{ticket.round if round_ is None else round_}"
    typer.echo(_link(folder, "survey", "survey", "s", subject))


def _link(folder: Path, kind: Kind, service: str, root: str, subject: str) -> str:
    token = sign_link(kind, subject, load_keys(folder / "keys.json").link)
    return f"{running(folder).services[service]}/{root}/{token}"


@dataclass(frozen=True)
class _Matter:
    """A ticket, who was alerted to it, and whose telephone was lost."""

    ticket: Ticket
    called: tuple[str, ...]
    lost: Mapping[str, LostTelephone]

    def holder(self, person: str) -> str:
        """A person as their links of now name them."""
        telephone = self.lost.get(person)
        return with_generation(person, telephone.generation if telephone else 0)


async def _matter_of(folder: Path, number: str) -> _Matter:
    """The matter of a ticket's number, or of one of its work orders'; raises
    UnusableSettingError.
    """
    client = connect(running(folder).mongo)
    try:
        store = Store(client, read_settings().database, service="hotline")
        await store.clock.refresh()
        if not store.clock.is_trial:
            raise UnusableSettingError(NOT_A_TRIAL)
        doc = await store.get("tickets", number.partition("-")[0])
        emergency = await store.get("emergencies", number.partition("-")[0]) or {"alerts": ()}
        lost = lost_in(await store.get(ROSTERS, HEAD, fields=("lost",)))
    finally:
        client.close()
    if doc is None:
        raise UnusableSettingError(f"There is no ticket {number}. Its number came in the answer.")
    called = (person for each in emergency["alerts"] for person in each["recipients"])
    return _Matter(TICKET.from_doc(doc), tuple(dict.fromkeys(called)), lost)


def _order_of(ticket: Ticket, number: str) -> WorkOrder:
    """The work order that is named, or the last that somebody has."""
    named = [order for order in ticket.work_orders if number in {ticket.number, order.id}]
    in_hand = [order for order in named if order.assignee or order.offered_to]
    if not in_hand:
        raise UnusableSettingError(f"Nobody has work of {number} yet. Wait a moment, try again.")
    return in_hand[-1]
