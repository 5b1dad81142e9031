"""The auditor on the real database: a healthy store is clean, and whatever is broken in it by hand
is named by its number."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pymongo import MongoClient

from hotline.promises import Confirmed, Findings, Kind, kinds
from hotline.promises.facts import TICKET_FIELDS
from hotline.promises.judging.work import departments_without
from shared.store import Doc
from shared.tickets import TICKET, About
from shared.tickets.acts import Dispatch, Hold
from tests.hotline.broken import (
    BREAKS,
    Break,
    Kept,
    ago,
    alerts_that_reached_nobody,
    failed_and_nobody_tells,
    message_held_by_a_brake_that_was_released,
    parked_for_a_person,
    reservation_without_ticket,
    tell_task,
    ticket_without_order,
    told_and_not_closed,
)
from tests.hotline.healthy import Healthy, live_through
from tests.support.command import invoked, started
from tests.support.servers import Corner, Servers, open_corner
from tests.support.tickets import moved, registered


@pytest.fixture(scope="module")
async def healthy(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Healthy:
    with open_corner(servers) as corner:
        return await live_through(corner, tmp_path_factory.mktemp("healthy"))


@pytest.fixture
def kept(corner: Corner, healthy: Healthy) -> Iterator[Kept]:
    with MongoClient[Doc](corner.mongo_url, tz_aware=True) as client:
        yield Kept(corner.mongo_url, corner.database, client, healthy)


def named(findings: Findings) -> set[tuple[str, str]]:
    return {(found.kind.code, found.id) for found in findings.of(*kinds.KINDS)}


async def test_a_healthy_store_is_clean(kept: Kept) -> None:
    found = await kept.examine()

    assert named(found) == set()
    assert not found.broken
    assert found.checked["tickets"] == 7
    assert {doc["purpose"] for doc in kept.healthy.documents["messages"]} >= {"digest", "receipts"}
    told = found.checked["messages"] + found.checked["digests"]
    assert told == len(kept.healthy.documents["messages"])
    assert str(found).endswith("every promise was kept")


@pytest.mark.parametrize(("break_it", "kind"), BREAKS, ids=[found.__name__ for found, _ in BREAKS])
async def test_what_is_broken_is_named_by_its_number(
    kept: Kept, break_it: Break, kind: Kind
) -> None:
    id = break_it(kept)

    found = await kept.examine()

    assert (kind.code, id) in named(found)
    assert {other for _, other in named(found)} == {id}
    assert found.broken == kind.breaks


@pytest.mark.parametrize(
    ("untold", "state"),
    [
        (failed_and_nobody_tells, "planned"),
        (failed_and_nobody_tells, "open"),
        (told_and_not_closed, "open"),
    ],
    ids=["planned", "open", "told_by_message_too"],
)
async def test_a_result_that_somebody_has_the_task_of_telling_breaks_nothing(
    kept: Kept, untold: Break, state: str
) -> None:
    number = untold(kept)

    tell_task(kept, number, state=state)

    assert named(await kept.examine()) == set()


async def test_what_a_brake_in_force_holds_breaks_nothing(kept: Kept) -> None:
    message_held_by_a_brake_that_was_released(kept)
    kept.set("brakes", "brake", released_at=None)

    assert named(await kept.examine()) == set()


async def test_the_task_of_an_earlier_round_tells_nothing_of_this_one(kept: Kept) -> None:
    number = failed_and_nobody_tells(kept)

    tell_task(kept, number, state="open", round_=1)

    assert named(await kept.examine()) == {("nobody_tells", number)}


async def test_an_emergency_whose_alert_reached_one_person_is_heard_of(kept: Kept) -> None:
    alerts_that_reached_nobody(kept)
    to_a_person = kept.message("lift", "alert", _id={"$ne": "chat"})
    kept.set("messages", to_a_person["_id"], status="received")

    assert named(await kept.examine()) == set()


def test_every_kind_is_tried() -> None:
    compared = {kinds.NOT_KEPT, kinds.TOLD_AGAIN, kinds.GOT_UNSAID, kinds.SAID_UNSENT,
                kinds.NOT_TOLD, kinds.UNASKED}  # fmt: skip
    assert {kind for _, kind in BREAKS} | compared == set(kinds.KINDS)


@pytest.mark.parametrize(
    ("story", "purpose", "more"),
    [
        ("late", "receipt", {}),
        ("late", "assignment", {}),
        ("late", "warning", {}),
        ("late", "breach", {}),
        ("again", "assignment", {"cause.occurrence": {"$regex": "-2$"}}),
        ("again", "feedback", {"round": 2}),
        ("again", "reopened", {}),
        ("again", "survey", {"round": 2}),
        ("lift", "alert", {}),
    ],
)
async def test_whoever_should_have_been_told_and_was_not_is_named(
    kept: Kept, story: str, purpose: str, more: Doc
) -> None:
    number = kept.forget(story, purpose, **more)

    found = await kept.examine()

    assert found.stuck == [number]
    assert {f.kind for f in found.of(*kinds.KINDS)} <= {kinds.NOT_TOLD, kinds.NOT_ASKED}
    assert any(purpose in f.why for f in found.of(kinds.NOT_TOLD))


async def test_what_is_young_may_still_be_under_way(kept: Kept) -> None:
    ticket_without_order(kept)
    kept.forget("again", "reopened")

    found = await kept.examine(grace=timedelta(hours=1))

    assert named(found) == set()


async def test_numbers_that_senders_were_given_are_looked_for(kept: Kept) -> None:
    reservation_without_ticket(kept)
    found = await kept.examine(accepted=[*kept.healthy.numbers.values(), "44444444"])

    assert found.lost == ["44444444"]
    assert found.checked["accepted"] == 8


async def test_a_confirmed_message_is_a_ticket_or_parked(kept: Kept) -> None:
    number = kept.number("late")
    key = next(d["_id"] for d in kept.healthy.documents["reservations"] if d["number"] == number)
    waits = parked_for_a_person(kept)
    reservation_without_ticket(kept)

    found = await kept.examine(
        accepted=(),
        confirmed=[
            Confirmed("became-a-ticket", key),
            Confirmed("is-parked", "unknown-key", frozenset({waits, "another"})),
            Confirmed("only-reserved", "k"),
            Confirmed("left-no-trace", "unknown-key"),
        ],
    )

    assert found.lost == ["left-no-trace", "only-reserved"]


async def test_a_key_that_was_given_to_a_later_request_leaves_no_second_ticket(kept: Kept) -> None:
    """The earlier ticket has the key as well, and was there before."""
    earlier, later = kept.number("answered"), kept.number("nowhere")
    key = kept.db["reservations"].find_one_and_delete({"number": earlier})
    registered = kept.db["tickets"].find_one({"_id": later})
    assert key is not None
    assert registered is not None
    kept.db["reservations"].delete_one({"number": later})
    kept.set("tickets", later, key=key["_id"])
    kept.db["reservations"].insert_one(key | {"number": later, "at": registered["registered_at"]})

    found = await kept.examine()

    assert named(found) == set()
    assert found.checked["reservations"] == len(kept.healthy.documents["reservations"]) - 1


async def test_a_ticket_that_nobody_was_given_is_one_too_many(kept: Kept) -> None:
    late, others = kept.number("late"), dict(kept.healthy.numbers)
    del others["late"]

    found = await kept.examine(accepted=others.values())

    assert [f.id for f in found.of(kinds.UNASKED)] == [late]
    assert found.broken


async def test_what_receivers_got_is_compared_by_id(kept: Kept) -> None:
    mailed = dict(kept.healthy.mailed)
    assert named(await kept.examine(delivered=mailed)) == set()
    routine, unsent = (m["_id"] for m in (kept.message("late", "assignment"),
                                          kept.message("late", "warning")))  # fmt: skip
    urgent = kept.message("lift", "alert")
    failed = kept.set("messages", kept.message("late", "breach")["_id"], status="failed")
    lost = urgent["attempts"][0] | {"outcome": "lost"}
    kept.set("messages", urgent["_id"], attempts=[lost, *urgent["attempts"]])
    mailed |= {routine: 2, urgent["_id"]: 2, unsent: 0, "stranger": 1}

    found = await kept.examine(delivered=mailed)

    assert named(found) == {
        ("told_twice", routine),
        ("told_again", urgent["_id"]),
        ("said_unsent", unsent),
        ("got_unsaid", failed),
        ("got_unsaid", "stranger"),
    }
    assert (found.doubled, found.repeated) == ([routine], [urgent["_id"]])


async def test_what_was_sent_a_moment_ago_is_not_compared(kept: Kept) -> None:
    mailed = dict(kept.healthy.mailed) | {kept.message("late", "warning")["_id"]: 0}

    found = await kept.examine(delivered=mailed, grace=timedelta(hours=1))

    assert named(found) == set()


async def test_an_urgent_message_that_came_oftener_than_it_was_sent_breaks_a_promise(
    kept: Kept,
) -> None:
    alert = kept.message("lift", "alert")["_id"]

    found = await kept.examine(delivered=dict(kept.healthy.mailed) | {alert: 2})

    assert named(found) == {("told_twice", alert)}
    assert found.broken


async def test_a_report_that_was_added_to_an_earlier_ticket_is_kept_there(kept: Kept) -> None:
    number = kept.number("late")
    shared = {"_id": "k", "number": number, "at": ago(kept), "shared": True}
    kept.db["reservations"].insert_one(shared)
    confirmed = [Confirmed("of the queue", "k")]

    assert named(await kept.examine()) == set()
    assert ("not_kept", "of the queue") not in named(await kept.examine(confirmed=confirmed))


async def test_only_the_first_numbers_are_held_and_all_are_counted(kept: Kept) -> None:
    for n in range(5):
        kept.db["reservations"].insert_one({"_id": f"k{n}", "number": f"N{n}", "at": ago(kept)})

    found = await kept.examine(keep=2)

    assert len(found.lost) == 2
    assert found.count(kinds.NOT_WRITTEN) == 5


async def test_the_doctor_says_what_is_broken_and_what_to_do(kept: Kept) -> None:
    number = reservation_without_ticket(kept)

    ended = started(*doctor(kept))

    assert ended.returncode == 1
    assert re.search(rf"1 Accepted is kept .* 1 not_written .* {number}", ended.stdout)
    assert "1 ticket (not_written): a number was reserved" in ended.stdout
    assert "To do: " in ended.stdout
    assert "a promise is BROKEN" in ended.stdout


async def test_the_doctor_counts_what_nobody_knows_and_is_content(kept: Kept) -> None:
    id = kept.set("messages", kept.message("late", "assignment")["_id"], status="unknown")

    ended = await asyncio.to_thread(invoked, *doctor(kept))

    assert ended.returncode == 0
    assert id in ended.stdout
    assert "every promise was kept" in ended.stdout


def doctor(kept: Kept) -> tuple[list[str], dict[str, str]]:
    """The command, and what it is to know."""
    return ["doctor", "--promises"], {
        "HOTLINE_MONGO_URL": kept.url, "HOTLINE_DATABASE": kept.name,
        "HOTLINE_DATA": "/nowhere", "COLUMNS": "160",
    }  # fmt: skip


NOT_JUDGED = {
    "owner", "former_owners", "level", "risk", "building", "in_hand", "extension", "repeat_of",
    "principal", "place_differs", "open_work", "changed_at", "type", "area", "urgency",
    "emergency_kind", "asked_appointment", "merged_into", "due",
}  # fmt: skip
"""What of a ticket no rule of the auditor reads, or what it derives anew."""


def test_of_a_ticket_all_is_read_that_is_judged() -> None:
    """What is left out of the question would look as if it were not so."""
    assert {*TICKET.to_doc(registered())} - {"_id"} == ({*TICKET_FIELDS} | NOT_JUDGED) - {"key"}


def test_what_is_about_its_department_is_with_whomever_a_person_gave_it_to() -> None:
    ticket = registered(about=About(departments=("engineering",)))
    held = moved(ticket, Hold(by="router", reason="conflict"))
    given = moved(held, Dispatch(by="desk", department="security", assignee="a", decided=True))

    assert departments_without(ticket) == "engineering"
    assert departments_without(held) is None
    assert departments_without(given) is None
