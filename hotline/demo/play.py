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
from hotline.demo.clients import Clients
from hotline.demo.plots import PLOTS
from hotline.demo.scenes import Outcome, Scene, load_scenes, planted_strings
from hotline.endpoints import Endpoints, print_addresses
from hotline.errors import HotlineError
from hotline.running import forever
from hotline.search import search_everywhere
from hotline.settings import read_settings
from hotline.up import run_hotline

AT_ONCE = 6
"""Scenes played side by side; more would only wait for two cores."""
NO_NUMBER = "-"


class DemoFailedError(HotlineError):
    """Some requests did not end as they must."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(run)


def run() -> None:
    """Start a trial hotline and play requests through it, from the call to the survey.

    Stays up on a terminal until Ctrl-C; ends by itself with ONCE=1 or without a terminal.
    """
    folder = data_folder(None) / "demo"
    once = os.environ.get("ONCE") == "1" or not sys.stdin.isatty()

    async def work(endpoints: Endpoints) -> None:
        await play(endpoints, folder)
        await _open_accounts(endpoints, folder)
        print_addresses(endpoints, folder)
        if not once:
            typer.echo("The demo's hotline stays up: Ctrl-C ends it.")
            await forever()

    policy = Path(__file__).with_name("policy.yaml")
    run_hotline(read_settings(), work, data=folder, trial=True, policy=policy)


async def _open_accounts(endpoints: Endpoints, data: Path) -> None:
    async with Clients(endpoints, data) as clients:
        print_accounts(await open_accounts(clients, data), data)


async def play(endpoints: Endpoints, data: Path) -> None:
    """Play every scene and print what became of it; DemoFailedError when one is unexplained."""
    scenes = load_scenes()
    outcomes = [Outcome(scene) for scene in scenes]
    gate = asyncio.Semaphore(AT_ONCE)
    async with Clients(endpoints, data) as clients:
        finished = 0

        async def one(outcome: Outcome) -> None:
            nonlocal finished
            async with gate:
                await _play_scene(clients, outcome)
            finished += 1
            typer.echo(f"[{finished}/{len(outcomes)}] {outcome.scene.id}: {outcome.status}")

        await asyncio.gather(*(one(outcome) for outcome in outcomes))
        await asyncio.gather(*(_read_messages(clients, outcome) for outcome in outcomes))
    _print_outcomes(outcomes)
    await _search_planted(endpoints, data, scenes)
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


async def _search_planted(endpoints: Endpoints, data: Path, scenes: list[Scene]) -> None:
    """Every name, number and flat of the demo, looked for in everything that was kept."""
    planted = planted_strings(scenes)
    file = data / "planted.txt"
    await asyncio.to_thread(file.write_text, "\n".join(planted) + "\n", "utf-8")
    clean = await search_everywhere(endpoints, data, [text.encode() for text in planted])
    typer.echo(f"look yourself: hotline doctor --data {data} --search {file}")
    if not clean:
        raise DemoFailedError("names or numbers of callers were found where they must not be")
