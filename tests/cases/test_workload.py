"""What somebody has in hand is what they have to do now."""

from __future__ import annotations

from datetime import timedelta

from shared.tickets import TICKET
from shared.tickets.acts import Dispatch
from tests.support.tickets import MONDAY, fired, moved, registered


def test_b19_what_was_handed_on_by_time_is_in_the_hands_of_whom_it_went_to() -> None:
    given = moved(
        registered(), Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    )
    late = MONDAY + timedelta(minutes=16)

    handed_on = moved(given, *fired(given, late), at=late)

    assert [order.assignee for order in handed_on.orders] == [
        "jy-engineering-1",
        "jy-engineering-2",
    ]
    assert handed_on.in_hand == ("jy-engineering-2",)
    assert TICKET.to_doc(handed_on)["in_hand"] == "jy-engineering-2"
