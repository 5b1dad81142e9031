"""``hotline link``: the signed link of a contractor's work or of a survey, to try what they see.

In a trial only: with real data a link is its receiver's alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from hotline.client import data_folder, running
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.identity import sign_link
from shared.policy.policy import Policy
from shared.privacy import load_keys
from shared.readers.policies import PolicyReader
from shared.store import Store, connect
from shared.tickets import TICKET, Ticket, WorkOrder

NOT_A_TRIAL: Final = (
    "These data are no trial's, so their links are for those who got them. Make a trial with "
    "`hotline up --trial --data FOLDER`."
)
Number = Annotated[str, typer.Argument(help="The ticket's number, or a work order's: NUMBER-1.")]
Data = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Links of a trial: a contractor's, a caller's.", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("work")(work)
    group.command("survey")(survey)
    app.add_typer(group, name="link")


def work(number: Number, data: Data = None) -> None:
    """Print the link at which a contractor sees their work and moves it."""
    folder = data_folder(data)
    ticket, policy = asyncio.run(_ticket_of(folder, number.upper()))
    order = _order_of(ticket, number.upper(), policy)
    person = next(filter(None, (order.assignee, *order.offered_to)), None)
    if person is None:
        raise UnusableSettingError(f"{order.id} was given to nobody yet. Wait a moment, try again.")
    typer.echo(_link(folder, "work", "router", "w", f"{order.id}/{person}"))


def survey(
    number: Number,
    round_: Annotated[int | None, typer.Option("--round", help="Default: the last.")] = None,
    data: Data = None,
) -> None:
    """Print the link at which a caller says how it went, once their matter is over."""
    folder = data_folder(data)
    ticket, _ = asyncio.run(_ticket_of(folder, number.upper()))
    subject = f"{ticket.number}-{ticket.round if round_ is None else round_}"
    typer.echo(_link(folder, "survey", "survey", "s", subject))


def _link(
    folder: Path, kind: Literal["work", "survey"], service: str, root: str, subject: str
) -> str:
    token = sign_link(kind, subject, load_keys(folder / "keys.json").link)
    return f"{running(folder).services[service]}/{root}/{token}"


async def _ticket_of(folder: Path, number: str) -> tuple[Ticket, Policy]:
    """The ticket of a number, or of one of its work orders; raises UnusableSettingError."""
    client = connect(running(folder).mongo)
    try:
        store = Store(client, read_settings().database, service="hotline")
        await store.clock.refresh()
        if not store.clock.is_trial:
            raise UnusableSettingError(NOT_A_TRIAL)
        policies = PolicyReader(store)
        await policies.refresh()
        doc = await store.get("tickets", number.partition("-")[0])
    finally:
        client.close()
    if doc is None:
        raise UnusableSettingError(f"There is no ticket {number}. Its number came in the answer.")
    return TICKET.from_doc(doc), policies.current


def _order_of(ticket: Ticket, number: str, policy: Policy) -> WorkOrder:
    """The work order that is named, or the last that a contractor has."""
    named = [order for order in ticket.work_orders if number in {ticket.number, order.id}]
    theirs = [order for order in named if policy.taxonomy.is_contractor(order.department)]
    if not theirs:
        raise UnusableSettingError(
            f"No contractor has work of {number}: {_departments(named)}. Our own people have no "
            "links, they sign in; see `hotline token --role department`."
        )
    return theirs[-1]


def _departments(orders: Sequence[WorkOrder]) -> str:
    return ", ".join(f"{order.id} is {order.department}'s" for order in orders) or "it has none"
