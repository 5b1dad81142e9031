"""A replica set of three members, each behind a wire of its own.

The members are configured under their wires' addresses, so that both the services and the members
among themselves speak through the wires, and a wire's faults are a partition's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from typing_extensions import override

from faults.proxy import HOST
from faults.wires import Wire
from hotline.embedded import MongoNode
from hotline.embedded.mongod import REPLICA_SET
from hotline.servers import until_ready

MEMBERS: Final = 3
ELECTION_MILLIS: Final = 4_000
"""Shorter than the default of ten seconds, so that a run has time for many elections."""
ELECTED_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.1


class Member(MongoNode):
    """One member; unlike the embedded default it is not alone in its set, and asks for no password:
    it is thrown away with the run.
    """

    asks_password = False

    @property
    def direct_url(self) -> str:
        """The member itself, past its wire."""
        return f"mongodb://{HOST}:{self.port}/?directConnection=true"

    def ask(self, command: str, value: Any = 1, **more: Any) -> dict[str, Any]:
        """Run one command on the member itself; raises PyMongoError."""
        client: MongoClient[dict[str, Any]] = MongoClient(
            self.direct_url, serverSelectionTimeoutMS=1_000, connectTimeoutMS=1_000
        )
        with client:
            return client.admin.command(command, value, **more)

    @override
    def _answers(self) -> bool:
        try:
            self.ask("ping")
        except PyMongoError:
            return False
        return True


def prepare_members(folder: Path) -> list[Member]:
    """Choose the ports of three members, and start nothing."""
    return [Member.prepare(folder / f"member{n}") for n in range(MEMBERS)]


class ReplicaSet:
    """Three members and their wires."""

    def __init__(self, members: Sequence[Member], wires: Sequence[Wire]) -> None:
        self.members = members
        self.wires = wires

    @property
    def url(self) -> str:
        """Where the services connect: the wires."""
        return f"mongodb://{','.join(self._addresses())}/?replicaSet={REPLICA_SET}"

    def _addresses(self) -> list[str]:
        return [f"{HOST}:{wire.port}" for wire in self.wires]

    async def start(self) -> None:
        """Start all three, make them one set and return when one of them is primary."""
        for member in self.members:
            member.launch()
        for member in self.members:
            await until_ready(member)
        config = {
            "_id": REPLICA_SET,
            "members": [{"_id": n, "host": a} for n, a in enumerate(self._addresses())],
            "settings": {"electionTimeoutMillis": ELECTION_MILLIS},
        }
        await asyncio.to_thread(self.members[0].ask, "replSetInitiate", config)
        await self.until_primary()

    async def primary(self) -> Member | None:
        """The member that takes writes now, if there is one."""
        return await asyncio.to_thread(self._primary)

    def _primary(self) -> Member | None:
        for member in self.members:
            try:
                if member.is_running() and member.ask("hello").get("isWritablePrimary"):
                    return member
            except PyMongoError:
                continue
        return None

    async def until_primary(self) -> Member:
        """The primary, as soon as there is one; raises TimeoutError."""
        until = time.monotonic() + ELECTED_SECONDS
        while (found := await self.primary()) is None:
            if time.monotonic() > until:
                raise TimeoutError(f"no primary within {ELECTED_SECONDS:.0f} s")
            await asyncio.sleep(POLL_SECONDS)
        return found

    async def restart(self, members: Sequence[Member]) -> None:
        """Start killed members again on the same data."""
        for member in members:
            member.launch()
        for member in members:
            await until_ready(member)

    async def stop(self) -> None:
        """End everything; the data is thrown away anyway."""
        for member in self.members:
            if member.is_running():
                member.kill()
            member.stop()
