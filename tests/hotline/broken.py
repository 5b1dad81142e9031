"""A healthy store in a database of the test's own, and the hands that break it: each breaks one
thing and returns what the auditor must name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import MongoClient
from pymongo.database import Database

from hotline.promises import Findings, Kind, examine, kinds
from shared.store import Doc
from shared.tickets import TICKET
from tests.hotline.healthy import Healthy

NO_GRACE: Final = timedelta()
HOUR: Final = timedelta(hours=1)


class Kept:
    """The healthy store in a database of the test's own, to be broken."""

    def __init__(self, url: str, name: str, client: MongoClient[Doc], healthy: Healthy) -> None:
        self.url = url
        self.name = name
        self.db: Database[Doc] = client[name]
        self.healthy = healthy
        for collection, docs in healthy.documents.items():
            if docs:
                self.db[collection].insert_many(docs)

    def number(self, story: str) -> str:
        return self.healthy.numbers[story]

    def set(self, collection: str, id: str, **changes: Any) -> str:
        """Change fields of a document, `a__b` for `a.b`; its id."""
        fields = {name.replace("__", "."): value for name, value in changes.items()}
        assert self.db[collection].update_one({"_id": id}, {"$set": fields}).modified_count == 1
        return id

    def message(self, story: str, purpose: str, **more: Any) -> Doc:
        """One that was told by itself, unless another is asked for."""
        alone = {"status": {"$ne": "folded"}}
        query = {"number": self.number(story), "purpose": purpose, **alone, **more}
        found = self.db["messages"].find_one(query)
        assert found is not None, query
        return found

    def forget(self, story: str, purpose: str, **more: Any) -> str:
        """Take a message out; the number of its ticket."""
        self.db["messages"].delete_one({"_id": self.message(story, purpose, **more)["_id"]})
        return self.number(story)

    async def examine(self, **more: Any) -> Findings:
        return await examine(self.url, self.name, **{"grace": NO_GRACE, **more})


def refit(kept: Kept, number: str) -> str:
    """Write anew what is kept for indexes, as any act of ours does in the same write."""
    doc = kept.db["tickets"].find_one({"_id": number})
    assert doc is not None
    ticket = TICKET.from_doc(doc)
    kept.db["tickets"].update_one(
        {"_id": number}, {"$set": {"status": ticket.status.value, "next_due": ticket.next_due}}
    )
    return number


def ago(kept: Kept, span: timedelta = HOUR) -> datetime:
    """Some time before anything in the store happened, and well past every relay."""
    times = (doc["registered_at"] for doc in kept.healthy.documents["tickets"])
    first: datetime = min(times)
    return first - span


def event(kept: Kept, story: str, *, version: int, **more: Any) -> Doc:
    id = f"ticket/{kept.number(story)}/{version}/0"
    return {"id": id, "service": "intake", "lane": "routine", "at": ago(kept), "key": "",
            "body": ""} | more  # fmt: skip


def vanished_ticket(kept: Kept) -> str:
    number = kept.number("late")
    kept.db["reservations"].delete_one({"number": number})
    kept.db["tickets"].delete_one({"_id": number})
    return number


def vanished_ticket_of_an_emergency(kept: Kept) -> str:
    """Nothing else names it any more but its emergency."""
    number = kept.number("lift")
    for collection in ("reservations", "messages", "surveys"):
        kept.db[collection].delete_many({"number": number})
    kept.db["tickets"].delete_one({"_id": number})
    return number


def reservation_without_ticket(kept: Kept) -> str:
    kept.db["reservations"].insert_one({"_id": "k", "number": "22222222", "at": ago(kept)})
    return "22222222"


def reservation_of_a_strangers_number(kept: Kept) -> str:
    number = kept.number("late")
    kept.db["reservations"].insert_one({"_id": "k", "number": number, "at": ago(kept)})
    return number


def unreadable_ticket(kept: Kept) -> str:
    kept.db["tickets"].update_one({"_id": kept.number("late")}, {"$unset": {"plans": 1}})
    return kept.number("late")


def ticket_without_order(kept: Kept) -> str:
    return refit(kept, kept.set("tickets", kept.number("late"), work_orders=[]))


def undecided_ticket_that_nobody_sees(kept: Kept) -> str:
    number = kept.set("tickets", kept.number("nowhere"), held=None, clocks={})
    return refit(kept, number)


def emergency_without_order_that_waits_for_its_place(kept: Kept) -> str:
    held = {"reason": "place", "since": ago(kept)}
    return refit(kept, kept.set("tickets", kept.number("lift"), work_orders=[], held=held))


