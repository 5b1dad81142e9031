"""``hotline clock``: a trial's time, moved forward so that days pass in seconds."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from hotline.client import data_folder, running
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.store import connect
from shared.store.clock import forward_trial

_PART = re.compile(r"(\d+)\s*(d|h|m|s)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The time of a trial.", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("forward")(forward)
    app.add_typer(group, name="clock")


def forward(
    span: Annotated[str, typer.Argument(help="Such as 15m, 2h30m or 1d.")],
    data: Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")] = None,
) -> None:
    """Move the time forward; only in data made with `hotline up --trial`."""
    url = running(data_folder(data)).mongo
    try:
        offset = asyncio.run(_forward(url, read_span(span)))
    except ValueError as error:
        raise UnusableSettingError(f"{span!r} cannot be used: {error}.") from error
    if offset is None:
        raise UnusableSettingError(
            "These data are no trial's, so their time is not to be moved. Make a trial with "
            "`hotline up --trial --data FOLDER`."
        )
    typer.echo(f"the time is {offset} ahead")


async def _forward(url: str, span: timedelta) -> timedelta | None:
    client = connect(url)
    try:
        return await forward_trial(client[read_settings().database], span)
    finally:
        client.close()


def read_span(text: str) -> timedelta:
    """Read 15m, 2h30m, 1d; raises UnusableSettingError."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise UnusableSettingError(f"{text!r} is no span of time. Write 15m, 2h30m or 1d.")
    try:
        return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    except OverflowError as error:
        raise UnusableSettingError(f"{text!r} is longer than any calendar.") from error
