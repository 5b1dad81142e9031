"""What runs beside the pages: hearing events, showing what changed, ending what is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aio_pika.exceptions import AMQPError

from services.console.frame.house import House
from services.console.live.ear import Ear
from services.console.live.hub import Hub
from services.console.live.streams import Bye
from services.console.live.topics import AT_ONCE
from services.console.live.watch import CHECK_SECONDS, Check, Watch
from services.console.settings import ConsoleSettings
from shared.telemetry import logger

DEAF_SECONDS: Final = 5.0
"""While no event is heard everything that is shown is asked for so often."""
AGAIN_SECONDS: Final = 2.0
PASSING_SECONDS: Final = 15.0
"""So often is looked at what changes though nothing happens: whether an exchange is heard."""
_WHY: Final[Mapping[str, Bye]] = {"frozen": "frozen", "account_changed": "changed"}


@asynccontextmanager
async def live(house: House, hub: Hub, settings: ConsoleSettings) -> AsyncIterator[None]:
    """Keep open pages up to date meanwhile; at the end every browser is told to come again."""
    url = settings.amqp_url
    ear = Ear(url.get_secret_value(), hub) if url else None
    watch = Watch(hub, check_of(house))
    running = [
        asyncio.create_task(hub.run()),
        asyncio.create_task(_watch(watch)),
        asyncio.create_task(_look_while_deaf(hub, ear)),
        asyncio.create_task(_look_at_what_passes(hub)),
        *([asyncio.create_task(_begin_to_hear(ear))] if ear else []),
    ]
    try:
        yield
    finally:
        hub.stop()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if ear is not None:
            await ear.aclose()


def check_of(house: House) -> Check:
    """Asks the administration."""

    async def check(sessions: Sequence[str]) -> Mapping[str, Bye]:
        ended = (await house.admin.check(list(sessions))).ended
        return {each.id: _WHY.get(each.why, "over") for each in ended}

    return check


async def _watch(watch: Watch) -> None:
    while True:
        await watch.look()
        await asyncio.sleep(CHECK_SECONDS)


async def _begin_to_hear(ear: Ear) -> None:
    """Until the broker answers once; after that the connection comes back by itself."""
    while True:
        try:
            await ear.listen()
        except (AMQPError, OSError, TimeoutError) as error:
            logger.warning("events_not_heard", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


async def _look_while_deaf(hub: Hub, ear: Ear | None) -> None:
    while True:
        await asyncio.sleep(DEAF_SECONDS)
        if ear is None or not ear.hears:
            hub.look_again()


async def _look_at_what_passes(hub: Hub) -> None:
    while True:
        await asyncio.sleep(PASSING_SECONDS)
        hub.hint(AT_ONCE)
