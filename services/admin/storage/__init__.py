"""What is kept, and how it lies in documents."""

from services.admin.storage.accounts import ACCOUNTS, ROLLS, bound_to
from services.admin.storage.flows import FLOWS, Flow, take_flow
from services.admin.storage.keys import KEYS, hold_keys
from services.admin.storage.profiles import PROFILES
from services.admin.storage.sessions import SESSIONS
from services.admin.storage.tries import TRIES, count_try, forget_tries, forgive_try

KEPT = (ACCOUNTS, ROLLS, FLOWS, KEYS, PROFILES, SESSIONS, TRIES)

__all__ = [
    "ACCOUNTS", "FLOWS", "KEPT", "KEYS", "PROFILES", "ROLLS", "SESSIONS", "TRIES", "Flow",
    "bound_to", "count_try", "forget_tries", "forgive_try", "hold_keys", "take_flow",
]  # fmt: skip
