"""What the majority does not confirm is an outage, whatever the driver calls it: nothing is to
blame but the store, so the loops go on and the message is taken up again.
"""

from collections.abc import Awaitable, Callable

import pytest
from pymongo import WriteConcern

from shared.contracts.intake import TicketUrged
from shared.store import STORE_DOWN, Change, Store
from tests.store.conftest import StoreOf

MORE_THAN_THERE_ARE = WriteConcern(w=7)


@pytest.fixture
async def unconfirmed(store: Store, store_of: StoreOf, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose every write waits for more members than the set has."""
    monkeypatch.setattr("shared.store.store.WriteConcern", lambda **_: MORE_THAN_THERE_ARE)
    made = store_of(store.service)
    await made.clock.refresh()
    return made


async def routine(store: Store) -> None:
    await store.write(made(store))


async def urgent(store: Store) -> None:
    with store.precedence.urgent():
        await store.write(made(store))


async def clear(store: Store) -> None:
    await store.clear("tickets", {"T1": ["T1/1/0"]})


def made(store: Store) -> Change:
    return Change(
        collection="tickets",
        kind="ticket",
        id="T1",
        version=1,
        lane="routine",
        at=store.clock.now(),
        insert={"n": 0},
        events=(TicketUrged(number="T1"),),
    )


@pytest.mark.parametrize("act", [Store.probe, routine, urgent, clear])
async def test_what_the_majority_does_not_confirm_is_an_outage(
    unconfirmed: Store, act: Callable[[Store], Awaitable[None]]
) -> None:
    with pytest.raises(STORE_DOWN):
        await act(unconfirmed)
