"""Browsers of the staff, by script: who signs in at the console, what a first view weighs, and the
streams by which open pages hear of changes.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from bench.hotline import Broken, Hotline
from hotline.demo.clients import Clients

CONSOLE: Final = "console"
COOKIE: Final = "hotline"
AT_ONCE: Final = 2
"""So many accounts are made side by side: a password is dear on purpose."""
LONGEST_LINE: Final = 4 * 1024 * 1024
FOLLOWED: Final = ("emergencies", "queue", "mine")
_ASSET: Final = re.compile(r'(?:src|href|data-stream)="(/static/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Sitting:
    """One browser in which somebody has signed in."""

    id: str
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request of its pages carries."""
        return {"cookie": f"{COOKIE}={self.secret}", "sec-fetch-site": "same-origin"}


async def sit_down(hotline: Hotline, clients: Clients, count: int) -> list[Sitting]:
    """So many agents, each with an account, a password and a browser of their own."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> Sitting:
        async with gate:
            return await _sit(hotline, clients, f"bench-agent-{n}")

    return list(await asyncio.gather(*(one(n) for n in range(count))))


async def _sit(hotline: Hotline, clients: Clients, id: str) -> Sitting:
    password = secrets.token_urlsafe(24)
    made = await clients.call(
        "POST", "admin", "/v1/users", role="administrator", json={"id": id, "role": "agent"}
    )
    body = {"invitation": made.raise_for_status().json()["invitation"], "password": password}
    set_up = await clients.call("POST", "admin", "/v1/session/password", json=body)
    set_up.raise_for_status()
    answer = await clients.http.post(
        f"{hotline.endpoints.services[CONSOLE]}/session",
        data={"id": id, "password": password},
        headers={"sec-fetch-site": "same-origin"},
    )
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise Broken(f"{id} cannot sign in: {answer.status_code} {answer.text[:200]}")
    clients.http.cookies.clear()
    return Sitting(id, answer.cookies[COOKIE])


async def first_view(ask: httpx.AsyncClient, path: str) -> dict[str, int]:
    """The bytes of a page and of every file it names, each as gzip sends it; `ask` is signed in."""
    page = await ask.get(path)
    if page.is_error:
        raise Broken(f"{path}: {page.status_code}")
    sizes = {path: len(gzip.compress(page.content, 9))}
    for name in sorted(set(_ASSET.findall(page.text))):
        sizes[name] = len(gzip.compress((await ask.get(name)).content, 9))
    return sizes


@dataclass
class Watcher:
    """One open page: every frame it was sent, and when."""

    sitting: Sitting
    id: str = ""
    frames: list[tuple[float, str, str]] = field(default_factory=list)
    greeted: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self, url: str) -> None:
        """Read until cancelled; raises Broken when the stream ends."""
        host, port = urlsplit(url).hostname, urlsplit(url).port
        reader, writer = await asyncio.open_connection(host, port, limit=LONGEST_LINE)
        try:
            lines = {"host": f"{host}:{port}", **self.sitting.headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            writer.write(f"GET /live HTTP/1.1\r\n{head}\r\n".encode())
            event = ""
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    event = line[7:].decode().strip()
                elif line.startswith(b"data: "):
                    self._hear(event, line[6:].decode())
            raise Broken(f"the stream of {self.sitting.id} ended: {self.frames[-1:]}")
        finally:
            writer.close()

    def _hear(self, event: str, data: str) -> None:
        if event == "hello":
            self.id = str(json.loads(data)["stream"])
            self.greeted.set()
        else:
            self.frames.append((time.monotonic(), event, data))

    def sees(self, sign: str) -> float | None:
        """When a change that has this in it came first."""
        return next(
            (at for at, event, data in self.frames if event == "cards" and sign in data), None
        )

    def hears(self, topic: str, after: float) -> float | None:
        """When it was first told of a list after a moment: of a long one its length alone."""
        sign = f'"topic":"{topic}"'
        return next(
            (
                at
                for at, event, data in self.frames
                if event == "cards" and sign in data and at > after
            ),
            None,
        )

    def follows(self) -> set[str]:
        """The topics whose list it was given."""
        return {json.loads(data)["topic"] for _, event, data in self.frames if event == "list"}


@asynccontextmanager
async def watching(url: str, sittings: Sequence[Sitting]) -> AsyncIterator[list[Watcher]]:
    """As many streams as there are browsers, each following what an agent's pages show."""
    watchers = [Watcher(each) for each in sittings]
    tasks = [asyncio.create_task(each.watch(url)) for each in watchers]
    try:
        async with asyncio.timeout(120), httpx.AsyncClient(base_url=url, timeout=60) as http:
            for each in watchers:
                await each.greeted.wait()
                await _follow(http, each)
        yield watchers
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(http: httpx.AsyncClient, watcher: Watcher) -> None:
    body: dict[str, Any] = {"add": list(FOLLOWED)}
    path = f"/live/{watcher.id}/topics"
    answer = await http.post(path, json=body, headers=watcher.sitting.headers)
    if answer.status_code != httpx.codes.NO_CONTENT:
        raise Broken(f"{path}: {answer.status_code}")
