"""``hotline audit``: whether the record of openings and changes is whole."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from hotline.client import data_folder
from hotline.doctor import mongo_of
from hotline.errors import UnusableSettingError
from hotline.promises.report import ProgressBars
from hotline.service import SERVICES
from hotline.settings import read_settings
from shared.audit import Terms, Unjudged, Verified, Wrong, verify
from shared.audit.anchors import FOLDER
from shared.privacy import load_keys
from shared.store import STORE_DOWN, Store, connect

EXIT_FOUND = 1
EXIT_UNJUDGED = 3
WRITERS: Final = (*SERVICES, "hotline")
HEAD_SHOWN: Final = 16
"""Of a head's digest; enough to compare with what somebody noted down."""

MEANS: Final[Mapping[Wrong, str]] = {
    Wrong.UNREADABLE: "a document stands here that is no entry of this chain",
    Wrong.MISSING: "this entry is not there, and later ones are",
    Wrong.CHANGED: "this entry was changed after it was written",
    Wrong.UNLINKED: "this entry does not hang on the one before it; one of them is another",
    Wrong.UNKEYED: "the digest of this entry was made without the key, where all are made with it",
    Wrong.REWRITTEN: "this entry fits its chain and is another one than was anchored",
    Wrong.CUT: "the chain ends before this entry, and was anchored beyond",
    Wrong.GONE: "no entry of this writer is there, and some were anchored",
    Wrong.BAD_ANCHOR: "the chain is whole, and this line of its anchors cannot be read",
}
CANNOT_TELL: Final[Mapping[Unjudged, str]] = {
    Unjudged.ABSENT: "has no entry and no anchor: its service never ran, or somebody took all away",
    Unjudged.UNANCHORED: "is not anchored: nothing outside the database says where it ends",
    Unjudged.UNKEYED: "has no digest that is made with the key, and other chains have",
}
TO_LOOK_FOR: Final = (
    "start every service once; name the folders of all machines, or your copy of them, with "
    "--anchors; compare with a backup"
)
TO_DO: Final = (
    "keep database and anchors as they are, compare with a backup that verifies, and find out who "
    "could write there"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The record of openings and changes.", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("verify")(run)
    app.add_typer(group, name="audit")


def run(
    anchors: Annotated[
        list[Path] | None,
        typer.Option(
            "--anchors", help="Folder of anchors, or several; default <data>/audit. [HOTLINE_AUDIT]"
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")] = None,
) -> None:
    """Go through every chain; exit 1 and name the first bad entry of each that is not whole, exit 3
    where nobody can tell.
    """
    folder = data_folder(data)
    folders = anchors or [read_settings().audit or folder / FOLDER]
    try:
        found = asyncio.run(_verify(mongo_of(folder), folders, _terms(folder)))
    except STORE_DOWN as error:
        raise UnusableSettingError(
            "The database does not answer. Start it, or set HOTLINE_MONGO_URL to where it is."
        ) from error
    _print(found)
    raise typer.Exit(_exit_code(found))


def _terms(folder: Path) -> Terms:
    try:
        return Terms.of(load_keys(folder / "keys.json"), WRITERS)
    except FileNotFoundError as error:
        raise UnusableSettingError(
            f"{folder} has no keys.json, and without the key nobody can judge the digests. Name "
            "the data folder with --data or HOTLINE_DATA."
        ) from error


def _exit_code(found: Sequence[Verified]) -> int:
    if any(chain.damage for chain in found):
        return EXIT_FOUND
    return EXIT_UNJUDGED if any(chain.unjudged for chain in found) else 0


async def _verify(url: str, folders: Sequence[Path], terms: Terms) -> list[Verified]:
    client = connect(url)
    try:
        store = Store(client, read_settings().database, service="hotline")
        with ProgressBars() as reading:
            return await verify(store, folders, terms, reading.show)
    finally:
        client.close()


def _print(found: Sequence[Verified]) -> None:
    console = Console()
    console.print(table_of(found))
    for line in (line for chain in found for line in lines_of(chain)):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print(_verdict(found))


def _verdict(found: Sequence[Verified]) -> str:
    if any(chain.damage for chain in found):
        return "the audit is DAMAGED"
    if any(chain.unjudged for chain in found):
        return "the audit CANNOT BE JUDGED"
    return "every chain is whole" if found else "nothing is on record yet"


def table_of(found: Sequence[Verified]) -> Table:
    """Writer by writer: how much was read, up to the first damage where there is one."""
    table = Table("writer", "entries", "keyed", "anchors", "last entry", "head", "whole")
    for chain in found:
        last = f"{chain.last_at:%F %T}Z" if chain.last_at else "-"
        counts = (str(chain.entries), str(chain.keyed), str(chain.anchors))
        table.add_row(chain.writer, *counts, last, chain.head[:HEAD_SHOWN], _judgement(chain))
    return table


def _judgement(chain: Verified) -> str:
    if chain.damage:
        return chain.damage.wrong.value
    return f"? {chain.unjudged.value}" if chain.unjudged else "yes"


def lines_of(chain: Verified) -> Iterator[str]:
    """What is to be said of a chain: its damage, or why nobody can tell, and what to do; then what
    only looks strange.
    """
    if chain.damage:
        wrong = chain.damage.wrong
        why = f" ({chain.damage.why})" if chain.damage.why else ""
        yield f"\n{chain.damage.where} ({wrong}): {MEANS[wrong]}{why}.\n  To do: {TO_DO}."
    if chain.unjudged:
        yield f"\n{chain.writer} {CANNOT_TELL[chain.unjudged]}.\n  To do: {TO_LOOK_FOR}."
    for file in chain.torn:
        yield f"{file} ends in the middle of a line: a process was killed while it wrote."
    if chain.entries > chain.keyed:
        yield (
            f"{chain.entries - chain.keyed} entries of {chain.writer} are older than keyed "
            "digests: for them speak their anchors, and what with a key follows them."
        )
    if chain.is_anchored and chain.unanchored:
        yield (
            f"{chain.unanchored} entries of {chain.writer} have no anchor of their own: each "
            "process that was killed leaves one at most."
        )
