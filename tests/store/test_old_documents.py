"""What an older version has stored is read for ever, and written back it is the same document.

`tests/data/documents` holds documents as a demo and the tests of November 2026 left them, and
what the code of that time read in them. All people in them are invented, and whatever was sealed,
signed or hashed is made up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from bson import json_util
from pydantic import BaseModel
from typing_extensions import override

from hotline.promises import facts
from services.admin.accounts.storage import ACCOUNTS, ROLLS
from services.admin.agents.storage import PROFILES
from services.admin.keys.storage import KEYS
from services.admin.policies.rehearsal import past_from_doc
from services.admin.policies.storage import VERSIONS
from services.admin.privacy.storage import REQUESTS
from services.admin.provider.sign_in import FLOWS
from services.admin.sessions.storage import SESSIONS
from services.admin.sessions.tries import KNOWN
from services.intake.privacy.legal_holds import HOLDS
from services.intake.privacy.storage import ALARMS, READERS
from services.intake.privacy.works import WORKS, OfTicket, Work
from services.intake.registration.reservations import RESERVATIONS
from services.notifier.storage import MESSAGES
from services.router.emergencies.storage import EMERGENCIES
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.incidents import storage as incidents
from services.router.proofs.domain import Photo
from services.router.proofs.storage import PHOTOS, PROOFS
from services.router.rosters.storage import LEAVES, LISTS, SHIFTS
from services.survey.storage import SURVEYS
from services.telephony.callbacks.storage import CALLBACKS
from services.telephony.calls.storage import CALLS
from services.telephony.lines.storage import LINES
from services.telephony.load.storage import LOAD_QUARTERS
from shared.audit import chain
from shared.policy.versions import Head, VersionInForce
from shared.readers.credentials import key_from_doc
from shared.readers.policies import HEADS
from shared.readers.rosters import stretch_of
from shared.store import CollectionSpec
from shared.store.tries import TRIES
from shared.tickets import TICKET

Doc = dict[str, Any]
Write = Callable[[Any], Mapping[str, Any]]

FOLDER: Final = Path(__file__).parents[1] / "data" / "documents"
SINCE_THE_DESK: Final = frozenset({"joins", "asked_appointment", "merged_into"})
"""What a ticket can be since the desk has a console."""
ADDED: Final = frozenset({"_id", "version", "outbox", "said", "made_by"})
"""What the store adds to a document."""
NONE: Final = frozenset[str]()
DERIVED: Final = frozenset({"changed_at", "due", "in_hand"})
"""What a ticket of before has not been kept by."""
LATER: Final = frozenset({"former_owners", "joins", "asked_appointment"})
"""What nobody noted of a ticket of before."""


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
    """What is written, empty or derived, where an older document says nothing of it."""
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


def unseen(doc: Doc) -> Photo:
    """Without what it shows, which no list has ever read."""
    return PHOTOS.from_doc({**doc, "sealed": None})


def of_pairs(work: Work) -> Mapping[str, Any]:
    persons = tuple(OfTicket(*each) for each in work.persons)  # type: ignore[misc]
    return WORKS.to_doc(replace(work, persons=persons))


def pairs(doc: Doc) -> Work:
    """With its persons as they were kept in the value at that time."""
    work = WORKS.from_doc(doc)
    return replace(work, persons=tuple(work.pairs))  # type: ignore[arg-type]


def entries(doc: Doc) -> Sequence[VersionInForce]:
    return HEADS.from_doc(doc).in_force


def of_entries(entries: Sequence[VersionInForce]) -> Mapping[str, Any]:
    return HEADS.to_doc(Head(id="head", in_force=tuple(entries)))


PAPER_NAMES: Final = frozenset({
    "persons", "index", "scrubbed", "location", "caller_role", "confidential", "language",
    "faults", "reported_at", "key", "legal_holds", "call",
})  # fmt: skip
"""What intake keeps beside a ticket."""
UNSET: Final = frozenset({
    "name", "password", "invitation", "factor", "pending", "binding", "signed_out_at",
})  # fmt: skip


def kept(spec: CollectionSpec[Any], what: str, **more: Any) -> Reading:
    """A collection that is read and written by its spec."""
    return Reading(spec.name, what, spec.from_doc, spec.to_doc, **more)


READINGS: Final = (
    Reading(
        "tickets", "ticket", TICKET.from_doc, TICKET.to_doc, beside=PAPER_NAMES,
        fills=DERIVED | LATER | SINCE_THE_DESK,
    ),
    Reading("tickets", "past", past_from_doc),
    Reading("tickets", "report", incidents._report),
    Reading("tickets", "linked", incidents._linked),
    kept(
        EMERGENCIES,
        "emergency",
        fills=frozenset({"outage", "alert_of", "slowed_at", "superiors", "log"}),
    ),
    Reading("emergencies", "audited", facts.Emergency.from_doc),
    kept(FOLLOW_UPS, "task"),
    Reading("follow_ups", "audited", facts.TellTask.from_doc),
    kept(incidents.INCIDENTS, "incident", fills=frozenset({"emergency"})),
    Reading("proofs", "proof", unseen, PROOFS.to_doc, beside=frozenset({"sealed"})),
    kept(LISTS, "list", fills=frozenset({"needs", "gaps"})),
    kept(SHIFTS, "shift"),
    Reading("shifts", "stretch", stretch_of),
    kept(LEAVES, "leave"),
    kept(MESSAGES, "message"),
    Reading("messages", "audited", audited),
    kept(SURVEYS, "survey"),
    Reading("surveys", "audited", facts.Survey.from_doc),
    kept(READERS, "reader"),
    kept(ALARMS, "alarm"),
    kept(HOLDS, "hold"),
    Reading("privacy_works", "work", pairs, of_pairs),
    kept(RESERVATIONS, "whole"),
    kept(REQUESTS, "request"),
    kept(ACCOUNTS, "account", beside=UNSET),
    kept(SESSIONS, "session" ),
    kept(KEYS, "key"),
    Reading("api_keys", "counting", key_from_doc),
    kept(PROFILES, "profile"),
    kept(
        VERSIONS, "version", beside=frozenset({"documents", "edition"}),
        fills=VERSIONS.shape.keys - {"edition"},
    ),
    Reading("policies", "head", entries, of_entries, of=lambda doc: doc["_id"] == "head"),
    Reading("audit", "link", chain.from_doc, chain.to_doc),
    kept(FLOWS, "flow"),
    kept(TRIES, "tally"),
    kept(KNOWN, "address"),
    kept(ROLLS, "whole"),
    kept(CALLS, "call"),
    kept(CALLBACKS, "call_back"),
    kept(LINES, "line"),
    kept(LOAD_QUARTERS, "quarter"),
    *(
        Reading(name, "whole", whole, whole)
        for name in (
            "reveals", "privacy_copies", "parked", "suspects",
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


def known_of(found: Any, was: Any) -> Any:
    """What is found now of the fields that were known then, at whatever depth."""
    if isinstance(was, dict) and isinstance(found, dict):
        return {name: known_of(found[name], was[name]) for name in was}
    if isinstance(was, list) and isinstance(found, list) and len(was) == len(found):
        return [known_of(*both) for both in zip(found, was, strict=True)]
    return found


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_an_old_document_is_read_to_the_same_value(reading: Reading) -> None:
    known = values(reading.collection)[reading.what]
    docs = [doc for doc in documents(reading.collection) if reading.of(doc)]
    assert docs
    assert {doc["_id"] for doc in docs} == known.keys()

    for doc in docs:
        found, was = plain(reading.read(doc)), known[doc["_id"]]
        # It may have learned to read more of it since.
        assert same(known_of(found, was), was), (doc["_id"], found, was)


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
