"""The notifier as a test runs it: replicas, a real mail server, what they sent and said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typing_extensions import override

from services.notifier.app import KEEPS, join, mail_sender
from services.notifier.senders import Letter, ProviderReply, Sandbox
from services.notifier.settings import NotifierSettings
from shared.contracts import Event, Lane
from shared.runtime import open_platform
from tests.notifier.postbox import Postbox, running_postbox
from tests.support.bench import Replica, ServiceBench, handled, opened, until
from tests.support.servers import Corner

NAME, PHONE, ROOM = "王桂兰", "13800138000", "3-1-502"
QUEUES = ("notifier.messages.routine", "notifier.messages.urgent")


class Tray(Sandbox):
    """The sandbox with a memory, so that a test sees what callers were sent."""

    def __init__(self, is_trial: Callable[[], bool]) -> None:
        super().__init__(is_trial)
        self.letters: list[Letter] = []

    @override
    async def send(self, letter: Letter) -> ProviderReply:
        self.letters.append(letter)
        return await super().send(letter)


@dataclass
class Bench(ServiceBench):
    """Replicas of the notifier over one broker, database and mail server."""

    postbox: Postbox = field(kw_only=True)
    tray: Tray = field(init=False)

    def __post_init__(self) -> None:
        self.tray = Tray(lambda: self.store.clock.is_trial)

    def settings(self, **more: Any) -> NotifierSettings:
        mail = {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.postbox.port,
            "webhook_plain_hosts": "127.0.0.1",
        }
        return self.settings_of(NotifierSettings, **{**mail, **more})

    async def add_replica(self, **settings: Any) -> Replica:
        chosen = self.settings(**settings)
        platform = await open_platform("notifier", chosen, keeps=KEEPS, indexes={})
        app = join(platform, chosen, text=self.tray, mail=mail_sender(chosen))
        replica = await self.serve(app)
        self.stack.push_async_callback(self._settle)
        self.stack.callback(self.let_go)
        return replica

    @override
    def let_go(self) -> None:
        self.postbox.let_go.set()

    @override
    async def forget(self) -> None:
        await super().forget()
        self.tray.letters.clear()
        self.postbox.begin_anew()

    @override
    async def is_quiet(self) -> bool:
        """Also no letter is being handed over."""
        return await super().is_quiet() and not await self.docs(status="sending")

    async def _settle(self) -> None:
        """Let what was written be published before a replica stops."""

        async def published() -> bool:
            return not await self.docs(**{"outbox.0": {"$exists": True}})

        await until(published)

    async def add_ticket(self, number: str = "26-1", *, caller: Any = ..., **more: Any) -> None:
        """Put in what the notifier reads of a ticket."""
        person = {"name": NAME, "phone": PHONE, "room": ROOM} if caller is ... else caller
        doc = {"_id": number, "estate": "jinyuan", "building": "3", "mark": None, **more}
        if person is not None:
            sealed = await self.platform.sealer.seal_person(person, estate=doc["estate"])
            doc["persons"] = {"caller": sealed}
        assert await self.store.insert_once("tickets", doc)

    async def handle(self, event: Event, *, lane: Lane = "routine", id: str = "t/1/1/0") -> None:
        """Publish and return when it was handled."""
        before = handled(QUEUES)
        await self.publish(event, id=id, lane=lane)
        await until(lambda: handled(QUEUES) > before)

    async def docs(self, **query: Any) -> list[dict[str, Any]]:
        return await self.store.find("messages", query, limit=1000)

    async def ended(self, count: int = 1) -> list[dict[str, Any]]:
        """All messages, once so many have come to an end."""
        await until(lambda: self._have_ended(count))
        return await self.docs()

    async def _have_ended(self, count: int) -> bool:
        docs = await self.docs()
        return sum(doc["ended_at"] is not None for doc in docs) >= count

    async def retried(self, tries: int) -> dict[str, Any]:
        """The one message, once it is pending again after so many attempts."""

        async def waits() -> bool:
            docs = await self.docs(status="pending")
            return bool(docs) and len(docs[0]["attempts"]) == tries

        await until(waits)
        return (await self.docs())[0]

    def token(self, role: Any = "dispatcher", *places: str) -> dict[str, str]:
        """The headers of somebody with this role."""
        return self.signed_in(role, *places)


@asynccontextmanager
async def running_bench(corner: Corner, folder: Path) -> AsyncIterator[Bench]:
    """A bench with a policy and a duty list in force, still without any replica."""
    async with running_postbox() as postbox, opened(Bench, corner, folder, postbox=postbox) as made:
        await made.listen("message.#")
        yield made
