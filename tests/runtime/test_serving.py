"""Whose word counts about the address that a request comes from."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI, Request
from pydantic import SecretStr, ValidationError

from shared.runtime import ServiceSettings, source_of
from shared.runtime.serve import server_config


def settings(**more: Any) -> ServiceSettings:
    return ServiceSettings(
        amqp_url=SecretStr("amqp://x"), mongo_url=SecretStr("mongodb://x"), **more
    )


async def address(peer: str, forwarded: str | None, **more: Any) -> str:
    """From where a request seems to come."""
    app, seen = FastAPI(), ""

    @app.get("/")
    async def look(request: Request) -> None:
        nonlocal seen
        seen = source_of(request)

    config = server_config(app, settings(**more))
    config.load()
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"",
        "headers": headers, "client": (peer, 1), "server": ("here", 80), "scheme": "http",
        "http_version": "1.1", "asgi": {"version": "3.0"}, "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Any) -> None:
        """Nobody listens."""

    await config.loaded_app(scope, receive, send)
    return seen


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "192.0.2.1"])
async def test_nobody_is_believed_about_another_address_unless_a_setting_names_them(
    peer: str,
) -> None:
    assert await address(peer, "198.51.100.7") == peer


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
    ],
)
async def test_of_what_a_chain_of_proxies_says_the_last_stranger_counts(
    peer: str, forwarded: str | None, source: str
) -> None:
    assert await address(peer, forwarded, trusted_proxies="10.0.0.0/8, ::1") == source


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.0/8;::1"])
def test_what_is_no_address_or_network_stops_the_start(proxies: str) -> None:
    with pytest.raises(ValidationError, match="addresses or networks"):
        settings(trusted_proxies=proxies)
