"""What an identity provider says of itself and the keys it signs with: fetched, bounded, kept."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from services.admin.settings import is_safe

SECONDS: Final = 5.0
LARGEST: Final = 256 * 1024
"""Far more than any provider's documents; whoever answers more is not read."""
KEPT_SECONDS: Final = 3600.0
KEYS_AGAIN_SECONDS: Final = 30.0
"""A key nobody knows is asked for anew so often: providers exchange theirs, strangers make up."""
_PATH: Final = "/.well-known/openid-configuration"


class ProviderAway(Exception):
    """The provider does not answer, or not as one; `fault` is a code for the log."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where the provider answers."""

    authorization: str
    token: str
    keys: str


class Discovery:
    """One provider's metadata and keys."""

    def __init__(self, issuer: str, http: httpx.AsyncClient) -> None:
        self._issuer = issuer
        self._http = http
        self._turn = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._metadata_until = 0.0
        self._keys: Sequence[Mapping[str, Any]] = ()
        self._keys_asked = float("-inf")

    async def metadata(self) -> Metadata:
        """Where it answers, asked once an hour; raises ProviderAway."""
        async with self._turn:
            if self._metadata is None or time.monotonic() > self._metadata_until:
                self._metadata = await self._read_metadata()
                self._metadata_until = time.monotonic() + KEPT_SECONDS
            return self._metadata

    async def key(self, id: str | None) -> Mapping[str, Any] | None:
        """The key of an id, or the only one there is for a token that names none; None for a key
        that the provider does not have. Raises ProviderAway.
        """
        address = (await self.metadata()).keys
        async with self._turn:
            age = time.monotonic() - self._keys_asked
            unsure = id is None or _key_in(self._keys, id) is None
            if age > (KEYS_AGAIN_SECONDS if unsure else KEPT_SECONDS):
                self._keys = _signing_keys(await self._fetched(address))
                self._keys_asked = time.monotonic()
            return _key_in(self._keys, id)

    async def _read_metadata(self) -> Metadata:
        found = await self._fetched(self._issuer.rstrip("/") + _PATH)
        if found.get("issuer") != self._issuer:
            raise ProviderAway("names_another_issuer")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        addresses = [found.get(name) for name in names]
        if not all(isinstance(url, str) and is_safe(url) for url in addresses):
            raise ProviderAway("unsafe_address")
        return Metadata(*(str(url) for url in addresses))

    async def _fetched(self, url: str) -> dict[str, Any]:
        return await fetch_json(self._http, self._http.build_request("GET", url))


def _signing_keys(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ProviderAway("no_keys")
    return [key for key in keys if isinstance(key, dict) and key.get("use", "sig") == "sig"]


def _key_in(keys: Sequence[Mapping[str, Any]], id: str | None) -> Mapping[str, Any] | None:
    fitting = [key for key in keys if id is None or key.get("kid") == id]
    return fitting[0] if len(fitting) == 1 else None


async def fetch_json(http: httpx.AsyncClient, request: httpx.Request) -> dict[str, Any]:
    """The object that a request is answered with; raises ProviderAway for anything else."""
    try:
        async with asyncio.timeout(SECONDS):
            answer = await http.send(request, stream=True)
            try:
                body = await _bounded(answer)
            finally:
                await answer.aclose()
        if answer.status_code != httpx.codes.OK:
            raise ProviderAway(f"status_{answer.status_code}")
        found = json.loads(body)
    except (httpx.HTTPError, TimeoutError) as error:
        raise ProviderAway(type(error).__name__) from error
    except ValueError as error:
        raise ProviderAway("not_json") from error
    if not isinstance(found, dict):
        raise ProviderAway("not_an_object")
    return found


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > LARGEST:
            raise ProviderAway("too_large")
    return body


def provider_client() -> httpx.AsyncClient:
    """Connections to the provider: no redirects, no proxy or password of the environment."""
    trusted = httpx.create_ssl_context(trust_env=False)
    trusted.load_default_certs()  # the machine's own too: a company's provider may be private
    return httpx.AsyncClient(
        verify=trusted,
        timeout=SECONDS,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=10, max_keepalive_connections=2),
    )
