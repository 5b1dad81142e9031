"""An urgent message that could not be handled: who is told, and that somebody is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.notifier.domain import answerable_for
from shared.policy.duty import Duty, sample_duty
from tests.notifier import samples
from tests.notifier.bench import Bench

DUTY = Duty.model_validate(sample_duty())
CHAIN = tuple(person.id for person in DUTY.emergency_chain)


@pytest.mark.parametrize(
    ("places", "people"),
    [
        ({"jinyuan"}, ("jy-customer-service-2",)),
        ({"jinyuan", "binjiang"}, ("bj-customer-service-2", "jy-customer-service-2")),
        ({"*"}, ("group-desk-1",)),
        (set(), CHAIN),
    ],
)
def test_the_desk_of_a_publishers_places_answers_for_it(
    places: set[str], people: tuple[str, ...]
) -> None:
    assert answerable_for(places, DUTY) == people


def test_where_nobody_leads_a_desk_the_groups_emergency_duty_answers() -> None:
    alone = Duty(places={"*": {"emergency_chain": DUTY.emergency_chain}})

    assert answerable_for({"jinyuan"}, alone) == CHAIN


async def test_the_lead_of_the_publishers_desk_is_told_at_once_and_once(bench: Bench) -> None:
    await bench.store.insert_once("api_keys", _key("lift-sensors", "jinyuan"))
    await bench.replicas[0].platform.credentials.refresh()

    await bench.handle(samples.parked(recipients=()), lane="urgent", id="parked/0f1e2d3c/1/0")
    await bench.handle(samples.parked(recipients=()), lane="urgent", id="parked/0f1e2d3c/1/0")

    (doc,) = await bench.ended()
    assert (doc["recipient"], doc["purpose"], doc["lane"], doc["status"]) == (
        "jy-customer-service-2", "parked", "urgent", "received",
    )  # fmt: skip
    (mail,) = bench.postbox.mails
    words = mail.get_content()
    assert "lift-sensors" in words
    assert "内容无法读取" in words
    assert "0f1e2d3c" in words


async def test_of_a_system_that_nobody_knows_the_emergency_duty_hears(bench: Bench) -> None:
    event = samples.parked(publisher=None, recipients=())

    await bench.handle(event, lane="urgent", id="parked/0f1e2d3c/1/0")

    docs = await bench.ended(len(CHAIN))
    assert sorted(doc["recipient"] for doc in docs) == sorted(CHAIN)


def _key(publisher: str, *places: str) -> dict[str, object]:
    return {
        "_id": "k", "publisher": publisher, "places": list(places), "actions": [], "digests": [],
        "owner": "admin-1", "held": False, "revoked_at": None,
        "expires_at": datetime(2099, 1, 1, tzinfo=UTC),
    }  # fmt: skip
