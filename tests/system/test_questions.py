"""However many tickets there are: nothing that the services ask reads a collection through."""

from __future__ import annotations

from typing import Final

from hotline.demo.clients import until
from hotline.demo.steps import asked, done_by, first_order, told
from tests.support.floor import Floor, caller
from tests.support.questions import questions

LEAK: Final = {"estate": "jinyuan", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}
DATABASE: Final = "hotline"
GROWING: Final = {
    "tickets", "messages", "surveys", "emergencies", "reservations", "parked", "audit",
    "reveals", "readers", "reading_alarms", "privacy_works", "privacy_copies", "legal_holds",
    "accounts", "sessions", "proofs", "calls", "callbacks", "load_quarters",
}  # fmt: skip
"""Not the keys of systems: every process knows all of them, and there are as many as systems."""
LISTS: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("intake", "/v1/tickets", {}),
    ("intake", "/v1/tickets", {"status": "closed"}),
    ("intake", "/v1/tickets", {"estate": "jinyuan"}),
    ("router", "/v1/board", {}),
    ("router", "/v1/board", {"department": "finance"}),
    ("router", "/v1/manual-queue", {}),
    ("router", "/v1/manual-queue", {"estate": "jinyuan", "reason": "place"}),
    ("router", "/v1/work-orders", {}),
    ("router", "/v1/work-orders", {"mine": "true"}),
    ("router", "/v1/work-orders", {"assignee": "li", "status": "declined"}),
    ("router", "/v1/emergencies", {}),
    ("router", "/v1/emergencies", {"running": "false", "estate": "jinyuan"}),
    ("router", "/v1/follow-ups", {}),
    ("notifier", "/v1/messages", {}),
    ("notifier", "/v1/messages", {"status": "failed"}),
    ("survey", "/v1/surveys", {}),
    ("survey", "/v1/surveys", {"estate": "jinyuan"}),
    ("telephony", "/v1/calls", {}),
    ("telephony", "/v1/calls", {"outcome": "lost"}),
    ("telephony", "/v1/calls", {"undisposed": "true"}),
    ("telephony", "/v1/calls", {"ticket": "23456789"}),
    ("telephony", "/v1/calls/callbacks", {}),
    ("telephony", "/v1/calls/callbacks", {"state": "never_reached"}),
)
COUNTED: Final = {"open_work", "outbox.service"}
"""Words of the counts that are made seldom: when both were asked, every loop had its turn."""
WORTH_A_LOOK: Final = {
    "$or": [{"planSummary": "COLLSCAN"}, {"command.aggregate": {"$exists": True}}]
}


async def test_nothing_that_is_asked_reads_a_collection_through(floor: Floor) -> None:
    with questions(floor.endpoints.mongo, DATABASE, only=WORTH_A_LOOK) as record:
        number = (await floor.clients.post_ticket(LEAK))["number"]
        await done_by(floor.clients, await first_order(floor.clients, number),
                      "accept", "start", "resolve")  # fmt: skip
        await told(floor.clients, number)
        await asked(floor.clients, number, 1, 5)
        for service, path, params in LISTS:
            role = "supervisor" if path == "/v1/load" else "agent"
            listed = await floor.clients.call("GET", service, path, role=role, params=params)
            listed.raise_for_status()
        seen: set[str] = set()
        through: set[tuple[str, str]] = set()

        async def counted() -> bool | None:
            for question in record.asked():
                seen.update(word for word in COUNTED if word in question.asked)
                if question.collection in GROWING and "COLLSCAN" in question.plan:
                    through.add((question.collection, question.asked))
            return True if seen == COUNTED else None

        await until(counted, "a turn of every count", seconds=40)

    assert through == set()
