"""What an older version has stored is read for ever, and written back it is the same document.

`tests/data/documents` holds documents as a demo and the tests of November 2026 left them, and
what the code of that time read in them. All people in them are invented, and whatever was sealed,
signed or hashed is made up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from bson import json_util
from pydantic import BaseModel
from typing_extensions import override

from services.admin.domain.sessions import Tally
from services.admin.policies import storage as policies
from services.admin.policies.rehearsal import past_from_doc
from services.admin.privacy import storage as privacy_requests
from services.admin.storage import Flow, accounts, keys, profiles, sessions
from services.hotline.promises import facts
from services.intake.privacy import holding, works
from services.intake.privacy import storage as reading
from services.notifier import storage as messages
from services.router.emergencies.storage import emergency_from_doc, emergency_to_doc
from services.router.follow_ups.storage import task_from_doc, task_to_doc
from services.router.incidents import storage as incidents
from services.router.proofs import storage as proofs
from services.router.rosters import storage as rosters
from services.survey import storage as surveys
from shared.audit import chain
from shared.policy.head import entries_of
from shared.store.credentials import key_from_doc
from shared.store.rosters import stretch_of
from shared.tickets import ticket_from_doc, ticket_to_doc

Doc = dict[str, Any]
Write = Callable[[Any], Mapping[str, Any]]

FOLDER: Final = Path(__file__).parents[1] / "data" / "documents"
ADDED: Final = frozenset({"_id", "version", "outbox", "made_by"})
"""What the store adds to a document."""
NONE: Final = frozenset[str]()


@dataclass(frozen=True)
class Reading:
    """One way to read the documents of a collection, and to write them where that is done."""

    collection: str
    what: str
    read: Callable[[Doc], Any]
    write: Write | None = None
    beside: frozenset[str] = NONE
    """What lies in the document and not in the value."""
    fills: frozenset[str] = NONE
    """What is written, empty, where an older document says nothing of it."""
    of: Callable[[Doc], bool] = lambda doc: doc["_id"] != "head"

    @override
    def __str__(self) -> str:
        return f"{self.collection}-{self.what}"


def whole(doc: Doc) -> Doc:
    """The document itself, where the code makes no value of it."""
    return {name: value for name, value in doc.items() if name not in ADDED}


def projected(value: Any, names: Sequence[str]) -> Any:
    """What a query for these fields would give; a name may lead into documents and lists."""
    if isinstance(value, list):
        return [projected(each, names) for each in value]
    below: dict[str, list[str]] = {}
    for name in names:
        head, _, rest = name.partition(".")
        below.setdefault(head, []).extend([rest] if rest else [])
    return {
        name: projected(value[name], rest) if rest else value[name]
        for name, rest in below.items()
        if name in value
    }


def audited(doc: Doc) -> facts.Message:
    return facts.Message.from_doc(projected(doc, ("_id", *facts.MESSAGE_FIELDS)))


def survey_to_doc(survey: Any) -> Doc:
    doc = surveys._to_doc(survey)
    answer = survey.answer and surveys._answer_to_doc(survey.answer)
    return doc | {"answer": answer} | ({"unreached": survey.unreached} if survey.unreached else {})


def alarm_to_doc(alarm: Any) -> Doc:
    answer = alarm.answer and reading._answer_to_doc(alarm.answer)
    return reading._alarm_to_doc(alarm) | {"answer": answer}


def hold_to_doc(hold: Any) -> Doc:
    return holding._to_doc(hold) | {"lifted_at": hold.lifted_at, "lifted_by": hold.lifted_by}


def work_to_doc(work: Any) -> Doc:
    doc = works._to_doc(work) | {"outcome": work.outcome}
    del doc["ended_at"]
    return doc


def proof_to_doc(proof: Any) -> Doc:
    doc = proofs._to_doc(proof)
    del doc["sealed"]
    return doc


def policy_to_doc(version: Any) -> Doc:
    return policies._to_doc(version) | {"confirmed": [plain(each) for each in version.confirmed]}


def head_to_doc(entries: Any) -> Doc:
    return {"in_force": [entry.to_doc() for entry in entries]}


PAPERS: Final = frozenset({
    "persons", "index", "scrubbed", "location", "caller_role", "confidential", "language",
    "faults", "reported_at", "key", "legal_holds",
})  # fmt: skip
"""What intake keeps beside a ticket."""
UNSET: Final = frozenset({
    "name", "password", "invitation", "factor", "pending", "binding", "signed_out_at",
})  # fmt: skip

READINGS: Final = (
    Reading("tickets", "ticket", ticket_from_doc, ticket_to_doc, beside=PAPERS),
    Reading("tickets", "past", past_from_doc),
    Reading("tickets", "report", incidents._report),
    Reading("tickets", "linked", incidents._linked),
    Reading("emergencies", "emergency", emergency_from_doc, emergency_to_doc),
    Reading("emergencies", "audited", facts.Emergency.from_doc),
    Reading("follow_ups", "task", task_from_doc, task_to_doc),
    Reading("follow_ups", "audited", facts.TellTask.from_doc),
    Reading("incidents", "incident", incidents._from_doc, incidents._to_doc),
    Reading("proofs", "proof", proofs._from_doc, proof_to_doc, beside=frozenset({"sealed"})),
    Reading(
        "rosters", "list", rosters._list_from_doc, rosters._list_to_doc,
        fills=frozenset({"needs", "gaps"}),
    ),
    Reading("shifts", "shift", rosters._shift_from_doc, rosters._shift_to_doc),
    Reading("shifts", "stretch", stretch_of),
    Reading("leaves", "leave", rosters._leave_from_doc, rosters._leave_to_doc),
    Reading("messages", "message", messages._from_doc, messages._to_doc),
    Reading("messages", "audited", audited),
    Reading("surveys", "survey", surveys._from_doc, survey_to_doc),
    Reading("surveys", "audited", facts.Survey.from_doc),
    Reading("readers", "reader", reading._reader_from_doc, reading._reader_to_doc),
    Reading("reading_alarms", "alarm", reading._alarm_from_doc, alarm_to_doc),
    Reading("legal_holds", "hold", holding._from_doc, hold_to_doc, beside=frozenset({"body"})),
    Reading("privacy_works", "work", works._from_doc, work_to_doc, beside=frozenset({"ended_at"})),
    Reading(
        "privacy_requests", "request", privacy_requests._from_doc, privacy_requests._to_doc,
        beside=frozenset({"body", "sealed"}),
    ),
    Reading("accounts", "account", accounts._from_doc, accounts._to_doc, fills=UNSET),
    Reading("sessions", "session", sessions._from_doc),
    Reading("api_keys", "key", keys._from_doc, keys._to_doc),
    Reading("api_keys", "counting", key_from_doc),
    Reading("profiles", "profile", profiles._from_doc, profiles._to_doc),
    Reading(
        "policies", "version", policies._from_doc, policy_to_doc,
        beside=frozenset({"documents"}), fills=frozenset(policies._ABOUT),
    ),
    Reading("policies", "head", entries_of, head_to_doc, of=lambda doc: doc["_id"] == "head"),
    Reading("audit", "link", chain.from_doc, chain.to_doc),
    # Read where they are asked for, field by field.
    Reading("oidc_flows", "flow", lambda d: Flow(d["_id"], d["nonce"], d["verifier"], d["until"])),
    Reading("tries", "tally", lambda doc: Tally(doc["count"], doc["until"])),
    *(
        Reading(name, "whole", whole, whole)
        for name in (
            "reservations", "reveals", "privacy_copies", "parked", "suspects", "rolls",
        )
    ),
)  # fmt: skip


@cache
def documents(collection: str) -> list[Doc]:
    text = (FOLDER / f"{collection}.json").read_text("utf-8")
    options = json_util.CANONICAL_JSON_OPTIONS.with_options(tz_aware=True, tzinfo=UTC)
    found: list[Doc] = json_util.loads(text, json_options=options)
    return found


@cache
def values(collection: str) -> dict[str, dict[str, Any]]:
    """What each reading found at that time, by the id of the document."""
    text = (FOLDER / f"{collection}.values.json").read_text("utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def plain(value: Any) -> Any:
    """A value as JSON has it, whatever class it is of."""
    match fielded(value):
        case Mapping() as named:
            return {str(scalar(key)): plain(each) for key, each in named.items()}
        case set() | frozenset() as several:
            return sorted(plain(each) for each in several)
        case list() | tuple() as row:
            return [plain(each) for each in row]
        case single:
            return scalar(single)


def fielded(value: Any) -> Any:
    """The fields of what has some by name; all else as it is."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value


