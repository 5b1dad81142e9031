"""What somebody wrote of a person in plain is looked through once more when the person goes."""

from __future__ import annotations

from typing import Any

from services.intake.privacy.papers import Papers, scrubbed_again

WANG = {"name": "王晓明", "phone": "13800138000"}
ITEM = {"kind": "part", "text": "王晓明家的阀门", "quantity": 1, "unit_price": 4_500}


def papers(**costs: Any) -> Papers:
    order = {"id": "26-1-1", "status": "resolved", **costs}
    return Papers(
        number="26-1", version=1, estate=None, persons={}, index={}, scrubbed="漏水",
        work_orders=(order,),
    )  # fmt: skip


def test_quoted_and_used_items_are_scrubbed_too() -> None:
    quote = {"version": 1, "items": [ITEM], "payer": "owner", "consent": None}

    found = scrubbed_again(papers(quotes=[quote], used=[ITEM]), [WANG])

    (order,) = found.work_orders
    assert "王晓明" not in str(found)
    assert order["quotes"][0]["items"][0]["unit_price"] == 4_500
    assert (order["id"], len(order["used"])) == ("26-1-1", 1)


def test_orders_without_costs_are_left_alone() -> None:
    assert scrubbed_again(papers(), [WANG]) == papers()
