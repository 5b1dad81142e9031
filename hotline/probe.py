"""Short questions to what runs: does it listen, does it answer 200."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from hotline.errors import UnusableSettingError

ANSWER_TIMEOUT = 3.0
DEFAULT_PORTS = {"amqp": 5672, "amqps": 5671, "mongodb": 27017}
REACHABLE_TIMEOUT = 30.0


class HttpProbe:
    """Asks a service about itself; a service that does not answer is one that is not well."""

    def __init__(self) -> None:
        # A proxy of the environment has no business between us and our own services.
        self._client = httpx.AsyncClient(timeout=ANSWER_TIMEOUT, trust_env=False)

    async def is_ok(self, address: str, paths: Sequence[str]) -> bool:
        """Tell whether every path answers 200."""
        return not await self.missing(address, paths)

    async def missing(self, address: str, paths: Sequence[str]) -> str:
        """Say of the first path that does not answer 200 what it does; nothing where all do."""
        for path in paths:
            try:
                response = await self._client.get(address + path)
            except httpx.HTTPError:
                return f"an answer of {path}"
            if response.status_code != httpx.codes.OK:
                return f"200 of {path}, which is {response.status_code}"
        return ""

    async def aclose(self) -> None:
        """Close the connections that were kept."""
        await self._client.aclose()


async def listens(url: str) -> bool:
    """Tell whether something takes connections where the address of a server points.

    Where the address does not name hosts nothing can be told, and the answer is yes.
    """
    hosts = hosts_of(url)
    return not hosts or any([await _connects(host, port) for host, port in hosts])


async def require_reachable(url: str, setting: str, timeout: float = REACHABLE_TIMEOUT) -> None:
    """Wait for the server, or raise UnusableSettingError naming the setting that leads nowhere."""
    places = ", ".join(f"{host}:{port}" for host, port in _hosts_or_raise(url, setting))
    try:
        async with asyncio.timeout(timeout):
            while not await listens(url):  # noqa: ASYNC110 - it is another's
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        raise UnusableSettingError(
            f"{setting} names a server at {places}, which did not answer for {timeout:.0f} s. "
            f"Start it or correct {setting}, or unset it and one is started here."
        ) from error


def hosts_of(url: str) -> list[tuple[str, int]]:
    """Return the hosts and ports of an AMQP or MongoDB address; ValueError when it is none.

    A ``mongodb+srv`` address names a DNS record, not hosts, and gives none.
    """
    parts = urlsplit(url)
    if parts.scheme == "mongodb+srv":
        return []
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        raise ValueError(parts.scheme)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    split = [urlsplit(f"//{host}") for host in hosts]
    return [(host.hostname or "", host.port or DEFAULT_PORTS[parts.scheme]) for host in split]


def _hosts_or_raise(url: str, setting: str) -> list[tuple[str, int]]:
    try:
        return hosts_of(url)
    except ValueError as error:
        raise UnusableSettingError(
            f"{setting} is not an address of the form amqp://user:password@host:port/vhost or "
            "mongodb://host:port/?replicaSet=name. Correct it, or unset it and a server is "
            "started here."
        ) from error


async def _connects(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
