"""``hotline keys``: destroy an estate's key, change the master key or the secret of look-ups."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from hotline.client import data_folder
from hotline.doctor import mongo_of
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.audit import Trail
from shared.audit.anchors import FOLDER
from shared.identity import Principal
from shared.privacy import BlindIndex, Keys, Vault, load_keys
from shared.privacy.index import entries_in, version_of
from shared.privacy.key_wrap import LOCAL
from shared.privacy.keys import LENGTHS, save_keys
from shared.privacy.vault import key_name
from shared.store import STORE_DOWN, Store, connect

OPERATOR = Principal("operator:keys", "administrator")
DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The keys of what is sealed.", no_args_is_help=True)
    group.command("destroy")(destroy)
    group.command("rotate-master")(rotate_master)
    group.command("rotate-index")(rotate_index)
    app.add_typer(group, name="keys")


def destroy(
    estate: Annotated[str, typer.Argument(help="The estate's id.")], data: DataOption = None
) -> None:
    """Destroy an estate's key for ever: nobody it sealed can be opened or found again.

    Its tickets stay with their facts. Whoever is registered there later gets a new key.
    """
    folder = data_folder(data)
    typer.echo(f"This cannot be undone: everybody whom {estate} has sealed becomes unreadable.")
    if typer.prompt("Type the estate's id to go on") != estate:
        raise UnusableSettingError("That was another id; nothing was done.")
    found, forgotten = _run(folder, lambda store: _destroy(store, folder, estate))
    if not found:
        raise UnusableSettingError(f"{estate!r} has no key: nothing was ever sealed for it.")
    typer.echo(
        f"the key of {estate} is destroyed; {forgotten} tickets have no index entry any more"
    )
    typer.echo("services that used it forget it within a minute")


async def _destroy(store: Store, folder: Path, estate: str) -> tuple[bool, int]:
    vault = _vault(store, load_keys(_file(folder)))
    try:
        await _record(store, folder, "key.destroyed", ("estate", estate))
        found = await vault.destroy(key_name(estate))
    finally:
        await vault.aclose()
    if not found:
        return False, 0
    # Derived from what is sealed, as in re-indexing: no version of a ticket.
    forgotten = await store.documents("tickets").update_many(
        {"estate": estate, "index": {"$gt": {}}}, {"$set": {"index": {}}}
    )
    return True, forgotten.modified_count


def rotate_master(
    data: DataOption = None,
    *,
    restarted: Annotated[
        bool,
        typer.Option("--restarted", help="Every service was started anew since the first run."),
    ] = False,
) -> None:
    """Change the master key, in two runs with a restart of all services between them.

    The first makes a new one beside the old; the second wraps every data key by it and drops the
    old one. Either may be repeated.
    """
    folder = data_folder(data)
    keys = load_keys(_file(folder))
    if not keys.old_masters:
        save_keys(_file(folder), _with_new_master(keys))
        typer.echo("a new master key stands beside the old one; both are in use")
        typer.echo("start every service anew, then: hotline keys rotate-master --restarted")
        return
    if not restarted:
        raise UnusableSettingError(
            "A new master key stands beside the old one already. When every service has been "
            "started anew since then, say so with --restarted: one that has not would lose the "
            "keys within a minute."
        )
    wrapped = _run(folder, lambda store: _wrap_anew(store, folder, keys))
    save_keys(_file(folder), replace(keys, old_masters={}))
    typer.echo(f"{wrapped} data keys are wrapped anew; the old master key is dropped")


def _with_new_master(keys: Keys) -> Keys:
    """Names are never used twice: data keys say by them who wrapped them."""
    number = int(keys.master_name.partition(":m")[2] or 1) + 1
    return replace(
        keys,
        master=secrets.token_bytes(LENGTHS["master"]),
        master_name=f"{LOCAL}:m{number}",
        old_masters={keys.master_name: keys.master},
    )


async def _wrap_anew(store: Store, folder: Path, keys: Keys) -> int:
    vault = _vault(store, keys)
    try:
        await _record(store, folder, "key.master_changed", ("key", "master"))
        return await vault.wrap_anew(keys.old_masters)
    finally:
        await vault.aclose()


def rotate_index(
    data: DataOption = None,
    *,
    finish: Annotated[bool, typer.Option("--finish", help="Drop the old secret.")] = False,
) -> None:
    """Change the secret of look-ups, in two runs with a restart of all services after each.

    After the first, intake gives every ticket, and telephony every call, an entry by the new secret
    beside the old; the second makes sure that all have one, and drops the old secret.
    """
    folder = data_folder(data)
    keys = load_keys(_file(folder))
    changing = len(keys.lookups) > 1
    if not finish:
        if changing:
            raise UnusableSettingError("It is being changed already; end it with --finish.")
        save_keys(_file(folder), _with_new_lookup(keys))
        typer.echo("a new secret of look-ups stands beside the old one")
        typer.echo("start every service anew; when intake and telephony have said `reindexed`, ")
        typer.echo("run it --finish")
        return
    if not changing:
        raise UnusableSettingError("It is not being changed; begin without --finish.")
    lacking = _run(folder, lambda store: _lacking(store, keys.blind_index()))
    if lacking:
        raise UnusableSettingError(
            f"{lacking} tickets and calls have no entry by the new secret yet. Wait for "
            "`reindexed` of intake and telephony; see that every service was started anew."
        )
    newest = max(keys.lookups)
    _run(folder, lambda store: _record(store, folder, "key.index_changed", ("key", "index")))
    save_keys(_file(folder), replace(keys, lookups={newest: keys.lookups[newest]}))
    typer.echo("the old secret is dropped; start every service anew, and its entries go too")


def _with_new_lookup(keys: Keys) -> Keys:
    known = dict(keys.lookups) or {1: keys.index}
    return replace(keys, lookups={**known, max(known) + 1: secrets.token_bytes(LENGTHS["index"])})


async def _lacking(store: Store, index: BlindIndex) -> int:
    """How many tickets, calls and callers to ring back have entries, and none of the newest."""
    newest, lacking = index.versions[0], 0
    for collection in ("tickets", "calls"):
        async for doc in store.walk(collection, {"index": {"$gt": {}}}, fields=("index",)):
            versions = [{version_of(e) for e in entries_in(v)} for v in doc["index"].values()]
            lacking += any(found and newest not in found for found in versions)
    async for doc in store.walk("callbacks", {"phones.0": {"$exists": True}}, fields=("phones",)):
        lacking += newest not in {version_of(entry) for entry in doc["phones"]}
    return lacking


def _run(folder: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something on the database of the data folder."""

    async def do() -> T:
        client = connect(mongo_of(folder))
        try:
            store = Store(client, read_settings().database, service="hotline")
            await store.clock.refresh()
            return await work(store)
        finally:
            client.close()

    try:
        return asyncio.run(do())
    except STORE_DOWN as error:
        raise UnusableSettingError(
            "The database does not answer. Start it, or set HOTLINE_MONGO_URL to where it is."
        ) from error


async def _record(store: Store, folder: Path, act: str, subject: tuple[str, str]) -> None:
    key = load_keys(_file(folder)).audit_key
    trail = Trail(store, read_settings().audit or folder / FOLDER, key)
    await trail.start()
    await trail.record(OPERATOR, act, subject)


def _vault(store: Store, keys: Keys) -> Vault:
    return Vault(store.client, store.name, keys.masters.to_wrapping())


def _file(folder: Path) -> Path:
    return folder / "keys.json"