def event_left_in_the_outbox(kept: Kept) -> str:
    waiting = event(kept, "late", version=1)
    kept.set("tickets", kept.number("late"), outbox=[waiting])
    return str(waiting["id"])


def event_newer_than_its_ticket(kept: Kept) -> str:
    waiting = event(kept, "late", version=99)
    kept.set("tickets", kept.number("late"), outbox=[waiting])
    return str(waiting["id"])


def status_kept_wrong(kept: Kept) -> str:
    return kept.set("tickets", kept.number("late"), status="closed")


def next_due_kept_wrong(kept: Kept) -> str:
    return kept.set("tickets", kept.number("late"), next_due=None)


def history_with_a_hole(kept: Kept) -> str:
    kept.db["tickets"].update_one({"_id": kept.number("late")}, {"$pop": {"timeline": 1}})
    return kept.set("tickets", kept.number("late"), version=50)


def told_and_not_closed(kept: Kept) -> str:
    number = kept.set(
        "tickets", kept.number("again"), mark=None, over_at=None,
        clocks__feed_back__stopped_at=None, clocks__feed_back__segments__0__end=None,
    )  # fmt: skip
    kept.db["tickets"].update_one(
        {"_id": number}, {"$pop": {"timeline": 1}, "$inc": {"version": -1}}
    )
    return refit(kept, number)


def failed_and_nobody_tells(kept: Kept) -> str:
    """The result reached nobody, and the desk has no task."""
    number = told_and_not_closed(kept)
    told = kept.message("again", "feedback", round=2)
    kept.set("messages", told["_id"], status="failed", reason="no_channel")
    return number


def dropped_and_nobody_tells(kept: Kept) -> str:
    """The result reached nobody, and the task of telling it is no more."""
    number = failed_and_nobody_tells(kept)
    tell_task(kept, number, state="dropped")
    return number


def tell_task(kept: Kept, number: str, *, state: str, round_: int = 2) -> None:
    kept.db["follow_ups"].insert_one(
        {"_id": "t", "number": number, "round": round_, "why": "tell", "state": state,
         "next_due": None, "version": 1, "made_by": "router"}
    )  # fmt: skip


def alerts_that_reached_nobody(kept: Kept) -> str:
    number = kept.number("lift")
    kept.set("emergencies", number, acknowledged_at=None)
    alerts = {"number": number, "purpose": "alert"}
    kept.db["messages"].update_many(
        alerts, {"$set": {"status": "failed", "reason": "no_channel", "attempts": []}}
    )
    # The chain goes on: the last one has failed too lately to be judged.
    last = kept.db["messages"].find_one(alerts)
    assert last is not None
    just_now = ago(kept, -timedelta(days=9_999))
    kept.db["messages"].insert_one({**last, "_id": "last", "at": just_now, "ended_at": just_now})
    # That a group chat was told calls nobody.
    chat = {"_id": "chat", "recipient": "chat:jinyuan", "status": "delivered"}
    kept.db["messages"].insert_one({**last, **chat})
    return number


def closed_and_not_asked(kept: Kept) -> str:
    kept.db["surveys"].delete_one({"_id": f"{kept.number('again')}-2"})
    return kept.number("again")


def answered_and_not_asked(kept: Kept) -> str:
    kept.db["surveys"].delete_one({"_id": f"{kept.number('answered')}-1"})
    return kept.number("answered")


def dissatisfied_and_not_reopened(kept: Kept) -> str:
    answer = {"at": ago(kept), "dissatisfied": True}
    kept.set("surveys", f"{kept.number('again')}-2", answer=answer)
    return kept.number("again")


def second_ticket_of_one_report(kept: Kept) -> str:
    doc = kept.db["tickets"].find_one({"_id": kept.number("late")})
    assert doc is not None
    kept.db["tickets"].insert_one(doc | {"_id": "33333333"})
    return "33333333"


def second_order_of_one_department(kept: Kept) -> str:
    doc = kept.db["tickets"].find_one({"_id": kept.number("late")})
    assert doc is not None
    *_, last = doc["work_orders"]
    place = len(doc["work_orders"])
    order = last | {"id": f"{doc['_id']}-{place + 1}", "assignee": None, "clocks": {}}
    return kept.set("tickets", doc["_id"], **{f"work_orders__{place}": order})


def message_that_nobody_sends(kept: Kept) -> str:
    id = kept.message("late", "assignment")["_id"]
    return kept.set("messages", id, status="pending", next_at=ago(kept))


