"""The proxy of deploy/nginx before a hotline: what it keeps out, while an emergency gets through.

python -m faults.proxied
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from typing_extensions import override

from faults.nginx import Proxy, running_nginx
from hotline.service import SERVICES
from hotline.token import make_token
from tests.support.floor import Floor, running_floor

CLOSED: Final = (
    "/metrics", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/outbox", "/healthz", "/readyz",
    "/", "//metrics", "/v1/../metrics", "/v1/%2e%2e/metrics", "/v1/..%2fmetrics", "/v1/..;/metrics",
    "/s/../docs", "/V1/session",
)  # fmt: skip
OPEN: Final = (
    ("admin", "/v1/session", 401), ("intake", "/v1/tickets", 401), ("survey", "/s/x", 404),
    ("router", "/w/x", 404), ("router", "/w/x/person", 303), ("notifier", "/v1/parked", 401),
)  # fmt: skip
HEADER_BYTES: Final = 60 * 1024 * 1024
ENOUGH_BYTES: Final = 8 * 1024 * 1024
"""What lies in sockets on the way counts as sent; far more would be taken by somebody."""
SLOW: Final = 20
SLOW_SECONDS: Final = 15.0
MANY: Final = 200
ALLOWED: Final = 100
PROMPT_SECONDS: Final = 3.0
CRY: Final = {"estate": "jinyuan", "text": "三号楼电梯困人了，快来人"}
LOST: Final = (ConnectionError, OSError, asyncio.IncompleteReadError)


def main() -> int:
    """Run; 0 when all was kept out, and every emergency got through."""
    argparse.ArgumentParser(prog="make faults", description=__doc__).parse_args()
    console = Console(width=120 if not sys.stdout.isatty() else None)
    return 0 if asyncio.run(_run(console)) else 1


async def _run(console: Console) -> bool:
    held = True
    with tempfile.TemporaryDirectory(prefix="proxied-") as made:
        folder = Path(made)
        told = {"HOTLINE_TRUSTED_PROXIES": "127.0.0.1"}
        async with (
            running_floor(folder, environment=told) as floor,
            running_nginx(_private(folder / "nginx"), floor.endpoints.services) as proxy,
        ):
            for what, part in PARTS.items():
                began = time.monotonic()
                found = await part(Outside(floor, proxy))
                held = held and not found
                console.print(
                    f"{what}: {'NOT SO' if found else 'so'}, {time.monotonic() - began:.0f} s",
                    highlight=False,
                )
                for line in found:
                    console.print(f"  {line}", highlight=False, markup=False)
    return held


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


@dataclass(slots=True)
class Outside:
    """Whoever comes from outside, through the proxy."""

    floor: Floor
    proxy: Proxy
    late: list[str] = field(default_factory=list)
    cries: int = 0

    @asynccontextmanager
    async def at(self, address: str, service: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client at an address of its own, of one service."""
        transport = httpx.AsyncHTTPTransport(verify=self.proxy.trust, local_address=address)
        name = self.proxy.name(service)
        async with httpx.AsyncClient(
            transport=_Named(transport, name),
            base_url=f"https://127.0.0.1:{self.proxy.port}",
            headers={"Host": name},
            timeout=20,
        ) as http:
            yield http

    async def open(
        self, address: str, service: str = "intake"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which anything may be sent."""
        return await asyncio.open_connection(
            "127.0.0.1",
            self.proxy.port,
            ssl=self.proxy.trust,
            server_hostname=self.proxy.name(service),
            local_addr=(address, 0),
        )

    async def beside_emergencies(self, trouble: Awaitable[list[str]]) -> list[str]:
        """Make trouble while somebody reports one emergency after the other; what was found."""
        crying = asyncio.create_task(self._cry())
        try:
            found = await trouble
        finally:
            await asyncio.sleep(1)
            crying.cancel()
            with suppress(asyncio.CancelledError):
                await crying
        missing = [] if self.cries else ["no emergency was reported beside it"]
        return found + self.late + missing

    async def _cry(self) -> None:
        token = make_token(self.floor.data, role="agent", id="proxied")
        async with self.at("127.0.0.77", "intake") as http:
            while True:
                self.cries += 1
                began = time.monotonic()
                answer = await http.post(
                    "/v1/tickets",
                    json=CRY | {"external_id": f"proxied-{began}"},
                    headers={"Authorization": f"Bearer {token}"},
                )
                took = time.monotonic() - began
                if answer.status_code != 201 or took > PROMPT_SECONDS:
                    self.late.append(f"an emergency: {answer.status_code} after {took:.1f} s")
                await asyncio.sleep(0.3)


class _Named(httpx.AsyncBaseTransport):
    """Asks for a service by its name, at an address that no name server knows."""

    def __init__(self, inner: httpx.AsyncHTTPTransport, name: str) -> None:
        self._inner = inner
        self._name = name

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        request.extensions["sni_hostname"] = self._name
        return await self._inner.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


async def closed_paths(outside: Outside) -> list[str]:
    """Nothing of what is for operators."""
    found = []
    for service in SERVICES:
        for path in CLOSED:
            status, body = await _raw(outside, service, path)
            if status != 404 or b"# HELP" in body or b"swagger" in body:
                found.append(f"{service} {path}: {status}")
    return found


async def open_paths(outside: Outside) -> list[str]:
    """What is for others comes to its service."""
    found = []
    for service, path, status in OPEN:
        async with outside.at("127.0.0.71", service) as http:
            answer = await http.get(path)
        by_us = "nginx" not in answer.text
        if answer.status_code != status or not by_us:
            found.append(f"{service} {path}: {answer.status_code}")
    return found


async def pages_files(outside: Outside) -> list[str]:
    """The console's scripts and styles come compressed; its pages, beside what people said, not."""
    async with outside.at("127.0.0.73", "console") as http:
        page = await http.get("/sign-in")
        paths = re.findall(r"/static/[^\s\"]+\.(?:js|css)[^\s\"]*", page.text)
        answers = [page, *[await http.get(path) for path in paths]]
    found = [] if paths else ["the page names no file"]
    for answer in answers:
        coded = answer.headers.get("content-encoding", "")
        if answer.status_code != 200 or coded != ("" if answer is page else "gzip"):
            found.append(f"console {answer.url.path}: {answer.status_code}, {coded or 'as it is'}")
    return found


async def _raw(outside: Outside, service: str, path: str) -> tuple[int, bytes]:
    """A path as it is written; clients tidy them up."""
    reader, writer = await outside.open("127.0.0.72", service)
    name = outside.proxy.name(service)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    body = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return int(body.split(b" ", 2)[1]), body


async def addresses(outside: Outside) -> list[str]:
    """Tries are counted by who is outside, whatever they write into a header."""
    body = {"id": "proxied", "password": "not the password"}
    async with outside.at("127.0.0.73", "admin") as http:
        guesses = [
            (await http.post("/v1/session", json=body, headers={"X-Forwarded-For": f"9.9.9.{n}"}))
            for n in range(11)
        ]
    async with outside.at("127.0.0.74", "admin") as http:
        elsewhere = await http.post("/v1/session", json=body)
    statuses = [answer.status_code for answer in guesses]
    fits = statuses == [401] * 10 + [429] and elsewhere.status_code == 401
    return [] if fits else [f"answered {statuses}, elsewhere {elsewhere.status_code}"]


async def large_header(outside: Outside) -> list[str]:
    """A header of 60 MiB is refused long before its end."""
    reader, writer = await outside.open("127.0.0.75")
    writer.write(b"GET /v1/tickets HTTP/1.1\r\nHost: x\r\nX-Long: ")
    sent = 0
    with suppress(*LOST):
        while sent < HEADER_BYTES and not reader.at_eof():
            writer.write(b"a" * 65_536)
            await asyncio.wait_for(writer.drain(), 20)
            sent += 65_536
    with suppress(*LOST):
        writer.close()
    return [] if sent < ENOUGH_BYTES else [f"{sent} bytes of it were taken"]


async def large_bodies(outside: Outside) -> list[str]:
    """Nothing is larger than what a service would take."""
    found = []
    for service, path, size, status in (
        ("intake", "/v1/tickets", 300_000, 413), ("admin", "/v1/session", 1_200_000, 413),
        ("survey", "/s/x", 300_000, 413), ("router", "/w/x/photo", 300_000, 404),
        ("router", "/w/x/photo", 17_000_000, 413),
    ):  # fmt: skip
        async with outside.at("127.0.0.76", service) as http:
            try:
                answer = (await http.post(path, content=b"a" * size)).status_code
            except httpx.HTTPError:  # closed while we were still sending
                answer = 413
        if answer != status:
            found.append(f"{service} {path} of {size} bytes: {answer}")
    return found


async def slow_headers(outside: Outside) -> list[str]:
    """Who sends a header byte by byte is cut off."""

    async def drip(n: int) -> str | None:
        reader, writer = await outside.open(f"127.0.1.{n + 1}")
        began = time.monotonic()
        with suppress(*LOST):
            for byte in b"GET /v1/tickets HTTP/1.1\r\nX-Slow: " + b"a" * 100:
                writer.write(bytes([byte]))
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1_000), 1)
                if reader.at_eof():
                    break
        took = time.monotonic() - began
        with suppress(*LOST):
            writer.close()
        return None if took < SLOW_SECONDS else f"a slow header was waited for for {took:.0f} s"

    return [said for said in await asyncio.gather(*map(drip, range(SLOW))) if said]


