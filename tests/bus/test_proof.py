"""That one of ours published an event saves asking its document, where it can be undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.bus import Consumers, Delivery
from shared.bus.proof import Proof
from shared.contracts import Event
from shared.contracts.intake import TicketPersonErased, TicketUrged
from shared.contracts.privacy import PrivacyRequestGranted
from shared.contracts.router import FollowUpDangerTold
from shared.contracts.survey import SurveyDangerTold, SurveyDissatisfied
from tests.bus.bench import Bench

PROOF = Proof(b"an installation's own secret")
DIGEST = b"0123456789abcdef"


def delivery(bench: Bench, event: Event) -> Delivery:
    at = bench.store.clock.now()
    return Delivery("ticket/T1/1/0", "routine", at, event, DIGEST, PROOF.of(DIGEST))


@pytest.fixture
def consumers(bench: Bench) -> Consumers:
    return Consumers(bench.corner.amqp_url, bench.store, bench.parked, proof=PROOF)


async def test_what_one_of_ours_published_is_believed(bench: Bench, consumers: Consumers) -> None:
    urged = delivery(bench, TicketUrged(number="T1"))

    assert await consumers._is_founded(urged)
    for other in (None, "", "00" * 16, 7, b"x", PROOF.of(DIGEST[::-1]), "é"):
        assert not await consumers._is_founded(replace(urged, proof=other))
    assert not await consumers._is_founded(replace(urged, digest=DIGEST[::-1]))


async def test_what_cannot_be_undone_is_asked_for_all_the_same(
    bench: Bench, consumers: Consumers
) -> None:
    erased = TicketPersonErased(number="T1", person="caller", why="asked")

    assert not await consumers._is_founded(delivery(bench, erased))


def test_these_are_the_events_that_cannot_be_undone() -> None:
    for kind in (
        PrivacyRequestGranted,
        TicketPersonErased,
        SurveyDissatisfied,
        SurveyDangerTold,
        FollowUpDangerTold,
    ):
        assert kind.must_be_founded
    assert not TicketUrged.must_be_founded
