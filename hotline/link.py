"""``hotline link``: the signed link of work, of an alert, of a call to a caller or of a survey, to
try what people see.

In a trial only: with real data a link is its receiver's alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from hotline.client import data_folder, running
from hotline.errors import UnusableSettingError
from hotline.trial import trial_store
from shared.identity import sign_link, with_generation
from shared.policy.duty import LostTelephone
from shared.privacy import load_keys
from shared.readers.rosters import HEAD, ROSTERS, lost_in
from shared.store import Doc, Store
from shared.tickets import TICKET, Ticket, WorkOrder
from shared.tickets.lifecycle import OVER

NOT_A_TRIAL: Final = "their links are for those who got them"
MOST_ROUNDS: Final = 100
MOST_TASKS: Final = 100
"""A caller is rung a few times a round."""
Kind = Literal["work", "alert", "task", "survey"]
Number = Annotated[str, typer.Argument(help="The ticket's number, or a work order's: NUMBER-1.")]
Data = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Links of a trial: of work, of an alert, of a call, of a survey.",
        no_args_is_help=True,
    )
    group.callback()(lambda: None)
    group.command("work")(work)
    group.command("alert")(alert)
    group.command("task")(task)
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


def task(
    id: Annotated[str, typer.Argument(help="The task's id, or the ticket's number: its last.")],
    data: Data = None,
) -> None:
    """Print the link at which whoever is to ring a caller says what came of the call."""
    folder = data_folder(data)
    found, lost = asyncio.run(_task_of(folder, id))
    if found is None:
        raise UnusableSettingError(
            f"There is no task to tell a caller something by telephone: {id}. "
            "`/v1/follow-ups` lists them (why: tell)."
        )
    if found["person"] is None:
        raise UnusableSettingError(f"Nobody has the task {found['_id']} yet. It opens at its time.")
    subject = f"{found['_id']}/{holder(found['person'], lost)}"
    typer.echo(_link(folder, "task", "router", "w", subject))


def survey(
    number: Number,
    round_: Annotated[int | None, typer.Option("--round", min=1, help="Default: the last.")] = None,
    data: Data = None,
) -> None:
    """Print the link at which a caller says how it went; only of a round that is over."""
    folder = data_folder(data)
    found = asyncio.run(_matter_of(folder, number.upper()))
    asked = found.ticket.round if round_ is None else round_
    if (why := why_no_survey(found.ticket, asked, found.surveys)) is not None:
        raise UnusableSettingError(why)
    typer.echo(_link(folder, "survey", "survey", "s", f"{found.ticket.number}-{asked}"))


def why_no_survey(ticket: Ticket, round_: int, surveys: Collection[int]) -> str | None:
    """Why nobody can be asked about a round of a ticket, and what to do; None where somebody is.
    `surveys` are the rounds that somebody was asked about.
    """
    named = f"round {round_} of {ticket.number}"
    if round_ in surveys:
        return None
    if not 1 <= round_ <= ticket.round:
        return f"There is no {named}; its last is round {ticket.round}."
    if round_ == ticket.round and ticket.status not in OVER:
        return (
            f"Nobody is asked yet: {named} is not over, it is {ticket.status.value}. The caller is "
            "asked when the work is done and they were told the result. Try again then."
        )
    return (
        f"Nobody was asked about {named}: it was cancelled or went on under another number, it is "
        "a test, its caller cannot be reached or is told by a person, or the question is a moment "
        "away. Try again in a moment."
    )


def _link(folder: Path, kind: Kind, service: str, root: str, subject: str) -> str:
    token = sign_link(kind, subject, load_keys(folder / "keys.json").link)
    return f"{running(folder).services[service]}/{root}/{token}"


@dataclass(frozen=True, slots=True)
class Matter:
    """A ticket, who was alerted to it, the rounds whose caller was asked how it went, and whose
    telephone was lost.
    """

    ticket: Ticket
    called: tuple[str, ...]
    surveys: frozenset[int]
    lost: Mapping[str, LostTelephone]

    def holder(self, person: str) -> str:
        """A person as their links of now name them."""
        return holder(person, self.lost)


def holder(person: str, lost: Mapping[str, LostTelephone]) -> str:
    """A person as their links name them while these telephones are lost."""
    telephone = lost.get(person)
    return with_generation(person, telephone.generation if telephone else 0)


def _trial(folder: Path) -> AbstractAsyncContextManager[Store]:
    return trial_store(folder, why_not=NOT_A_TRIAL)


async def _task_of(folder: Path, id: str) -> tuple[Doc | None, Mapping[str, LostTelephone]]:
    """The task of an id, or the last of a ticket, to tell a caller something by telephone; and
    whose telephone was lost.
    """
    async with _trial(folder) as store:
        asked = {"why": "tell", "$or": [{"_id": id.lower()}, {"number": id.upper()}]}
        found = await store.find("follow_ups", asked, limit=MOST_TASKS)
        lost = lost_in(await store.get(ROSTERS, HEAD, fields=("lost",)))
    return max(found, key=lambda doc: doc["opens_at"], default=None), lost


async def _matter_of(folder: Path, number: str) -> Matter:
    """What is kept of a number, or of that of a work order; raises UnusableSettingError."""
    async with _trial(folder) as store:
        ticket = number.partition("-")[0]
        doc = await store.get("tickets", ticket)
        emergency = await store.get("emergencies", ticket) or {"alerts": ()}
        surveys = await store.find("surveys", {"number": ticket}, limit=MOST_ROUNDS)
        lost = lost_in(await store.get(ROSTERS, HEAD, fields=("lost",)))
    if doc is None:
        raise UnusableSettingError(f"There is no ticket {number}. Its number came in the answer.")
    called = (person for each in emergency["alerts"] for person in each["recipients"])
    rounds = frozenset(int(each["round"]) for each in surveys)
    return Matter(TICKET.from_doc(doc), tuple(dict.fromkeys(called)), rounds, lost)


def _order_of(ticket: Ticket, number: str) -> WorkOrder:
    """The work order that is named, or the last that somebody has."""
    named = [order for order in ticket.work_orders if number in {ticket.number, order.id}]
    in_hand = [order for order in named if order.assignee or order.offered_to]
    if not in_hand:
        raise UnusableSettingError(f"Nobody has work of {number} yet. Wait a moment, try again.")
    return in_hand[-1]
