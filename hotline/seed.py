"""What a fresh data folder needs before the first service starts: keys, a policy, a duty list."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
import yaml

from hotline.embedded.folder import write_private
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.audit import Trail
from shared.audit.anchors import FOLDER
from shared.identity import Principal
from shared.policy.checks import check_policy
from shared.policy.duty import sample_duty
from shared.policy.policy import load_documents
from shared.privacy import Keys, make_keys
from shared.readers.console_key import FILE_NAME, lacks_console_key, make_console_key
from shared.readers.policies import seed_policy
from shared.readers.rosters import seed_duty
from shared.store import Store, connect
from shared.store.clock import allow_trial
from shared.store.store import Database

SAMPLE = "sample-1"
SEEDER = Principal("operator:seed", "administrator")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("seed")(run)


def run(
    policy: Annotated[Path | None, typer.Option("--policy", help="Overlay of the sample.")] = None,
) -> None:
    """Make keys, and put the sample policy and duty list into an empty database."""
    settings = read_settings()
    if settings.mongo_url is None:
        raise UnusableSettingError("Set HOTLINE_MONGO_URL to the database that is to be seeded.")
    asyncio.run(
        seed(
            settings.mongo_url.get_secret_value(),
            settings.data,
            policy=policy,
            database=settings.database,
        )
    )


async def seed(
    mongo_url: str,
    data: Path,
    trial: bool = False,  # noqa: FBT001, FBT002 - the supervisor hands it on by position
    *,
    policy: Path | None = None,
    database: str = "hotline",
) -> None:
    """Make the keys and put policy and duty list in, once; what is there already stays as it is.

    `policy` is a YAML file with the documents that differ from the sample group's. Raises
    UnusableSettingError naming what is wrong with it.
    """
    keys = make_keys(data / "keys.json")
    documents = _documents(policy)
    client = connect(mongo_url)
    try:
        store = Store(client, database, service="hotline")
        if trial:
            await allow_trial(client[database])
        await store.start(())
        # A moment back, so that it is in force for whoever measures the time a little earlier.
        now = store.clock.now() - timedelta(seconds=10)
        try:
            await seed_policy(client[database], SAMPLE, documents, now=now)
        except ValueError as error:
            raise UnusableSettingError(f"The policy cannot be used: {error}") from error
        await seed_duty(client[database], sample_duty())
        trail = await _begin_audit(store, read_settings().audit or data / FOLDER, keys.audit_key)
        file = read_settings().console_key_file or data / FILE_NAME
        await _give_console_key(client[database], trail, keys, file, now=store.clock.now())
    finally:
        client.close()


async def _begin_audit(store: Store, folder: Path, key: bytes) -> Trail:
    """The chain of the operator's own acts, so that it is missed when somebody takes it away."""
    trail = Trail(store, folder, key)
    try:
        await trail.start()
    except OSError as error:
        raise UnusableSettingError(
            f"The audit's folder {folder} cannot be made or written to ({error.strerror}). Let "
            "this user write there, or set HOTLINE_AUDIT to a folder where it may."
        ) from error
    await trail.begin()
    return trail


def _read(file: Path) -> str | None:
    return file.read_text("utf-8").strip() if file.exists() else None


async def _give_console_key(
    database: Database, trail: Trail, keys: Keys, file: Path, *, now: datetime
) -> None:
    """The console's own key, in a file that it alone is given; made anew long before it ends."""
    secret = keys.derived("api-keys")
    shown = await asyncio.to_thread(_read, file)
    if not await lacks_console_key(database, shown, secret, now=now):
        return
    id, shown = await make_console_key(database, secret, now=now)
    await trail.record(SEEDER, "key.create", ("key", id))
    try:
        write_private(file, f"{shown}\n")
    except OSError as error:
        raise UnusableSettingError(
            f"The console's key cannot be written to {file} ({error.strerror}). Let this user "
            "write there, or set HOTLINE_CONSOLE_KEY_FILE to a file that it may write."
        ) from error


def _documents(policy: Path | None) -> dict[str, dict[str, object]]:
    try:
        documents = load_documents(policy)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UnusableSettingError(f"The policy {policy} cannot be read: {error}") from error
    if policy is not None and (faults := check_policy(documents)):
        said = "; ".join(map(str, faults))
        raise UnusableSettingError(f"The policy {policy} cannot be used: {said}.")
    return documents
