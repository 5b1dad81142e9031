"""``hotline token``: a short-lived token for scripts on the machine that holds the data folder.

Tokens are judged by the time of a running trial, so its clock is asked.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from hotline.endpoints import Endpoints
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.contracts import MalformedMessage
from shared.contracts.ids import read_person_id
from shared.identity import EVERYWHERE, ROLES, Principal, issue_token
from shared.privacy import load_keys
from shared.store import STORE_DOWN, connect
from shared.store.clock import trial_offset

DEFAULT_MINUTES = 480


def ahead_of(data: Path) -> timedelta:
    """How far ahead the hotline on this data folder is; nothing where none runs or answers."""
    endpoints = Endpoints.read(data)
    return asyncio.run(_ahead(endpoints.mongo)) if endpoints is not None else timedelta()


async def _ahead(url: str) -> timedelta:
    client = connect(url)
    try:
        return await trial_offset(client[read_settings().database])
    except STORE_DOWN:  # the service that is asked then says so itself
        return timedelta()
    finally:
        client.close()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("token")(run)


def run(
    role: Annotated[str, typer.Option("--role", help=f"One of {', '.join(ROLES)}.")],
    place: Annotated[list[str] | None, typer.Option("--place", help="Estate; default all.")] = None,
    department: Annotated[
        list[str] | None, typer.Option("--department", help="Department; default all.")
    ] = None,
    name: Annotated[str | None, typer.Option("--id", help="Who acts; default the role.")] = None,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=1440)] = DEFAULT_MINUTES,
    data: Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")] = None,
) -> None:
    """Print a signed token. What it is issued to stands in events and logs, as ids do."""
    folder = data or read_settings().data
    if name is not None:
        try:
            read_person_id(name.removeprefix("system:"), "--id")
        except MalformedMessage as error:
            raise UnusableSettingError(f"{error}.") from error
    typer.echo(
        make_token(
            folder,
            role=role,
            places=place or [],
            departments=department or [],
            id=name,
            lifetime=timedelta(minutes=minutes),
            ahead=ahead_of(folder),
        )
    )


def make_token(
    data: Path,
    *,
    role: str,
    places: list[str] | None = None,
    departments: list[str] | None = None,
    id: str | None = None,
    lifetime: timedelta = timedelta(minutes=DEFAULT_MINUTES),
    ahead: timedelta = timedelta(),
) -> str:
    """Sign a token with the data folder's own secret; `ahead` is how far a trial's clock was moved.

    Raises UnusableSettingError.
    """
    known = next((known for known in ROLES if known == role), None)
    if known is None:
        raise UnusableSettingError(f"There is no role {role!r}. Use one of {', '.join(ROLES)}.")
    try:
        keys = load_keys(data / "keys.json")
    except (FileNotFoundError, ValueError) as error:
        raise UnusableSettingError(str(error)) from error
    principal = Principal(
        id or role,
        known,
        frozenset(places or (EVERYWHERE,)),
        frozenset(departments or (EVERYWHERE,)),
    )
    # A machine's clock may be behind the database's: what is signed here is judged there.
    return issue_token(principal, keys.token, now=datetime.now(UTC) + ahead, lifetime=lifetime)
