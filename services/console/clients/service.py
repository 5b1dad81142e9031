"""One service as it is asked: the reader's own token, a trace, a limit of time, a typed answer."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from services.console.clients.answers import Declined, ServiceName, Unreached
from shared.telemetry import logger, metrics

LIMIT: Final = httpx.Timeout(10.0, connect=2.0)
CREATED: Final = 201
_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
CONNECTIONS: Final = httpx.Limits(max_connections=200, max_keepalive_connections=50)
TRACE: ContextVar[str] = ContextVar("trace")
"""The trace of the page that is being made, as W3C's `traceparent` has it."""
ADDRESS: ContextVar[str] = ContextVar("address")
"""Where the browser is that asked for the page."""

M = TypeVar("M", bound="Answered")


class Answered(BaseModel):
    """What a page reads of an answer; what else stands in it is none of its business."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Nothing(Answered):
    """An answer without a body."""


class ServiceClient:
    """Asks one service."""

    def __init__(self, name: ServiceName, http: httpx.AsyncClient) -> None:
        self.name = name
        self._http = http

    async def get(
        self, model: type[M], path: str, *, bearer: str, params: Mapping[str, Any] | None = None
    ) -> M:
        """Ask; raises Declined and Unreached."""
        return await self.ask(model, "GET", path, bearer=bearer, params=params)

    async def ask(
        self,
        model: type[M],
        method: str,
        path: str,
        *,
        bearer: str | None,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> M:
        """Ask or tell; raises Declined and Unreached. Nothing is sent twice by itself."""
        answer = await self._send(method, path, bearer, json, params, headers)
        return self._read(model, answer)

    async def make(
        self, model: type[M], path: str, *, bearer: str, json: Any, headers: Mapping[str, str]
    ) -> tuple[M, bool]:
        """Have something made that has a key: what it is, and whether it was not there before."""
        answer = await self._send("POST", path, bearer, json, None, headers)
        return self._read(model, answer), answer.status_code == CREATED

    async def _send(
        self,
        method: str,
        path: str,
        bearer: str | None,
        json: Any,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        began = time.monotonic()
        try:
            return await self._http.request(
                method,
                path,
                json=json,
                params=params,
                headers={**_headers(bearer), **(headers or {})},
            )
        except httpx.HTTPError as error:
            logger.warning("service_not_reached", service=self.name, error=type(error).__name__)
            never = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            raise Unreached(self.name, sent=not never) from error
        finally:
            metrics.UPSTREAM_SECONDS.labels(service=self.name).observe(time.monotonic() - began)

    def _read(self, model: type[M], answer: httpx.Response) -> M:
        if not answer.is_success:
            raise Declined(self.name, answer.status_code, _problem(answer), _wait(answer))
        try:
            return model.model_validate_json(answer.content or b"{}")
        except ValidationError as error:
            # Fields by name, never what they hold.
            where = [".".join(map(str, each["loc"])) for each in error.errors()][:5]
            logger.exception("answer_not_understood", service=self.name, where=where)
            raise Unreached(self.name, sent=True) from None


def keyed(key: str) -> dict[str, str]:
    """A form's key as a header: the same key is the same wish. What is none of ours, such as one in
    no ASCII, goes as its digest; none where there is none.
    """
    if not key:
        return {}
    is_ours = _KEY.fullmatch(key) is not None
    shown = key if is_ours else hashlib.sha256(key.encode(errors="replace")).hexdigest()
    return {"Idempotency-Key": shown}


def begin_trace(address: str) -> str:
    """A trace of its own for the page that is asked for now, from this address."""
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    TRACE.set(trace)
    ADDRESS.set(address)
    return trace


def _headers(bearer: str | None) -> dict[str, str]:
    asked = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    trace, address = TRACE.get(None), ADDRESS.get(None)
    traced = {"traceparent": trace} if trace else {}
    # Believed where `HOTLINE_TRUSTED_PROXIES` names the console's own address.
    return asked | traced | ({"X-Forwarded-For": address} if address else {})


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _wait(answer: httpx.Response) -> int | None:
    said = answer.headers.get("Retry-After", "")
    return int(said) if said.isdecimal() else None
