"""What the owner pays for is done only with their consent, to just what it costs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.contracts.router import Payer
from shared.tickets.costs import Consent, Item, Quote, needs_consent, total_of, why_not_done

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VALVE, HOUR = Item("part", "阀门", 2, 4_500), Item("labour", "工时", 1, 6_000)
GIVEN, REFUSED = (Consent(given, "phone", "he", NOW) for given in (True, False))
ITEMS = (VALVE, HOUR)
FREE = 5_000


def quote(
    consent: Consent | None = None, *items: Item, payer: Payer = "owner", version: int = 2
) -> Quote:
    return Quote(version, items or ITEMS, payer, "li", NOW, consent)


def test_money_is_whole_fen() -> None:
    assert total_of(ITEMS) == 15_000
    assert isinstance(total_of(ITEMS), int)
    assert total_of(()) == 0


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (quote(), True),
        (quote(payer="group"), False),
        (quote(payer="warranty"), False),
        (quote(None, Item("fee", "开锁", 1, FREE)), False),
        (quote(None, Item("fee", "开锁", 1, FREE + 1)), True),
    ],
)
def test_the_owner_is_asked_when_they_pay_more_than_is_free(made: Quote, *, asked: bool) -> None:
    assert needs_consent(made, FREE) is asked


SMALL = Item("part", "垫片", 1, FREE)


@pytest.mark.parametrize(
    ("made", "used", "says"),
    [
        (None, None, None),
        (None, (SMALL,), None),
        (None, ITEMS, "send a quote first"),
        (quote(), None, "has not agreed to quote 2"),
        (quote(), (), "has not agreed to quote 2"),
        (quote(GIVEN), None, None),
        (quote(GIVEN), ITEMS, None),
        (quote(GIVEN), (VALVE,), None),
        (quote(GIVEN), (*ITEMS, HOUR), "more than the owner agreed to"),
        (quote(REFUSED), None, "refused quote 2"),
        (quote(REFUSED), ITEMS, "more than the owner agreed to"),
        (quote(REFUSED), (), None),
        (quote(REFUSED), (SMALL,), None),
        (quote(None, SMALL), None, None),
        (quote(None, SMALL), ITEMS, "more than the owner agreed to"),
        (quote(payer="group"), (*ITEMS, HOUR), None),
        (quote(payer="warranty"), None, None),
    ],
)
def test_work_is_done_when_nothing_is_missing(
    made: Quote | None, used: tuple[Item, ...] | None, says: str | None
) -> None:
    why_not = why_not_done(made, used, FREE)

    assert (why_not is None) == (says is None)
    assert (says or "") in (why_not or "")
