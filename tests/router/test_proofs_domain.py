"""Where a photo was taken, and when one may be added."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.router.proofs.domain import Part, Proof, Spot, differing, resolved_with, takes_photos
from services.router.work_orders.repeat_calls import false_completion
from shared.tickets import Ticket
from shared.tickets.acts import Accept, Act, Arrive, Dispatch, NotSatisfied, Resolve, Suspend
from tests.support.tickets import MONDAY, duty, moved, policy, registered

ORDER = "23456789-1"
GIVEN = Dispatch(by="router", department="engineering", assignee="li")
TAKEN = (GIVEN, Accept(by="li", order=ORDER))
DONE = Resolve(by="li", order=ORDER, outcome="done")
HOME = Spot("jinyuan", "6", frozenset({"1:own"}))


def flat(*entries: str) -> frozenset[str]:
    return frozenset(entries)


@pytest.mark.parametrize(
    ("tag", "matter", "expected"),
    [
        (Spot(), HOME, ()),
        (Spot("jinyuan", "6", flat("1:own")), HOME, ()),
        (Spot("jinyuan", "6", flat("1:above")), HOME, ("room",)),
        (Spot("jinyuan", "7", flat("1:above")), HOME, ("building", "room")),
        (Spot("binjiang", "7", flat("1:above")), HOME, ("estate", "building", "room")),
        (Spot("binjiang"), HOME, ("estate",)),
        (Spot(building="7"), HOME, ("building",)),
        # The caller said "building 7" of a flat that is in 6: the flat knows better.
        (Spot("jinyuan", "7", flat("1:own")), HOME, ()),
        # While the secret of look-ups is changed there are two entries of one flat.
        (Spot(flat=flat("2:own", "1:own")), HOME, ()),
        # What the ticket does not know cannot differ.
        (Spot("jinyuan", "6", flat("1:own")), Spot("jinyuan"), ()),
        (Spot("jinyuan", "6", flat("1:own")), Spot(), ()),
    ],
)
def test_what_differs_is_named(tag: Spot, matter: Spot, expected: tuple[Part, ...]) -> None:
    assert differing(tag, matter) == expected


def shown(*, differs: tuple[Part, ...] = (), n: int = 1) -> Proof:
    return Proof(
        id=f"{ORDER}-p{n}", number="23456789", order=ORDER, estate="jinyuan", kind="jpeg", size=9,
        digest="d", at=datetime(2026, 11, 6, tzinfo=UTC), by="li", tagged=True, differs=differs,
    )  # fmt: skip


def test_one_photo_from_elsewhere_among_several_is_one_too_many() -> None:
    act = resolved_with([shown(), shown(differs=("room",), n=2)], by="li", order=ORDER, outcome="x")

    assert act.proof == (f"{ORDER}-p1", f"{ORDER}-p2")
    assert act.place_differs
    assert not resolved_with([shown()], by="li", order=ORDER, outcome="x").place_differs


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ((GIVEN,), False),
        (TAKEN, True),
        ((*TAKEN, Arrive(by="li", order=ORDER)), True),
        ((*TAKEN, Suspend(by="li", order=ORDER, reason="parts")), True),
        ((*TAKEN, DONE), False),
        ((*TAKEN, DONE, NotSatisfied(by="he")), False),
    ],
)
def test_photos_are_taken_between_accepting_and_the_end(
    acts: tuple[Act, ...],
    expected: bool,  # noqa: FBT001 - a table of cases
) -> None:
    ticket = moved(registered(), *acts)

    assert takes_photos(ticket, ticket.work_orders[0]) is expected


def reopened(*, place_differs: bool) -> Ticket:
    done = replace(DONE, proof=(f"{ORDER}-p1",), place_differs=place_differs)
    ticket = moved(registered(), *TAKEN, done)
    assert ticket.place_differs is place_differs
    return moved(ticket, NotSatisfied(by="he", reason="not_done"))


@pytest.mark.parametrize("place_differs", [True, False])
def test_what_was_not_done_names_that_it_was_shown_elsewhere(place_differs: bool) -> None:  # noqa: FBT001
    again = reopened(place_differs=place_differs)

    raised = false_completion(again, duty(), policy(), MONDAY)

    assert raised is not None
    assert raised.place_differs is place_differs
    assert not again.place_differs  # that was the round before
