"""Broker users of publishers: each may write to `hotline.inbound` and have queues for its own
answers, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx

from shared.bus.topology import INBOUND

TAG: Final = "publisher"
"""Means nothing to the broker: by it these users are known from all others."""
ADMINISTRATOR: Final = "administrator"
"""Of the broker, who may give themselves whatever they lack."""
SECONDS: Final = 30.0
_NOTHING: Final = frozenset({"", "^$"})
_FORBIDDING: Final = re.compile(r"\^\(\?!\((?P<keys>[a-z.\\|_]+)\)\$\)")


class NoPublisher(Exception):
    """There is a broker user of that name who is somebody else's."""


@dataclass(frozen=True, slots=True)
class PublisherRights:
    """What one publisher may at the broker.

    Answers by direct reply-to need no permission at all; a queue `reply.<publisher>.*` is its own.
    Of the keys that lead somewhere it has its own. One that leads nowhere is nobody's: what a
    system calls wrongly may be an emergency, and a person hears of it instead of the broker's
    refusing it.
    """

    name: str
    forbidden: frozenset[str]

    @classmethod
    def of(cls, name: str, keys: Collection[str], known: Collection[str]) -> Self:
        """Those of a publisher with these keys, of all that are `known`; ValueError for others."""
        if not keys or not set(keys) <= set(known):
            raise ValueError(f"use keys of {', '.join(sorted(known))}")
        return cls(name, frozenset(known) - set(keys))

    @property
    def permissions(self) -> Mapping[str, str]:
        """As the broker keeps them: patterns of the names of exchanges and queues."""
        own = rf"^reply\.{re.escape(self.name)}\..+$"
        return {"configure": own, "write": f"^{re.escape(INBOUND)}$", "read": own}

    @property
    def topic_permission(self) -> Mapping[str, str]:
        """Patterns of routing keys; read is for who binds queues, and nobody does."""
        keys = "|".join(re.escape(key) for key in sorted(self.forbidden))
        return {"exchange": INBOUND, "write": f"^(?!({keys})$)" if keys else ".*", "read": "^$"}


class BrokerUsers:
    """Users of the broker at an AMQP address, by its management API, whose user administers it."""

    def __init__(self, amqp: str, management: str) -> None:
        self._amqp = urlsplit(amqp)
        self._vhost = vhost_of(amqp)
        self._management = management

    async def make_publisher(self, rights: PublisherRights, password: str) -> str:
        """Make the user, or give it this password and these rights alone; its AMQP address.

        Raises NoPublisher for a name that is another user's, HTTPError.
        """
        user = quote(rights.name, safe="")
        async with self._asking() as http:
            await self._require_publisher(http, rights.name)
            # A new user may nothing until the last of these, and then not more than they say.
            await _put(http, f"/api/users/{user}", {"password": password, "tags": TAG})
            place = f"{self._vhost}/{user}"
            await _put(http, f"/api/topic-permissions/{place}", rights.topic_permission)
            await _put(http, f"/api/permissions/{place}", rights.permissions)
        host = self._amqp.netloc.rpartition("@")[2]
        return self._amqp._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()

    async def drop_publisher(self, name: str) -> bool:
        """Take the user away, with its connections; whether it was there. Raises NoPublisher,
        HTTPError.
        """
        async with self._asking() as http:
            if not await self._require_publisher(http, name):
                return False
            (await http.delete(f"/api/users/{quote(name, safe='')}")).raise_for_status()
            return True

    async def faults(self, known: Collection[str]) -> list[str]:
        """Who may more at the broker than a publisher should, as an operator reads it; raises
        HTTPError.
        """
        async with self._asking() as http:
            users = {each["name"]: tags_of(each) for each in await _get(http, "/api/users")}
            place = f"/api/vhosts/{self._vhost}"
            topics = {
                (each["user"], each["exchange"]): each["write"]
                for each in await _get(http, f"{place}/topic-permissions")
            }
            permissions = await _get(http, f"{place}/permissions")
        return [
            f"{given['user']}: {fault}"
            for given in sorted(permissions, key=lambda given: str(given["user"]))
            if given["user"] != self._amqp.username
            for fault in _faults_of(
                given, users.get(given["user"], frozenset()), topics, frozenset(known)
            )
        ]

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=self._management, timeout=SECONDS) as http:
            yield http

    async def _require_publisher(self, http: httpx.AsyncClient, name: str) -> bool:
        answer = await http.get(f"/api/users/{quote(name, safe='')}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        if TAG not in tags_of(answer.raise_for_status().json()):
            raise NoPublisher(name)
        return True


def vhost_of(amqp: str) -> str:
    """As the management API's paths name the virtual host of an AMQP address."""
    return quote(urlsplit(amqp).path.removeprefix("/") or "/", safe="%")


def tags_of(user: Mapping[str, Any]) -> frozenset[str]:
    """A list since RabbitMQ 3.9; with commas between them before."""
    tags = user.get("tags") or ()
    return frozenset(tags.split(",") if isinstance(tags, str) else tags)


def _faults_of(
    given: Mapping[str, str],
    tags: frozenset[str],
    topics: Mapping[tuple[str, str], str],
    known: frozenset[str],
) -> Iterator[str]:
    user = given["user"]
    if TAG not in tags:
        if ADMINISTRATOR not in tags and _allows(given["write"], INBOUND):
            yield f"writes to {INBOUND} and was not made by `hotline publishers add`"
        return
    expected = PublisherRights(user, frozenset()).permissions
    if others := tags - {TAG}:
        yield f"has the tags {', '.join(sorted(others))}"
    for right in ("configure", "read"):
        if given[right] not in {expected[right], *_NOTHING}:
            yield f"may {right} more than queues reply.{user}.*"
    if given["write"] != expected["write"]:
        yield f"may write elsewhere than to {INBOUND}"
    if not _is_ours(topics.get((user, INBOUND)), known):
        yield "is not limited to keys of its own"


def _is_ours(pattern: str | None, known: frozenset[str]) -> bool:
    """Whether a pattern of routing keys is one that was made here, of keys that there are now."""
    if pattern == ".*":
        return True
    found = _FORBIDDING.fullmatch(pattern or "")
    return found is not None and set(found["keys"].replace("\\", "").split("|")) <= known


def _allows(pattern: str, name: str) -> bool:
    try:
        return pattern != "" and re.search(pattern, name) is not None
    except re.error:  # the broker's patterns know more than ours: then it is for a person to look
        return True


async def _put(http: httpx.AsyncClient, path: str, body: Mapping[str, str]) -> None:
    (await http.put(path, json=dict(body))).raise_for_status()


async def _get(http: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await http.get(path)).raise_for_status().json()
    return found
