"""``hotline doctor``: is it well, were promises kept, is nothing personal where it must not be."""

import asyncio
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from services.hotline.channels import UNASKED, ask_channels, people_without, said_of
from services.hotline.client import data_folder, running
from services.hotline.endpoints import Endpoints
from services.hotline.promises.report import examine_and_print
from services.hotline.search import read_needles, search_everywhere
from services.hotline.settings import read_settings
from shared.store import STORE_DOWN

EXIT_FOUND = 1


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(run)


def run(
    search: Annotated[
        Path | None, typer.Option("--search", help="File with one planted string a line.")
    ] = None,
    *,
    promises: Annotated[
        bool,
        typer.Option(
            "--promises", help="What is lost, stuck, late, doubled or unknown, by number."
        ),
    ] = False,
    data: Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")] = None,
) -> None:
    """Check the services, the promises, or look for planted strings; exit 1 for what is found."""
    folder = data_folder(data)
    if promises:
        well = asyncio.run(examine_and_print(mongo_of(folder), read_settings().database))
    elif search is not None:
        needles = read_needles(search)
        well = asyncio.run(search_everywhere(running(folder), folder, needles))
    else:
        well = asyncio.run(_check(running(folder)))
    raise typer.Exit(0 if well else EXIT_FOUND)


def mongo_of(folder: Path) -> str:
    """Return where the database is: the one of the hotline on this folder, or else the one of
    HOTLINE_MONGO_URL, whose services may run on other machines.
    """
    url = read_settings().mongo_url
    if Endpoints.read(folder) is None and url is not None:
        return url.get_secret_value()
    return running(folder).mongo


async def _check(endpoints: Endpoints) -> bool:
    table = Table("service", "address", "ready", "consuming")
    well = True
    async with httpx.AsyncClient(timeout=5) as http:
        for name, address in endpoints.services.items():
            ready = await _status(http, f"{address}/readyz")
            consuming = await _status(http, f"{address}/healthz/consumers")
            well = well and ready == consuming == "yes"
            table.add_row(name, address, ready, consuming)
        Console().print(table)
        well = await _say_channels(http, endpoints) and well
    if endpoints.management is not None:
        typer.echo(
            "The embedded RabbitMQ and MongoDB are for trials: for production set "
            "HOTLINE_AMQP_URL and HOTLINE_MONGO_URL to servers of your own (deploy/README.md)."
        )
    return well


async def _say_channels(http: httpx.AsyncClient, endpoints: Endpoints) -> bool:
    """Say who is not reached; False where that is somebody of the duty list, or nobody knows.

    That callers have no channel is not amiss: each of their tickets is somebody's task.
    """
    try:
        channels = await ask_channels(http, endpoints.services["notifier"])
        unreached = await people_without(channels, endpoints.mongo, read_settings().database)
    except (httpx.HTTPError, ValueError, KeyError, *STORE_DOWN):
        typer.echo(UNASKED)
        return False
    for words in said_of(channels, unreached):
        typer.echo(words)
    return not unreached


async def _status(http: httpx.AsyncClient, address: str) -> str:
    try:
        found = await http.get(address)
    except httpx.HTTPError as error:
        return f"no ({type(error).__name__})"
    return "yes" if found.is_success else f"no ({found.status_code})"