def attempt_that_nobody_decides(kept: Kept) -> str:
    id = kept.message("late", "assignment")["_id"]
    return kept.set("messages", id, status="sending", next_at=ago(kept))


def message_held_by_a_brake_that_was_released(kept: Kept) -> str:
    brake = {"_id": "brake", "kind": "hold", "released_at": ago(kept)}
    kept.db["brakes"].insert_one(brake)
    id = kept.message("late", "assignment")["_id"]
    return kept.set("messages", id, status="held", brake="brake", next_at=None)


def message_held_by_a_brake_that_is_not_there(kept: Kept) -> str:
    id = kept.message("late", "assignment")["_id"]
    return kept.set("messages", id, status="held", brake="brake", next_at=None)


def message_accepted_twice(kept: Kept) -> str:
    found = kept.message("late", "assignment")
    return kept.set("messages", found["_id"], attempts=found["attempts"] * 2)


def message_that_went_on_though_it_was_taken(kept: Kept) -> str:
    """By another channel, though the policy waits for no receipt of the first."""
    found = kept.message("late", "assignment")
    again = found["attempts"][-1] | {"channel": "webhook"}
    return kept.set("messages", found["_id"], attempts=[*found["attempts"], again])


def message_of_unknown_outcome(kept: Kept) -> str:
    return kept.set("messages", kept.message("late", "assignment")["_id"], status="unknown")


def message_that_waits_for_its_digest(kept: Kept) -> str:
    id = kept.message("late", "breach", status="folded")["_id"]
    kept.db["messages"].update_one({"purpose": "digest"}, {"$pull": {"entries": id}})
    return kept.set("messages", id, status="waiting", next_at=ago(kept))


def folded_message_that_its_digest_does_not_tell(kept: Kept) -> str:
    id: str = kept.message("late", "breach", status="folded")["_id"]
    kept.db["messages"].update_one({"entries": id}, {"$pull": {"entries": id}})
    return id


def message_that_two_digests_tell(kept: Kept) -> str:
    found = kept.message("late", "breach", status="folded")
    digest = kept.db["messages"].find_one({"_id": found["digest"]})
    assert digest is not None
    kept.db["messages"].insert_one(digest | {"_id": "other", "entries": [found["_id"]]})
    return str(found["_id"])


def receipt_that_the_one_of_its_call_does_not_tell(kept: Kept) -> str:
    id: str = kept.message("first of a call", "receipt")["_id"]
    return kept.set("messages", id, digest="another")


def digest_of_what_is_not_there(kept: Kept) -> str:
    id = str(kept.message("late", "breach", status="folded")["_id"])
    kept.db["messages"].update_one({"entries": id}, {"$push": {"entries": "gone"}})
    return "gone"


def deadline_that_did_not_fire(kept: Kept) -> str:
    number = kept.set("tickets", kept.number("late"), clocks__resolve__next__at=ago(kept))
    return refit(kept, number)


def task_that_did_not_open(kept: Kept) -> str:
    task = {"number": kept.number("late"), "state": "planned", "next_due": ago(kept)}
    kept.db["follow_ups"].insert_one({"_id": "t", "made_by": "router"} | task)
    return kept.number("late")


def deadline_that_fired_twice(kept: Kept) -> str:
    doc = kept.db["tickets"].find_one({"_id": kept.number("late")})
    assert doc is not None
    fired, *_ = [entry for entry in doc["timeline"] if entry["transition"] == "breach"]
    return _with_entries(kept, fired)


def deadline_of_the_whole_that_fired_twice(kept: Kept) -> str:
    entry = {"at": ago(kept), "transition": "breach", "by": "service:router", "order": None}
    return _with_entries(kept, *[entry | {"note": "resolve/1"}] * 2)


def _with_entries(kept: Kept, *entries: dict[str, Any]) -> str:
    number = kept.number("late")
    kept.db["tickets"].update_one({"_id": number}, {"$push": {"timeline": {"$each": entries}}})
    return number


def breach_told_with_two_due_times(kept: Kept) -> str:
    found = kept.message("late", "breach")
    occurrence = found["cause"]["occurrence"] + "9"
    cause = found["cause"] | {"occurrence": occurrence}
    kept.db["messages"].insert_one(found | {"_id": "other", "cause": cause})
    return kept.number("late")


def emergency_without_its_plan(kept: Kept) -> str:
    kept.db["emergencies"].delete_one({"_id": kept.number("lift")})
    return kept.number("lift")


