"""Playing the demo: all scenes at once, then what became of each, and where to look."""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from hotline.client import data_folder
from hotline.demo.accounts import open_accounts, print_accounts
from hotline.demo.calls import print_load
from hotline.demo.clients import Clients
from hotline.demo.floor import A_DAY, load_floor, until_offered
from hotline.demo.left import floor_of_before, keep_floor
from hotline.demo.plots import PLOTS
from hotline.demo.scenes import Outcome, Scene, load_scenes, planted_strings
from hotline.demo.time import forward
from hotline.endpoints import Endpoints, print_addresses
from hotline.errors import HotlineError
from hotline.running import forever
from hotline.search import search_everywhere
from hotline.service import EXCHANGE, ServiceSpec
from hotline.settings import read_settings
from hotline.token import ahead_of
from hotline.up import run_hotline
from shared.store import connect

AT_ONCE = 6
"""Scenes played side by side; more would only wait for two cores."""
NO_NUMBER = "-"


class DemoFailedError(HotlineError):
    """Some requests did not end as they must."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(run)


def run() -> None:
    """Start a trial hotline, play requests through it from the call to the survey, and leave a
    floor worth looking at in the console. Where an earlier run left one nothing is played again.

    Stays up until Ctrl-C, with or without a terminal; ends by itself with ONCE=1. With WATCH=1
    Prometheus and Alertmanager run beside it.
    """
    folder = data_folder(None) / "demo"
    once, watch = (os.environ.get(name) == "1" for name in ("ONCE", "WATCH"))

    async def work(endpoints: Endpoints) -> None:
        await play(endpoints, folder)
        if EXCHANGE in endpoints.services:
            await print_load(endpoints, folder)
        print_addresses(endpoints, folder)
        await _open_accounts(endpoints, folder)
        if not once:
            typer.echo("The demo's hotline stays up: Ctrl-C ends it.")
            await forever()

    policy = Path(__file__).with_name("policy.yaml")
    settings = read_settings()
    # Its broker user is made by the management API.
    may_make_users = settings.amqp_url is None or settings.management_url is not None
    exchange = ServiceSpec.of_drawn_day(settings.port_of(EXCHANGE))
    beside = [exchange] if may_make_users else []
    run_hotline(settings, work, data=folder, trial=True, policy=policy, beside=beside, watch=watch)


async def _open_accounts(endpoints: Endpoints, data: Path) -> None:
    async with Clients(endpoints, data) as clients:
        clients.ahead = await asyncio.to_thread(ahead_of, data)
        opened = await open_accounts(clients, data)
    print_accounts(opened, data, endpoints.services["console"])


async def play(endpoints: Endpoints, data: Path) -> None:
    """Play every scene and print what became of it; DemoFailedError when one is unexplained. A
    floor that is there already is named, and no second one is laid upon it.

    What yesterday's floor leaves comes first, and what stands on today's last.
    """
    scenes, floor = load_scenes(), load_floor()
    async with Clients(endpoints, data) as clients:
        clients.ahead = await asyncio.to_thread(ahead_of, data)  # of an earlier run on these data
        if (before := await floor_of_before(clients, data)) is not None:
            typer.echo(before)
            return
        yesterday = await _play_all(clients, floor.yesterday)
        await _let_a_day_pass(endpoints, clients)
        outcomes = await _play_all(clients, scenes, tell=True)
        now = await _play_all(clients, floor.now)
        _judge([*yesterday, *outcomes, *now])
        offered = await until_offered(clients, floor.now)
        await asyncio.gather(*(_read_messages(clients, outcome) for outcome in outcomes))
    _print_outcomes(outcomes)
    _print_floor([*yesterday, *now], offered)
    await _search_planted(endpoints, data, [*scenes, *floor.all])
    numbers = (outcome.number for outcome in (*yesterday, *now))
    keep_floor(data, [number for number in numbers if number != NO_NUMBER])


async def _play_all(clients: Clients, scenes: list[Scene], *, tell: bool = False) -> list[Outcome]:
    """Play these side by side."""
    outcomes = [Outcome(scene) for scene in scenes]
    gate = asyncio.Semaphore(AT_ONCE)
    finished = 0

    async def one(outcome: Outcome) -> None:
        nonlocal finished
        async with gate:
            await _play_scene(clients, outcome)
        finished += 1
        if tell:
            typer.echo(f"[{finished}/{len(outcomes)}] {outcome.scene.id}: {outcome.status}")

    await asyncio.gather(*(one(outcome) for outcome in outcomes))
    return outcomes


async def _let_a_day_pass(endpoints: Endpoints, clients: Clients) -> None:
    client = connect(endpoints.mongo)
    try:
        await forward(endpoints, client[read_settings().database], clients, A_DAY)
    finally:
        client.close()


def _judge(outcomes: list[Outcome]) -> None:
    if failed := [o for o in outcomes if not o.explained]:
        names = ", ".join(f"{o.scene.id} ({o.told})" for o in failed)
        raise DemoFailedError(f"{len(failed)} requests did not end as they must: {names}")


async def _play_scene(clients: Clients, outcome: Outcome) -> None:
    try:
        outcome.told = await PLOTS[outcome.scene.plot](clients, outcome.scene, outcome)
        if outcome.number != NO_NUMBER:
            outcome.status = (await clients.ticket(outcome.number))["status"]
        outcome.explained = True
    except Exception as error:  # noqa: BLE001 - one scene that fails must not hide the others
        outcome.status = "FAILED"
        outcome.told = f"{type(error).__name__}: {error}"


async def _read_messages(clients: Clients, outcome: Outcome) -> None:
    if outcome.number == NO_NUMBER:
        return
    for message in await clients.messages(outcome.number):
        outcome.messages.append(
            f"{message['purpose']} → {message['recipient']}"
            f" ({message['channel'] or '-'}, {message['status']})"
        )


def _print_outcomes(outcomes: list[Outcome]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    columns = ("request", "via", "number", "status", "what became of it", "messages")
    table = Table(*columns, title="演示 Demo", show_lines=True)
    for outcome in outcomes:
        table.add_row(
            outcome.scene.id,
            outcome.scene.via,
            outcome.number,
            outcome.status,
            outcome.told,
            "\n".join(outcome.messages) or "-",
        )
    console.print(table)
    counted = Counter(outcome.status for outcome in outcomes)
    console.print(
        f"{len(outcomes)} requests: " + ", ".join(f"{n} {status}" for status, n in counted.items())
    )


def _print_floor(outcomes: list[Outcome], offered: str) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    table = Table(
        "request", "number", "status", "how it stands", title="现场 The floor that is left"
    )
    for outcome in outcomes:
        table.add_row(outcome.scene.id, outcome.number, outcome.status, outcome.told)
    console.print(table)
    console.print(offered)


async def _search_planted(endpoints: Endpoints, data: Path, scenes: list[Scene]) -> None:
    """Every name, number and flat of the demo, looked for in everything that was kept."""
    planted = planted_strings(scenes)
    file = data / "planted.txt"
    await asyncio.to_thread(file.write_text, "\n".join(planted) + "\n", "utf-8")
    clean = await search_everywhere(endpoints, data, [text.encode() for text in planted])
    typer.echo(f"look yourself: hotline doctor --data {data} --search {file}")
    if not clean:
        raise DemoFailedError("names or numbers of callers were found where they must not be")