async def many_connections(outside: Outside) -> list[str]:
    """One address has so many requests at once and no more."""

    async def hang() -> tuple[int | None, asyncio.StreamWriter]:
        """A request whose body does not come."""
        reader, writer = await outside.open("127.0.0.78")
        name = outside.proxy.name("intake")
        writer.write(
            f"POST /v1/tickets HTTP/1.1\r\nHost: {name}\r\nContent-Length: 9\r\n\r\n".encode()
        )
        try:
            said = await asyncio.wait_for(reader.readline(), 4)
        except TimeoutError:
            return None, writer
        return int(said.split(b" ", 2)[1]), writer

    made = await asyncio.gather(*(hang() for _ in range(MANY)))
    for _, writer in made:
        with suppress(*LOST):
            writer.close()
    refused = sum(status == 429 for status, _ in made)
    hung = sum(status is None for status, _ in made)
    fits = refused == MANY - ALLOWED and hung == ALLOWED
    return [] if fits else [f"of {MANY} at once {refused} were refused, {hung} were waited for"]


def _beside(trouble: Callable[[Outside], Awaitable[list[str]]]) -> Any:
    return lambda outside: outside.beside_emergencies(trouble(outside))


PARTS: Final[dict[str, Callable[[Outside], Awaitable[list[str]]]]] = {
    "what is for operators is closed": closed_paths,
    "what is for others is open": open_paths,
    "the pages' files come compressed": pages_files,
    "tries are counted by who is outside": addresses,
    "bodies are no larger than services take": large_bodies,
    "a header of 60 MiB is refused, emergencies beside it": _beside(large_header),
    "slow headers are cut off, emergencies beside them": _beside(slow_headers),
    "one address has 100 requests at once, emergencies beside them": _beside(many_connections),
}


if __name__ == "__main__":
    sys.exit(main())
