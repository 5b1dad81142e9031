"""A store on the real server, with the table's rules and a clock that may be moved."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from shared.readers.outboxes import KIND_OF, URGENT
from shared.readers.tickets import Tickets
from shared.store import KeptAsItIs, Store, connect
from shared.store.clock import allow_trial
from shared.store.parked import ParkedMessages
from tests.support.servers import Corner, Servers, open_corner
from tests.tickets.samples import sample_rules

StoreOf = Callable[[str], Store]
EVERYTHING = [
    KeptAsItIs(name=name, kind=kind, alerts=name in URGENT) for name, kind in KIND_OF.items()
]
"""As if one service kept all that has events."""


@pytest.fixture
def corner(servers: Servers) -> Iterator[Corner]:
    """Give the test one that no store was in: here it is seen what a store makes of it."""
    with open_corner(servers, untouched=True) as made:
        yield made


@pytest.fixture
async def client(corner: Corner) -> AsyncIterator[object]:
    made = connect(corner.mongo_url, counted=True)
    yield made
    made.close()


@pytest.fixture
async def store_of(corner: Corner, client: object) -> StoreOf:
    """Stores of several services over one database."""
    return lambda service: Store(client, corner.database, service=service)  # type: ignore[arg-type]  # the driver stays inside the store


@pytest.fixture
async def store(store_of: StoreOf) -> Store:
    made = store_of("intake")
    await made.start(EVERYTHING)
    await allow_trial(made._database)
    return made


@pytest.fixture
def tickets(store: Store) -> Tickets:
    return Tickets(store, sample_rules)


@pytest.fixture
def parked(store: Store) -> ParkedMessages:
    return ParkedMessages(store)
