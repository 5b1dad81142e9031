"""What every service stands on, built once: store, bus, policy, duty list, credentials, audit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Literal, get_args

from pymongo import IndexModel

from shared.audit import Trail
from shared.audit.trail import KEPT as AUDIT_KEPT
from shared.bus import (
    Consumers,
    Inbound,
    OutboxPublisher,
    ParkedRelay,
    Publisher,
    Relay,
    plain_entry,
    run_every,
)
from shared.bus.consumers import Lanes
from shared.bus.failures import broker_user
from shared.bus.proof import Proof
from shared.bus.relay import OpenEntry
from shared.contracts import Lane
from shared.policy.policy import Policy
from shared.privacy import BlindIndex, Keys, Sealer, Vault, load_keys
from shared.readers.credentials import Credentials
from shared.readers.lost_addresses import LostAddresses
from shared.readers.policies import NoPolicyError, PolicyReader
from shared.readers.rosters import DutyReader
from shared.readers.tickets import Tickets, rules_of
from shared.runtime.settings import ServiceSettings
from shared.runtime.state_gauges import STATE
from shared.store import STORE_DOWN, Store, connect
from shared.store.parked import PARKED, ParkedMessages
from shared.store.store import Kept
from shared.store.suspects import SUSPECTS
from shared.store.tries import TRIES, Misses
from shared.telemetry import logger

POLL_SECONDS: Final = 1.0
_NO_INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {}
START_SECONDS: Final = 60.0
Address = Literal["proven", "new"]
"""Of an answer: one that has taken one before, or not yet."""
ADDRESSES: Final[tuple[Address, ...]] = get_args(Address)


@dataclass(frozen=True, slots=True)
class Platform:
    """The shared parts of one running service."""

    service: str
    settings: ServiceSettings
    keys: Keys
    store: Store
    tickets: Tickets
    policies: PolicyReader
    duty: DutyReader
    credentials: Credentials
    vault: Vault
    sealer: Sealer
    index: BlindIndex
    publishers: Mapping[Lane, Publisher]
    replies: Mapping[Address, Publisher]
    """For what goes where others say it should: an address that the broker cannot read ends the
    connection, so what is new goes apart from what has taken an answer before."""
    outbox: OutboxPublisher
    parked: ParkedMessages
    misses: Misses
    trail: Trail
    consumers: Consumers

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self.policies.current

    def consuming(self) -> Mapping[str, bool]:
        """By queue of this service, whether it has its consumer."""
        return self.consumers.consuming()

    def connected(self) -> Mapping[str, bool]:
        """By lane, whether what is published is confirmed."""
        return {lane: publisher.is_up for lane, publisher in self.publishers.items()}

    def policy_version(self) -> str:
        """The one in force."""
        return self.policy.version

    def answered_at(self) -> float:
        """When the store last told its time, in monotonic seconds."""
        return self.store.clock.heard_at

    def clock(self) -> datetime | None:
        """Now by the database, without a trial's offset; None before it was asked."""
        return self.store.clock.outside() if self.store.clock.heard_at else None

    async def refresh(self) -> None:
        """Measure the clock and look for new versions of policy and duty list."""
        await self.store.clock.refresh()
        await self.policies.refresh()
        await self.duty.refresh()

    def parked_relay(self, open_entry: OpenEntry = plain_entry) -> ParkedRelay:
        """The replay of this service's parked messages."""
        return ParkedRelay(self.parked, self.publishers["routine"], open_entry)

    async def run(self, parked: ParkedRelay) -> None:
        """Poll, publish, relay and consume until cancelled."""
        async with asyncio.TaskGroup() as group:
            for publisher in self.publishers.values():
                group.create_task(publisher.connect())
            group.create_task(run_every(self.refresh, seconds=POLL_SECONDS))
            group.create_task(run_every(self.credentials.refresh, seconds=POLL_SECONDS))
            group.create_task(self.outbox.run())
            group.create_task(Relay(self.outbox, parked).run())
            group.create_task(self.consumers.run())

    async def aclose(self) -> None:
        """Clear what was published, then let go of everything."""
        STATE.let_go(self)
        with suppress(*STORE_DOWN):
            await self.outbox.clear()
        for publisher in (*self.publishers.values(), *self.replies.values()):
            await publisher.aclose()
        await self.vault.aclose()
        self.store.aclose()


async def open_platform(
    service: str,
    settings: ServiceSettings,
    *,
    keeps: Sequence[Kept],
    indexes: Mapping[str, Sequence[IndexModel]] = _NO_INDEXES,
    seals_parked: bool = False,
    classifies: bool = False,
    sender_of: Callable[[bytes, Inbound], str | None] | None = None,
) -> Platform:
    """Connect and wait until the store answers and a policy is in force (at most a minute).

    `keeps` are the collections that this service writes, `indexes` what its questions to others'
    need.

    With `seals_parked` the bodies of parked messages are sealed, as those from outside must be;
    with `classifies` every policy has learned its examples before it counts. `sender_of` tells by
    an installation's own secret which system a message is of, else the broker's word counts.
    """
    keys = load_keys(settings.key_file)
    url = settings.amqp_url.get_secret_value()
    publishers: dict[Lane, Publisher] = {
        lane: Publisher(url, f"{service} {lane}", lane) for lane in Lanes
    }
    address = settings.mongo_url.get_secret_value()
    routine_client, urgent_client = (
        connect(address, counted=settings.count_statements) for _ in Lanes
    )
    store = Store(routine_client, settings.database, service=service, urgent=urgent_client)
    proof = Proof(keys.index)
    outbox = OutboxPublisher(store, publishers, proof)
    store.outbox = outbox
    vault = Vault(store.client, settings.database, settings.key_wrap(keys))
    sealer = Sealer(vault, keys.index)
    parked = ParkedMessages(store)
    policies = PolicyReader(store, learns=classifies)
    platform = Platform(
        service=service,
        settings=settings,
        keys=keys,
        store=store,
        tickets=Tickets(store, lambda estate: rules_of(policies.current.at(estate))),
        policies=policies,
        duty=DutyReader(store, LostAddresses.by(keys)),
        credentials=Credentials(store, keys.derived("api-keys")),
        vault=vault,
        sealer=sealer,
        index=keys.blind_index(),
        publishers=publishers,
        replies={kind: Publisher(url, f"{service} {kind} replies") for kind in ADDRESSES},
        outbox=outbox,
        parked=parked,
        misses=Misses(store, keys.blind_index()),
        trail=Trail(store, settings.audit_folder, keys.audit_key),
        consumers=Consumers(
            url,
            store,
            parked,
            sealing=sealer if seals_parked else None,
            sender_of=partial(sender_of, keys.index) if sender_of else broker_user,
            proof=proof,
        ),
    )
    await platform.trail.start()
    await _until_ready(platform, (PARKED, SUSPECTS, AUDIT_KEPT, TRIES, *keeps), indexes)
    STATE.watch(platform)
    return platform


async def _until_ready(
    platform: Platform,
    keeps: Sequence[Kept],
    indexes: Mapping[str, Sequence[IndexModel]],
) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                await platform.store.start(keeps, indexes)
                await platform.refresh()
                await platform.credentials.refresh()
                await platform.vault.start()
            except (*STORE_DOWN, NoPolicyError) as error:
                logger.info("waiting_to_start", why=str(error)[:200])
                await asyncio.sleep(POLL_SECONDS)
            else:
                return
