"""Who asks over HTTP: people by the token of their session, systems by their key; and the name they
give a wish that counts once.

Both are judged in memory; what nobody was given is counted as a guess, in the store. Where what was
taken back cannot be read, nobody is believed: 503.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from shared.contracts import MalformedMessage
from shared.identity import InvalidToken, Principal, read_token
from shared.identity.api_keys import KEY_PREFIX
from shared.identity.tokens import Signed, UnknownBearer
from shared.runtime.platform import Platform

LONGEST_NAME: Final = 200
Named = Annotated[str | None, Header(alias="Idempotency-Key")]


def require_name(given: str | None, wish: str) -> str:
    """The name that was given a wish of this kind; raises MalformedMessage without a usable one."""
    if not given or len(given) > LONGEST_NAME:
        raise MalformedMessage(
            "Idempotency-Key",
            f"is missing, or longer than {LONGEST_NAME} characters",
            f"send a header of this name that is new for each {wish}",
        )
    return given


class FactorNeeded(Exception):
    """The role asks for a second factor and the account has none: this session may set it up."""

    def __init__(self) -> None:
        super().__init__("set up a second factor at /v1/session/factor, then sign in again")


async def principal(request: Request) -> Principal:
    """Who asks, by the bearer's token or key; 401 without a valid one."""
    platform: Platform = request.app.state.platform
    shown = _shown(request)
    async with _guesses_counted(platform, request, shown):
        if shown.startswith(KEY_PREFIX):
            known = platform.credentials.bearer_of(shown, now=platform.store.clock.now())
        else:
            known = _finished(_judged(platform, shown)).principal
    return known.within(platform.policy.group)


def source_of(request: Request) -> str:
    """The address a request came from: whoever is connected, or whom a proxy names that a setting
    trusts (`trusted_proxies`).
    """
    return request.client.host if request.client else "unknown"


async def signed(request: Request) -> Signed:
    """The token of whoever asks, also of a session that may only set up a second factor yet."""
    platform: Platform = request.app.state.platform
    shown = _shown(request)
    async with _guesses_counted(platform, request, shown):
        return _judged(platform, shown)


def _shown(request: Request) -> str:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not shown:
        raise InvalidToken("send the header `Authorization: Bearer <token>`")
    return shown


@asynccontextmanager
async def _guesses_counted(platform: Platform, request: Request, shown: str) -> AsyncIterator[None]:
    """What was never given out is counted by address; what has ended, or fits, is not."""
    try:
        yield
    except UnknownBearer:
        if not await platform.credentials.was_given(shown):
            await platform.misses.count("bearer", source_of(request))
        raise


def _judged(platform: Platform, token: str) -> Signed:
    found = read_token(token, platform.keys.token, now=platform.store.clock.now())
    platform.credentials.judge(found)
    return found


def _finished(found: Signed) -> Signed:
    if found.is_unfinished:
        raise FactorNeeded
    return found


Actor = Annotated[Principal, Depends(principal)]
Source = Annotated[str, Depends(source_of)]
Bearing = Annotated[Signed, Depends(signed)]
