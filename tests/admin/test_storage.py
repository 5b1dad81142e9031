"""What is kept lies in documents as it always did, and older documents are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.admin.accounts.domain import Account, Binding, Factor, Invitation, Reach, Roll
from services.admin.accounts.storage import ACCOUNTS, ROLLS
from services.admin.agents.domain import Certificate, Profile, Training
from services.admin.agents.storage import PROFILES
from services.admin.keys.domain import SystemKey
from services.admin.keys.storage import KEYS
from services.admin.policies.domain import Confirmation, FullVersion, Mark
from services.admin.policies.storage import FULL_VERSIONS, VERSIONS
from services.admin.privacy.domain import Mark as Done
from services.admin.privacy.domain import Request, Status
from services.admin.privacy.storage import REQUESTS
from services.admin.provider.sign_in import FLOWS, Flow
from services.admin.sessions.domain import Session
from services.admin.sessions.storage import SESSIONS
from services.admin.sessions.tries import KNOWN, KnownAddress
from shared.identity.api_keys import KeyDigest
from shared.store import CollectionSpec
from shared.store.tries import TRIES, Tally

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

CHEN = Account(
    id="chen.jie", version=3, edition=2, name="陈洁", made_at=NOW, signed_out_at=LATER,
    reach=Reach(role="agent", places=frozenset({"b", "a"}), departments=frozenset({"*"})),
    password="$argon2id$", invitation=Invitation("digest", LATER),
    factor=Factor(b"sealed", 7, ("one", "two")), pending=b"pending", binding=Binding("is", "su"),
)  # fmt: skip
CHEN_DOC: dict[str, Any] = {
    "_id": "chen.jie", "version": 3, "edition": 2, "name": "陈洁", "role": "agent",
    "places": ["a", "b"], "departments": ["*"], "state": "active", "password": "$argon2id$",
    "invitation": {"digest": "digest", "expires_at": LATER},
    "factor": {"sealed": b"sealed", "last_step": 7, "recovery": ["one", "two"]},
    "pending": b"pending", "binding": {"issuer": "is", "subject": "su"}, "made_at": NOW,
    "signed_out_at": LATER,
}  # fmt: skip
KEY = SystemKey(
    id="key", version=2, publisher="app", places=frozenset({"*"}), actions=frozenset({"b", "a"}),
    owner=None, digests=(KeyDigest(b"1", LATER), KeyDigest(b"2")), made_by="boss", made_at=NOW,
    expires_at=LATER,
)  # fmt: skip
KEY_DOC: dict[str, Any] = {
    "_id": "key", "version": 2, "publisher": "app", "places": ["*"], "actions": ["a", "b"],
    "owner": None, "held": False, "made_by": "boss", "made_at": NOW, "expires_at": LATER,
    "digests": [{"digest": b"1", "until": LATER}, {"digest": b"2", "until": None}],
    "revoked_at": None,
}  # fmt: skip
PROFILE = Profile(
    account="chen.jie", version=1, trainings=(Training("a7", date(2026, 1, 2)),),
    certificates=(Certificate("a7", date(2026, 1, 2), date(2027, 1, 1)),),
    languages=frozenset({"zh", "en"}),
)  # fmt: skip
PROFILE_DOC: dict[str, Any] = {
    "_id": "chen.jie", "version": 1, "skills": [], "languages": ["en", "zh"], "dialects": [],
    "trainings": [{"course": "a7", "passed_on": datetime(2026, 1, 2, tzinfo=UTC)}],
    "certificates": [{
        "kind": "a7", "since": datetime(2026, 1, 2, tzinfo=UTC),
        "until": datetime(2027, 1, 1, tzinfo=UTC),
    }],
}  # fmt: skip
SESSION = Session(
    id="s", version=4, account="chen.jie", edition=2, how="password", unfinished=False,
    started_at=NOW, refreshed_at=LATER, refresh="new", used=("old",), ended_at=LATER, why="stolen",
)  # fmt: skip
SESSION_DOC: dict[str, Any] = {
    "_id": "s", "version": 4, "account": "chen.jie", "edition": 2, "how": "password",
    "unfinished": False, "started_at": NOW, "refreshed_at": LATER, "refresh": "new",
    "used": ["old"], "ended_at": LATER, "why": "stolen",
    "forget_at": NOW + timedelta(hours=13, minutes=12),
}  # fmt: skip
REQUEST = Request(
    id="r", version=2, kind="correct", number="23456789", person="caller", estate="jinyuan",
    how="phone", asked_at=NOW, asked_by="su", due=LATER, status=Status.CHECKED,
    checked=Done(NOW, "su", "called_back"), body="digest", sealed=b"sealed",
)  # fmt: skip
REQUEST_DOC: dict[str, Any] = {
    "_id": "r", "version": 2, "kind": "correct", "number": "23456789", "person": "caller",
    "estate": "jinyuan", "how": "phone", "asked_at": NOW, "asked_by": "su", "due": LATER,
    "status": "identity_checked", "turn": 0, "decided": None, "ended_at": None, "tickets": None,
    "checked": {"at": NOW, "by": "su", "code": "called_back"}, "body": "digest",
    "sealed": b"sealed",
}  # fmt: skip
VERSION = FullVersion(
    id="v", edition=3, state="approved", base="u", title="t", authors=("su",), made_at=NOW,
    submitted=Mark("su", NOW), decided=Mark("ma", LATER, "why"), must_confirm=("agent",),
    confirmed=(Confirmation("ag", "agent", LATER),), documents={"rules": {"limits": [1, 2]}},
)  # fmt: skip
VERSION_DOC: dict[str, Any] = {
    "_id": "v", "edition": 3, "state": "approved", "base": "u", "title": "t", "authors": ["su"],
    "made_at": NOW, "submitted": {"by": "su", "at": NOW, "reason": None},
    "decided": {"by": "ma", "at": LATER, "reason": "why"}, "reason": None,
    "must_confirm": ["agent"], "confirmed": [{"by": "ag", "role": "agent", "at": LATER}],
    "documents": {"rules": {"limits": [1, 2]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "value", "doc"),
    [
        (ACCOUNTS, CHEN, CHEN_DOC),
        (ROLLS, Roll(version=2, ids=("b", "a")),
         {"_id": "administrators", "version": 2, "ids": ["b", "a"]}),
        (KEYS, KEY, KEY_DOC),
        (PROFILES, PROFILE, PROFILE_DOC),
        (SESSIONS, SESSION, SESSION_DOC),
        (TRIES, Tally("t", 3, NOW, version=1),
         {"_id": "t", "version": 1, "count": 3, "until": NOW}),
        (KNOWN, KnownAddress("k", NOW, version=1), {"_id": "k", "version": 1, "until": NOW}),
        (FLOWS, Flow("f", "nonce", "verifier", NOW, version=1),
         {"_id": "f", "version": 1, "nonce": "nonce", "verifier": "verifier", "until": NOW}),
        (REQUESTS, REQUEST, REQUEST_DOC),
        (FULL_VERSIONS, VERSION, VERSION_DOC),
    ],
    ids=lambda each: each.name if isinstance(each, CollectionSpec) else "",
)  # fmt: skip
def test_a_value_is_the_document_that_it_always_was(
    spec: CollectionSpec[Any], value: Any, doc: dict[str, Any]
) -> None:
    assert spec.shape.to_doc(value) == doc
    assert spec.from_doc({"made_by": "admin", **doc}) == value


def test_an_account_has_no_field_for_what_it_has_not() -> None:
    fresh = Account(id="li", version=1, reach=CHEN.reach, made_at=NOW)
    doc = ACCOUNTS.shape.to_doc(fresh)
    left_out = {
        "name", "password", "invitation", "factor", "pending", "binding", "signed_out_at",
    }  # fmt: skip

    assert doc.keys() & left_out == set()
    # Older releases wrote them empty.
    for before in (doc, doc | dict.fromkeys(left_out)):
        assert ACCOUNTS.from_doc(before) == fresh


def test_a_session_and_a_roll_of_before_they_had_versions_are_read() -> None:
    no_session = {"version", "ended_at", "why"}
    session = {name: value for name, value in SESSION_DOC.items() if name not in no_session}

    assert SESSIONS.from_doc(session) == replace(SESSION, version=0, ended_at=None, why=None)
    assert ROLLS.from_doc({"_id": "administrators", "ids": ["a"]}) == Roll(ids=("a",))


def test_a_policy_that_was_seeded_is_approved_by_having_been_put_there() -> None:
    seeded = {"_id": "sample", "made_at": NOW, "documents": {"rules": {}}}

    version = VERSIONS.from_doc(seeded)

    assert (version.edition, version.state, version.base, version.made_at) == (
        0, "approved", None, NOW,
    )  # fmt: skip
    assert FULL_VERSIONS.from_doc(seeded).documents == {"rules": {}}
