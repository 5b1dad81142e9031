"""HTTP in: one call each."""

from services.admin.api.agents import build_agents_api
from services.admin.api.audit import build_audit_api
from services.admin.api.keys import build_keys_api
from services.admin.api.provider import build_provider_api
from services.admin.api.session import build_session_api
from services.admin.api.users import build_users_api

__all__ = [
    "build_agents_api", "build_audit_api", "build_keys_api", "build_provider_api",
    "build_session_api", "build_users_api",
]  # fmt: skip
