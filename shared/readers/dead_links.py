"""Links that are dead because whoever held them did not know whose they are. Intake counts the
tries; the router asks whether a link opens anything.
"""

from __future__ import annotations

from typing import Final

from shared.identity.staff_links import MOST_TRIES
from shared.store.store import Store

LINK_TRIES: Final = "link_tries"


async def is_dead(store: Store, link: str) -> bool:
    """Whether a link was tried in vain so often that it opens nothing any more."""
    found = await store.get(LINK_TRIES, link, fields=("wrong",))
    return found is not None and found["wrong"] >= MOST_TRIES
