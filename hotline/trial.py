"""The store of a running trial: what an operator may read there, and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hotline.client import running
from hotline.errors import UnusableSettingError
from hotline.settings import read_settings
from shared.store import Store, connect


@asynccontextmanager
async def trial_store(folder: Path, *, why_not: str) -> AsyncIterator[Store]:
    """The store of a trial; raises UnusableSettingError, which says `why_not` and how a trial is
    made, for any other.
    """
    client = connect(running(folder).mongo)
    try:
        store = Store(client, read_settings().database, service="hotline")
        await store.clock.refresh()
        if not store.clock.is_trial:
            raise UnusableSettingError(
                f"These data are no trial's, so {why_not}. Make a trial with "
                "`hotline up --trial --data FOLDER`."
            )
        yield store
    finally:
        client.close()
