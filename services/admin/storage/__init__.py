"""Documents to values and back; races are settled by conditional writes."""

from services.admin.storage.accounts import Accounts
from services.admin.storage.flows import Flow, Flows
from services.admin.storage.indexes import INDEXES
from services.admin.storage.keys import Keyring
from services.admin.storage.profiles import Profiles
from services.admin.storage.sessions import Sessions
from services.admin.storage.tries import Tries

__all__ = ["INDEXES", "Accounts", "Flow", "Flows", "Keyring", "Profiles", "Sessions", "Tries"]
