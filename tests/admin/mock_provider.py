"""A real OpenID provider as a process of its own, and somebody with a browser there."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx

from hotline.embedded.ports import free_ports
from hotline.embedded.process import wait_until

START_SECONDS = 90.0


@contextmanager
def running_provider() -> Iterator[str]:
    """The issuer's address, while the block lasts."""
    port = free_ports(1)[0]
    issuer = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: _listens(port) or process.poll() is not None, START_SECONDS)
        assert process.poll() is None
        yield issuer
    finally:
        process.terminate()
        process.wait(timeout=10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


async def consent(address: str, *, subject: str | None) -> dict[str, str]:
    """What somebody comes back with who signs in as `subject` there, or declines."""
    form = {"sub": subject} if subject is not None else {"action": "deny"}
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.post(address, data=form)
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def claim(issuer: str, subject: str, **claims: object) -> None:
    """Let the tokens of somebody there say this as well."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.put(f"{issuer}/users/{subject}", json=claims)
    assert answer.is_success, answer.text
