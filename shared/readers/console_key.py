"""The key by which the console asks the administration: made on the machine that holds the key
file, and kept in a file of its own, since the console is given no other secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from shared.identity import EVERYWHERE, PERMISSIONS, InvalidToken
from shared.identity.api_keys import digest_of, new_key, read_key
from shared.readers.credentials import key_from_doc
from shared.store.store import Database

FILE_NAME: Final = "console.key"
PUBLISHER: Final = "console"
KEYS: Final = "api_keys"
LASTS: Final = timedelta(days=365)
RENEWED_BEFORE: Final = timedelta(days=180)
"""A key with less left is made anew at the next start; the one before counts until its own end."""
ACTIONS: Final = tuple(
    sorted(action for action, row in PERMISSIONS.items() if PUBLISHER in row.roles)
)


async def lacks_console_key(
    database: Database, shown: str | None, secret: bytes, *, now: datetime
) -> bool:
    """Whether the key that a file holds, if any, counts for too short a time, or not at all."""
    docs = await database[KEYS].find({"role": "console", "revoked_at": None}).to_list(None)
    known = {doc["_id"]: key_from_doc(doc) for doc in docs}
    try:
        read_key(shown or "", known, secret, now=now + RENEWED_BEFORE)
    except InvalidToken:
        return True
    return False


async def make_console_key(database: Database, secret: bytes, *, now: datetime) -> tuple[str, str]:
    """A new key of the console: its id, and the key as it is shown once."""
    id, shown = new_key()
    await database[KEYS].insert_one(dict(_document(id, shown, secret, now)))
    return id, shown


def _document(id: str, shown: str, secret: bytes, now: datetime) -> Mapping[str, Any]:
    return {
        "_id": id,
        "version": 1,
        "publisher": PUBLISHER,
        "places": [EVERYWHERE],
        "actions": list(ACTIONS),
        "owner": None,
        "held": False,
        "digests": [{"digest": digest_of(shown, secret), "until": None}],
        "made_by": "hotline",
        "made_at": now,
        "expires_at": now + LASTS,
        "revoked_at": None,
        "role": "console",
    }