def scalar(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case timedelta() | float():
            number = value.total_seconds() if isinstance(value, timedelta) else value
            return int(number) if number.is_integer() else number
        case _:
            return value


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are the same; to Python alone, true would be 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_an_old_document_is_read_to_the_same_value(reading: Reading) -> None:
    known = values(reading.collection)[reading.what]
    docs = [doc for doc in documents(reading.collection) if reading.of(doc)]
    assert docs
    assert {doc["_id"] for doc in docs} == known.keys()

    for doc in docs:
        found = plain(reading.read(doc))

        assert same(found, known[doc["_id"]]), (doc["_id"], found, known[doc["_id"]])


@pytest.mark.parametrize("reading", [r for r in READINGS if r.write], ids=str)
def test_an_old_document_is_written_back_as_it_was(reading: Reading) -> None:
    assert reading.write is not None
    for doc in documents(reading.collection):
        if not reading.of(doc):
            continue
        kept = whole(plain(doc))
        written = whole(plain(dict(reading.write(reading.read(doc)))))

        assert kept.keys() - written.keys() <= reading.beside, doc["_id"]
        assert written.keys() - kept.keys() <= reading.fills, doc["_id"]
        for name in written.keys() & kept.keys():
            assert same(written[name], kept[name]), (doc["_id"], name, written[name], kept[name])


def test_every_collection_that_is_kept_here_is_read() -> None:
    there = {path.name.partition(".")[0] for path in FOLDER.glob("*.json")}

    assert there == {reading.collection for reading in READINGS}
