"""``hotline publishers``: the broker's users of other systems, each with the rights of a publisher.

What the systems may over HTTP, their keys say (`/v1/api-keys`). The name is the same in both.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import httpx
import structlog
import typer

from hotline import topology
from hotline.client import data_folder, running
from hotline.endpoints import Endpoints
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.bus.broker_users import BrokerUsers, NoPublisher, PublisherRights
from shared.contracts import MalformedMessage
from shared.contracts.ids import read_publisher

TRIAL: Final = "trial"
"""The publisher whose address `endpoints.json` gives, for first steps and the demo."""
DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
NameArgument = Annotated[str, typer.Argument(help="The system's name, such as resident-app.")]
T = TypeVar("T")
logger = structlog.get_logger()


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The broker's users of other systems.", no_args_is_help=True)
    group.command("add")(add)
    group.command("remove")(remove)
    app.add_typer(group, name="publishers")


def add(
    name: NameArgument,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", help="A routing key it may use; several, and all of systems by default."
        ),
    ] = None,
    exchange: Annotated[  # noqa: FBT002 - an option by name
        bool,
        typer.Option(
            "--exchange", help="It is a telephone exchange's: it tells of calls, and nothing else."
        ),
    ] = False,
    data: DataOption = None,
) -> None:
    """Make a publisher's broker user and print its address with the password, this once.

    One that is there gets a new password and these rights alone.
    """
    rights = _rights(name, key, exchange=exchange)
    address = _run(
        data, lambda users: users.make_publisher(rights, secrets.token_urlsafe(24)), name
    )
    typer.echo(f"{name} may publish to hotline.inbound; its address is shown this once:")
    typer.echo(address)
    typer.echo("It names itself in each message's `user_id`, which the broker checks.")


def remove(name: NameArgument, data: DataOption = None) -> None:
    """Take a publisher's broker user away; its connections end. Its tickets stay."""
    if not _run(data, lambda users: users.drop_publisher(name), name):
        raise UnusableSettingError(f"There is no publisher {name!r} at the broker.")
    typer.echo(f"{name} publishes no more")


async def trial_address(amqp: str, management: str | None) -> str:
    """The address of the publisher for trying things out, with a new password; ours where the
    broker's management API is not known, or does not let us.
    """
    if management is None:
        return amqp
    rights = PublisherRights.of(TRIAL, topology.system_keys(), topology.inbound_keys())
    try:
        return await BrokerUsers(amqp, management).make_publisher(rights, secrets.token_urlsafe(24))
    except (httpx.HTTPError, NoPublisher) as error:
        logger.warning("no publisher for trials", why=type(error).__name__)
        return amqp


async def exchange_address(amqp: str, management: str, exchange: str) -> str:
    """The address of an exchange's own broker user, with a new password; raises HTTPError,
    NoPublisher.
    """
    rights = _rights(exchange, None, exchange=True)
    return await BrokerUsers(amqp, management).make_publisher(rights, secrets.token_urlsafe(24))


def _rights(name: str, keys: list[str] | None, *, exchange: bool) -> PublisherRights:
    known, of_systems = topology.inbound_keys(), topology.system_keys()
    if exchange and keys:
        raise UnusableSettingError("--exchange: an exchange has keys of its own; leave --key out.")
    if leads := set(keys or ()) & (known - of_systems):
        raise UnusableSettingError(
            f"--key: {', '.join(sorted(leads))} is an exchange's own; make its publisher with "
            "--exchange."
        )
    chosen = known - of_systems if exchange else keys or of_systems
    try:
        return PublisherRights.of(read_publisher(name), chosen, known)
    except MalformedMessage as error:
        raise UnusableSettingError(f"{name!r} cannot be a publisher's name: {error}") from error
    except ValueError as error:
        raise UnusableSettingError(f"--key names one that leads nowhere; {error}.") from error


def _run(data: Path | None, work: Callable[[BrokerUsers], Awaitable[T]], name: str) -> T:
    """Do something with the broker's users."""

    async def do() -> T:
        return await work(_users(data_folder(data)))

    try:
        return asyncio.run(do())
    except NoPublisher as error:
        raise UnusableSettingError(
            f"The broker has a user {name!r} who is no publisher. Choose another name."
        ) from error
    except httpx.HTTPError as error:  # its words may hold the address, with the password
        raise UnusableSettingError(
            f"The broker's management API refuses, or does not answer ({type(error).__name__}). "
            "Set HOTLINE_MANAGEMENT_URL to it, with a user who administers the broker."
        ) from error


def _users(folder: Path) -> BrokerUsers:
    """Those of the broker that the settings name, or else of the hotline on this folder."""
    settings = read_settings()
    if Endpoints.read(folder) is None and settings.amqp_url and settings.management_url:
        management = settings.management_url.get_secret_value()
        return BrokerUsers(settings.amqp_url.get_secret_value(), management)
    endpoints = running(folder)
    if endpoints.management is None:
        raise UnusableSettingError(
            "Set HOTLINE_MANAGEMENT_URL to the broker's management API: only it makes users."
        )
    return BrokerUsers(endpoints.amqp_operator, endpoints.management)