def emergency_of_an_earlier_round(kept: Kept) -> str:
    return kept.set("emergencies", kept.number("lift"), round=0)


def alert_to_nobody(kept: Kept) -> str:
    return kept.set("emergencies", kept.number("lift"), alerts__0__recipients=[])


def chain_that_is_not_called(kept: Kept) -> str:
    return kept.set("emergencies", kept.number("lift"), next_due=ago(kept))


def parked(kept: Kept, next_at: datetime | None) -> str:
    entry = {"service": "router", "queue": "router.tickets.routine", "reason": "temporary",
             "next_at": next_at, "parked_at": ago(kept), "made_by": "router"}  # fmt: skip
    kept.db["parked"].insert_one({"_id": "p"} | entry)
    return "p"


def parked_and_not_tried_again(kept: Kept) -> str:
    return parked(kept, ago(kept))


def parked_for_a_person(kept: Kept) -> str:
    return parked(kept, None)


Break = Callable[[Kept], str]
BREAKS: list[tuple[Break, Kind]] = [
    (vanished_ticket, kinds.NO_TICKET),
    (vanished_ticket_of_an_emergency, kinds.NO_TICKET),
    (reservation_without_ticket, kinds.NOT_WRITTEN),
    (reservation_of_a_strangers_number, kinds.NOT_WRITTEN),
    (unreadable_ticket, kinds.UNREADABLE),
    (ticket_without_order, kinds.NOT_DISPATCHED),
    (undecided_ticket_that_nobody_sees, kinds.NOT_DISPATCHED),
    (emergency_without_order_that_waits_for_its_place, kinds.NOT_DISPATCHED),
    (event_left_in_the_outbox, kinds.EVENT_WAITS),
    (event_newer_than_its_ticket, kinds.EVENT_ODD),
    (status_kept_wrong, kinds.CACHE_OLD),
    (next_due_kept_wrong, kinds.CACHE_OLD),
    (history_with_a_hole, kinds.CHANGE_MISSING),
    (told_and_not_closed, kinds.NOT_CLOSED),
    (failed_and_nobody_tells, kinds.NOBODY_TELLS),
    (dropped_and_nobody_tells, kinds.NOBODY_TELLS),
    (closed_and_not_asked, kinds.NOT_ASKED),
    (answered_and_not_asked, kinds.NOT_ASKED),
    (dissatisfied_and_not_reopened, kinds.NOT_REOPENED),
    (second_ticket_of_one_report, kinds.SECOND_TICKET),
    (second_order_of_one_department, kinds.SECOND_ORDER),
    (message_that_nobody_sends, kinds.MESSAGE_WAITS),
    (attempt_that_nobody_decides, kinds.MESSAGE_WAITS),
    (message_held_by_a_brake_that_was_released, kinds.HELD_BY_NONE),
    (message_held_by_a_brake_that_is_not_there, kinds.HELD_BY_NONE),
    (message_accepted_twice, kinds.TOLD_TWICE),
    (message_that_went_on_though_it_was_taken, kinds.TOLD_TWICE),
    (message_that_waits_for_its_digest, kinds.MESSAGE_WAITS),
    (folded_message_that_its_digest_does_not_tell, kinds.DIGEST_ODD),
    (message_that_two_digests_tell, kinds.DIGEST_ODD),
    (digest_of_what_is_not_there, kinds.DIGEST_ODD),
    (receipt_that_the_one_of_its_call_does_not_tell, kinds.DIGEST_ODD),
    (message_of_unknown_outcome, kinds.UNKNOWN),
    (deadline_that_did_not_fire, kinds.NOT_FIRED),
    (task_that_did_not_open, kinds.NOT_FIRED),
    (deadline_that_fired_twice, kinds.FIRED_TWICE),
    (deadline_of_the_whole_that_fired_twice, kinds.FIRED_TWICE),
    (breach_told_with_two_due_times, kinds.FIRED_TWICE),
    (emergency_without_its_plan, kinds.NOT_ALERTED),
    (emergency_of_an_earlier_round, kinds.NOT_ALERTED),
    (alert_to_nobody, kinds.NOT_ALERTED),
    (alerts_that_reached_nobody, kinds.ALERT_UNHEARD),
    (chain_that_is_not_called, kinds.NOT_CALLED_NEXT),
    (parked_and_not_tried_again, kinds.REPLAY_WAITS),
    (parked_for_a_person, kinds.WAITS_FOR_PERSON),
]
