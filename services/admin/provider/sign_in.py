"""Signing in at an identity provider (OpenID Connect, authorization code with PKCE). What was
begun there is kept here and used once.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx

from services.admin.accounts.domain import Binding
from services.admin.accounts.secrets import digest, same
from services.admin.provider.discovery import Discovery, ProviderAway, fetch_json
from services.admin.provider.id_token import Recognised, UnfitToken, key_id, read_token
from services.admin.sessions.domain import Refusal, Vouched, not_signed_in
from shared.contracts import Step
from shared.contracts.refusals import NotNow, Refused
from shared.documents import Shape
from shared.store import Collection, CollectionSpec, Store, forget_at
from shared.telemetry import logger

FLOW_LIFETIME: Final = timedelta(minutes=10)
SCOPE: Final = "openid"
"""Who it is and nothing more: no name, no mail address."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What has to come back fitting; `state` is a digest. What was begun for the console counts
    there alone, as a session of the `browser`.
    """

    state: str
    nonce: str
    verifier: str
    until: datetime
    version: int = 0
    browser: bool = False


FLOWS: Final = CollectionSpec(
    name="oidc_flows",
    shape=Shape(value=Flow, key="state", lean={Flow: ("browser",)}),
    indexes=(forget_at("until", name="flows_forgotten"),),
)


async def take_flow(store: Store, state: str) -> Flow | None:
    """What was begun under this state and is not too old; whoever comes second gets nothing."""
    doc = await store.take(FLOWS.name, {"_id": state})
    flow = FLOWS.from_doc(doc) if doc else None
    return flow if flow and store.clock.now() < flow.until else None


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at the provider; without a secret a public client. People come back to us at
    `redirect_url`, to the console at `console_url` where there is one.

    `trusts_factor`: its word about a second factor counts, which is what the token says;
    `acr_values` are asked for there, and each of them means one.
    """

    issuer: str
    id: str
    secret: str | None
    redirect_url: str
    trusts_factor: bool = False
    acr_values: tuple[str, ...] = ()
    console_url: str | None = None

    def way_back(self, *, browser: bool) -> str:
        """Where people come back to; raises NotNow where the console has no provider."""
        if not browser:
            return self.redirect_url
        if self.console_url is None:
            raise no_provider()
        return self.console_url


def no_provider() -> NotNow:
    """That nobody signs in at the console by a provider."""
    return NotNow(
        "no-provider",
        "The console has no identity provider",
        "set HOTLINE_ADMIN_OIDC_ISSUER and HOTLINE_ADMIN_OIDC_CONSOLE_URL",
    )


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send somebody, and the state that only their browser may come back with."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class CameBack:
    """What somebody comes back with: a code, or an error in its place.

    `begun_here` is the state that this browser was given: otherwise somebody could send their own
    way back to another person, who would then work under a foreign name.
    """

    state: str
    begun_here: str | None
    code: str | None
    error: str | None


class Provider:
    """Sends people to the provider and reads what they come back with.

    What is remembered of a sign-in lies in the store: any replica may be the one they come back to.
    """

    def __init__(self, client: Client, store: Store, http: httpx.AsyncClient) -> None:
        self._client = client
        self._store = store
        self._flows = Collection(store, FLOWS)
        self._http = http
        self._discovery = Discovery(client.issuer, http)

    async def stay_connected(self) -> None:
        """Hold the connections until cancelled, then let go of them."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._http.aclose()

    @property
    def serves_console(self) -> bool:
        """Whether people may sign in here at the console."""
        return self._client.console_url is not None

    async def begin(self, *, browser: bool = False) -> Begun:
        """Begin a sign-in, for the console in a `browser`; raises Away when the provider is, and
        NotNow where the console has none.
        """
        way_back = self._client.way_back(browser=browser)
        try:
            metadata = await self._discovery.metadata()
        except ProviderAway as error:
            raise _refused("provider-away", error.fault) from error
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        now = self._store.clock.now()
        flow = Flow(digest(state), nonce, verifier, now + FLOW_LIFETIME, browser=browser)
        await self._flows.insert(Step(flow), now)
        asked = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": way_back,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        if self._client.acr_values:
            asked["acr_values"] = " ".join(self._client.acr_values)
        joint = "&" if "?" in metadata.authorization else "?"
        return Begun(f"{metadata.authorization}{joint}{urlencode(asked)}", state)

    async def finish(self, back: CameBack, *, browser: bool = False) -> Vouched:
        """Who came back; raises NotSignedIn with the reason. What was begun is used up."""
        if not same(digest(back.state), digest(back.begun_here or "")):
            raise _refused("unknown-state", "another_browser")
        flow = await take_flow(self._store, digest(back.state))
        if flow is None or flow.browser != browser:
            raise _refused("unknown-state", "none_such")
        if back.error is not None or back.code is None:
            raise _refused("declined", "by_provider")
        return await self._vouched(back.code, flow)

    async def _vouched(self, code: str, flow: Flow) -> Vouched:
        try:
            found = await self._recognised(await self._id_token(code, flow), flow)
        except ProviderAway as away:
            raise _refused("provider-away", away.fault) from away
        except UnfitToken as unfit:
            raise _refused("id-token", unfit.fault) from unfit
        binding = Binding(self._client.issuer, found.subject)
        return Vouched(binding, self._client.trusts_factor and found.second_factor)

    async def _id_token(self, code: str, flow: Flow) -> str:
        metadata = await self._discovery.metadata()
        request = self._http.build_request("POST", metadata.token, **self._exchange(code, flow))
        try:
            answer = await fetch_json(self._http, request)
        except ProviderAway as error:
            if error.fault in {"status_400", "status_401", "status_403"}:
                raise _refused("code-refused", error.fault) from error
            raise
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise UnfitToken("missing")
        return token

    def _exchange(self, code: str, flow: Flow) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.way_back(browser=flow.browser),
            "code_verifier": flow.verifier,
        }
        if self._client.secret is None:
            return {"data": form | {"client_id": self._client.id}}
        return {"data": form, "headers": _basic(self._client.id, self._client.secret)}

    async def _recognised(self, token: str, flow: Flow) -> Recognised:
        key = await self._discovery.key(key_id(token))
        if key is None:
            raise UnfitToken("unknown_key")
        return read_token(
            token,
            key,
            issuer=self._client.issuer,
            client_id=self._client.id,
            nonce=flow.nonce,
            now=self._store.clock.outside(),
            acr_values=self._client.acr_values,
        )


def _refused(reason: Refusal, fault: str) -> Refused:
    logger.warning("provider_sign_in_refused", reason=reason, fault=fault)
    return not_signed_in(reason)


def _challenge(verifier: str) -> str:
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=")


def _basic(id: str, secret: str) -> Mapping[str, str]:
    """As RFC 6749 asks: both encoded as in a form before they are joined."""
    pair = f"{quote(id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
