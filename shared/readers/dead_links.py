"""Whether the link of one of the staff still opens what it was made for: not where whoever held it
did not know whose it is. Intake counts those tries.
"""

from __future__ import annotations

from typing import Final

from shared.identity.staff_links import MOST_TRIES, StaffLink, read_staff_link
from shared.policy.duty import Duty
from shared.store.store import Store

LINK_TRIES: Final = "link_tries"


async def honoured_link(store: Store, token: str, secret: bytes, duty: Duty) -> StaffLink | None:
    """What a token was made for; None where it was not signed here for one of the staff, where
    their links are of another generation, and where it was tried in vain too often.
    """
    link = read_staff_link(token, secret)
    if link is None or not duty.honours_link(link.person, link.generation):
        return None
    tried = await store.get(LINK_TRIES, link.id, fields=("wrong",))
    return None if tried and tried["wrong"] >= MOST_TRIES else link
