"""Who acts and what they may: principals, tokens, links and rights."""

from shared.identity.permissions import PERMISSIONS, STAFF_ROLES, Permission, Scope, action_of
from shared.identity.principal import (
    EVERYWHERE,
    ROLES,
    UNNAMED,
    Principal,
    Role,
    console_principal,
    publisher_principal,
    service_principal,
)
from shared.identity.rights import (
    DESK,
    Forbidden,
    allows,
    handles,
    is_about,
    own_departments,
    require,
    sees,
)
from shared.identity.tokens import (
    InvalidToken,
    issue_token,
    read_generation,
    read_link,
    read_token,
    sign_link,
    with_generation,
)

__all__ = [
    "DESK",
    "EVERYWHERE",
    "PERMISSIONS",
    "ROLES",
    "STAFF_ROLES",
    "UNNAMED",
    "Forbidden",
    "InvalidToken",
    "Permission",
    "Principal",
    "Role",
    "Scope",
    "action_of",
    "allows",
    "console_principal",
    "handles",
    "is_about",
    "issue_token",
    "own_departments",
    "publisher_principal",
    "read_generation",
    "read_link",
    "read_token",
    "require",
    "sees",
    "service_principal",
    "sign_link",
    "with_generation",
]
