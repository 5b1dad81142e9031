"""Who acts and what they may: principals, tokens, links and rights."""

from shared.identity.links import read_link, sign_link
from shared.identity.principal import (
    EVERYWHERE,
    ROLES,
    UNNAMED,
    Principal,
    Role,
    publisher_principal,
    service_principal,
)
from shared.identity.rights import Forbidden, require, require_role, sees
from shared.identity.tokens import InvalidToken, issue_token, read_token

__all__ = [
    "EVERYWHERE", "ROLES", "UNNAMED", "Forbidden", "InvalidToken", "Principal", "Role",
    "issue_token", "publisher_principal", "read_link", "read_token", "require", "require_role",
    "sees", "service_principal", "sign_link",
]  # fmt: skip
