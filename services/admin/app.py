"""The one place where the administration's objects are built and joined."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from services.admin import privacy
from services.admin.api import (
    build_agents_api,
    build_audit_api,
    build_keys_api,
    build_provider_api,
    build_session_api,
    build_users_api,
)
from services.admin.discovery import provider_client
from services.admin.factors import Factors
from services.admin.keying import Keying
from services.admin.passwords import Passwords
from services.admin.policies.join import build_policies_apis
from services.admin.policies.storage import KEPT as KEPT_OF_POLICIES
from services.admin.provider import Client, Provider
from services.admin.secrets import FactorSafe
from services.admin.settings import AdminSettings
from services.admin.signing_in import SigningIn
from services.admin.staffing import Staffing
from services.admin.storage import KEPT
from services.admin.training import Training
from services.admin.trying import Trying
from shared.runtime import Parts, Platform, build_service, open_platform

LARGEST_BODY: Final = 1024 * 1024
"""The longest is a policy with all its documents: the lexicon alone has 270 kB."""


async def build(settings: AdminSettings) -> FastAPI:
    """The administration, ready to be served."""
    keeps = (*KEPT, *KEPT_OF_POLICIES, privacy.REQUESTS)
    platform = await open_platform("admin", settings, keeps=keeps, indexes={})
    store, records = platform.store, platform.trail
    staffing = Staffing(store, records)
    trying = Trying(store, platform.index)
    safe = FactorSafe(platform.keys.derived("second-factors"))
    factors = Factors(store, staffing, safe, trying)
    signing_in = SigningIn(
        store, staffing, factors, Passwords(), trying, secret=platform.keys.token
    )
    keying = Keying(store, records, secret=platform.keys.derived("api-keys"))
    training = Training(store, staffing, records, lambda: platform.policy.calendar)
    provider = _provider(settings, platform)
    routers = [
        build_provider_api(
            provider,
            signing_in,
            second_factor=settings.oidc_second_factor,
            secure=settings.oidc_redirect_url.startswith("https:"),
        ),
        build_session_api(signing_in, factors),
        build_users_api(platform, staffing),
        build_keys_api(platform, keying),
        build_agents_api(platform, training),
        build_audit_api(platform),
        privacy.build_privacy(platform),
        *build_policies_apis(platform, records),
    ]
    loops = (provider.stay_connected,) if provider else ()
    parts = Parts(routers, loops, platform.parked_relay(), largest_body=LARGEST_BODY)
    return build_service(platform, parts, title="Estateline administration")


def _provider(settings: AdminSettings, platform: Platform) -> Provider | None:
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    secret = settings.oidc_client_secret
    client = Client(
        issuer=settings.oidc_issuer,
        id=settings.oidc_client_id,
        secret=secret.get_secret_value() if secret else None,
        redirect_url=settings.oidc_redirect_url,
    )
    return Provider(client, platform.store, provider_client())
