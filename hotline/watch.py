"""``hotline watch``: a board in the terminal, in words where something is bad."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from hotline.endpoints import Endpoints
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from hotline.watching.asking import MOST_VALUES, Shown, ask
from hotline.watching.board import BOARDS, board
from hotline.watching.figures import written

NOTHING: Final = "–"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(watch)


def watch(
    name: Annotated[str, typer.Argument(metavar="BOARD", help=", ".join(BOARDS))] = "now",
    prometheus: Annotated[
        str | None, typer.Option(help="Its address; else that of `hotline up --watch`.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of data [HOTLINE_DATA].")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    at: Annotated[
        str | None, typer.Option(help="A moment that is past, such as 2026-12-01T19:10+08:00.")
    ] = None,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what each figure means, and its runbook.")
    ] = False,
) -> None:
    """Print a board: each figure, and in words what is bad. Ends with 1 where anything is."""
    if name not in BOARDS:
        raise UnusableSettingError(f"There is no board {name!r}. There are: {', '.join(BOARDS)}.")
    if language not in {"zh", "en"}:
        raise UnusableSettingError(f"There is no language {language!r}: zh or en.")
    address = prometheus or _known(data)
    shown = ask(address, board(name), at=_moment(at))
    _print(shown, board(name).title.of(language), language, verbose=verbose)
    if any(each.is_bad for each in shown):
        raise typer.Exit(1)


def _known(data: Path | None) -> str:
    folder = (data or read_settings().data).absolute()
    endpoints = Endpoints.read(folder)
    found = endpoints.prometheus if endpoints else None
    if found is None:
        raise UnusableSettingError(
            f"No Prometheus is known in {folder}. Start `hotline up --watch`, or name one with "
            "--prometheus http://host:9090."
        )
    return found


def _moment(at: str | None) -> float | None:
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise UnusableSettingError(
            f"--at {at!r} is no moment; write it as 2026-12-01T19:10+08:00."
        ) from error
    return moment.astimezone().timestamp()


def _print(shown: list[Shown], title: str, language: str, *, verbose: bool) -> None:
    head = ("指标", "数值", "") if language == "zh" else ("Figure", "Value", "")
    table = Table(*head, title=title)
    for each in shown:
        panel = each.panel
        name = panel.title.of(language)
        for value in each.values[:MOST_VALUES]:
            figure = written(value.value, panel.unit, language)
            bad = panel.words.of(language) if value.is_bad and panel.words else ""
            of = f"{value.of}  " if value.of else ""
            style = "bold red" if value.is_bad else None
            table.add_row(name, f"{of}{figure}", f"! {bad}" if bad else "", style=style)
            name = ""
        if not each.values:
            table.add_row(name, NOTHING, "")
    console = Console()
    console.print(table)
    if verbose:
        for each in shown:
            said = f"{each.panel.title.of(language)}: {each.panel.says.of(language)}"
            console.print(f"{said}\n  docs/runbooks/alerts/{each.panel.runbook}.md", soft_wrap=True)
