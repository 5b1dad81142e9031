"""The one place where the administration's objects are built and joined."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import APIRouter, FastAPI

from services.admin.accounts.api import build_users_api
from services.admin.accounts.staff import StaffAccounts
from services.admin.accounts.storage import ACCOUNTS, ROLLS
from services.admin.agents.api import build_agents_api
from services.admin.agents.storage import PROFILES
from services.admin.agents.training import Training
from services.admin.audit.api import build_audit_api
from services.admin.browsers.api import build_browsers_api
from services.admin.browsers.continuing import Browsers
from services.admin.handlers import add_handlers
from services.admin.keys.api import build_keys_api
from services.admin.keys.storage import KEYS
from services.admin.keys.system_keys import SystemKeys
from services.admin.machine.looking import EVERY_SECONDS, Machine
from services.admin.own.api import build_own_api
from services.admin.own.own_account import OwnAccount
from services.admin.people.api import build_people_api
from services.admin.people.directory import Directory
from services.admin.policies.announcements import Announcements
from services.admin.policies.api import (
    build_deciding_api,
    build_drafts_api,
    build_names_api,
    build_reading_api,
)
from services.admin.policies.drafting import Drafting
from services.admin.policies.pages import ROOT, build_policy_pages
from services.admin.policies.publishing import Publishing
from services.admin.policies.reading import Reading
from services.admin.policies.rehearsing import Rehearsing
from services.admin.policies.storage import KEPT as KEPT_OF_POLICIES
from services.admin.policies.storage import Policies
from services.admin.privacy.api import build_requests_api
from services.admin.privacy.requests import Requesting
from services.admin.privacy.storage import REQUESTS
from services.admin.provider.api import build_provider_api
from services.admin.provider.console_api import build_console_provider_api
from services.admin.provider.discovery import provider_client
from services.admin.provider.sign_in import FLOWS, Client, Provider
from services.admin.sessions.api import build_session_api
from services.admin.sessions.factors import Factors
from services.admin.sessions.passwords import Passwords
from services.admin.sessions.sign_in import SigningIn
from services.admin.sessions.storage import SESSIONS
from services.admin.sessions.tries import KNOWN, TryCounter
from services.admin.settings import AdminSettings
from shared.audit import Trail
from shared.bus import run_every
from shared.identity.factor_safe import SECRETS_OF, FactorSafe
from shared.runtime import Parts, Platform, build_service, open_platform
from shared.runtime.web import build_style

LARGEST_BODY: Final = 1024 * 1024
"""The longest is a policy with all its documents: the lexicon alone has 270 kB."""
KEEPS: Final = (
    ACCOUNTS,
    ROLLS,
    FLOWS,
    KEYS,
    PROFILES,
    SESSIONS,
    KNOWN,
    REQUESTS,
    *KEPT_OF_POLICIES,
)


async def build(settings: AdminSettings) -> FastAPI:
    """The administration, ready to be served."""
    platform = await open_platform("admin", settings, keeps=KEEPS)
    store, records = platform.store, platform.trail
    staff_accounts = StaffAccounts(store, records)
    try_counter = TryCounter(store, platform.index)
    safe = FactorSafe(platform.keys.derived(SECRETS_OF))
    factors = Factors(store, staff_accounts, safe, try_counter)
    passwords = Passwords()
    signing_in = SigningIn(
        store,
        staff_accounts,
        factors,
        passwords,
        try_counter,
        platform.misses,
        secret=platform.keys.token,
    )
    own_account = OwnAccount(store, staff_accounts, signing_in, passwords, try_counter)
    system_keys = SystemKeys(store, records, secret=platform.keys.derived("api-keys"))
    training = Training(store, staff_accounts, records, lambda: platform.policy.calendar)
    provider = _provider(settings, platform)
    requesting = _requesting(platform)
    add_handlers(platform.consumers, requesting)
    routers = [
        build_provider_api(
            provider,
            signing_in,
            secure=settings.oidc_redirect_url.startswith("https:"),
        ),
        build_console_provider_api(provider, signing_in),
        build_session_api(signing_in, factors, own_account.seen),
        build_own_api(own_account),
        build_browsers_api(Browsers(store, signing_in, platform.misses)),
        build_users_api(platform, staff_accounts),
        build_people_api(_directory(platform)),
        build_keys_api(platform, system_keys),
        build_agents_api(platform, training),
        build_audit_api(platform),
        build_requests_api(requesting, platform.store.clock),
        *build_policies_apis(platform, records),
    ]
    announcements = announcements_of(platform)
    machine = partial(run_every, Machine(settings).look, seconds=EVERY_SECONDS)
    loops = (announcements.run, machine, *((provider.stay_connected,) if provider else ()))
    parts = Parts(routers, loops, platform.parked_relay(), largest_body=LARGEST_BODY)
    return build_service(platform, parts, title="Estateline administration")


def _directory(platform: Platform) -> Directory:
    return Directory(platform.store, lambda: platform.duty.current, lambda: platform.policy.group)


def _requesting(platform: Platform) -> Requesting:
    return Requesting(
        platform.store,
        platform.tickets,
        platform.trail,
        platform.sealer,
        lambda estate: platform.policy.at(estate).calendar,
        secret=platform.keys.index,
    )


def _provider(settings: AdminSettings, platform: Platform) -> Provider | None:
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    secret = settings.oidc_client_secret
    client = Client(
        issuer=settings.oidc_issuer,
        id=settings.oidc_client_id,
        secret=secret.get_secret_value() if secret else None,
        redirect_url=settings.oidc_redirect_url,
        trusts_factor=settings.oidc_second_factor,
        acr_values=settings.oidc_acr_values,
        console_url=settings.oidc_console_url,
    )
    return Provider(client, platform.store, provider_client())


def announcements_of(platform: Platform) -> Announcements:
    """Who is told of what is published."""
    policies = Policies(platform.store)
    return Announcements(platform.store, policies, platform.duty, lambda: platform.policy)


def build_policies_apis(platform: Platform, records: Trail) -> Sequence[APIRouter]:
    """Everything under `/v1/policies`, and the page by which somebody confirms; what is decided
    goes to the records first.
    """
    clock = platform.store.clock
    policies = Policies(platform.store)
    drafting = Drafting(policies, platform.duty, clock)
    publishing = Publishing(policies, drafting, records, platform.duty, clock)
    rehearsing = Rehearsing(platform.store, policies, drafting, lambda: platform.policy)
    reading = Reading(policies, announcements_of(platform), clock)
    return (
        build_policy_pages(platform, reading),
        build_style(ROOT),
        build_reading_api(reading, policies, drafting),
        build_names_api(policies, lambda: platform.policy),
        build_drafts_api(drafting, rehearsing, reading),
        build_deciding_api(publishing, reading),
    )
