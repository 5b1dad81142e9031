"""Where a webhook may lead: out into the world, or to a host that the operator has named.

An address of the duty list is written by people of one place, and the machine that posts there
stands in the group's own network. So a name is resolved once, and the connection goes to the
address that was looked at.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

import httpx

_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""Addresses of IPv4 as a translating gateway is given them (RFC 6052)."""
_WORLD: Final = IPv6Network("2000::/3")
_TUNNELS: Final = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
"""6to4 and Teredo: an address of IPv4 in it may lie anywhere."""


class MayNot(Exception):
    """The address leads where no webhook may go; `code` says why, and nothing of the address."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Addresses:
    """Which addresses may be posted to. A named host is written as `host` or `host:port`.

    `plain_hosts` may be reached by http, `private_hosts` by https only; both may lie in a private
    network. All others are reached by https, at public addresses.
    """

    def __init__(self, plain_hosts: Collection[str], private_hosts: Collection[str]) -> None:
        self._plain = frozenset(plain_hosts)
        self._named = self._plain | frozenset(private_hosts)

    async def resolve(self, address: str) -> tuple[httpx.URL, str]:
        """The address with its host as a number, and the host's name for TLS and the request.

        Raises MayNot, and OSError where the name cannot be resolved.
        """
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError) as error:
            raise MayNot("address") from error
        port = url.port or (443 if url.scheme == "https" else 80)
        names = {url.host, f"{url.host}:{port}"}
        if not (url.scheme == "https" or (url.scheme == "http" and names & self._plain)):
            raise MayNot("address")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                url.host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        except UnicodeError as error:  # a label that is too long for any name
            raise MayNot("address") from error
        numbers = [str(info[4][0]) for info in found]
        if not names & self._named and not all(map(is_public, numbers)):
            raise MayNot("private_address")
        return url.copy_with(host=numbers[0], port=port), url.host


def is_public(number: str) -> bool:
    """Whether an IP address is somebody's out in the world, also where it wraps one of IPv4."""
    found = ip_address(number.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast
    if found.ipv4_mapped is not None or found in _TRANSLATED:
        return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
    is_tunnel = any(found in tunnel for tunnel in _TUNNELS)
    return found in _WORLD and found.is_global and not is_tunnel
