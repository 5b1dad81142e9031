"""An entry is ids and codes and nothing else, and its digest covers all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.audit import Link, Subject, UnfitForAudit
from shared.audit.chain import (
    LONGEST,
    MOST_DETAILS,
    canonical,
    digest,
    from_doc,
    genesis,
    to_doc,
)
from tests.audit.samples import BEGUN, KEY, sample_entry

PERSONAL = [
    "王女士",
    "Wang Guilan",
    "13800138000",
    "+8613800138000",
    "021-6234567",
    "02162345678",
    "tel:13800138000",
    "6234567",
    "wang@example.com",
    "3号楼502",
    "110101199003078515",
    "京A12345",
    "line\nbreak",
    "",
    "a" * (LONGEST + 1),
]
CODES = [
    "chen",
    "operator:supervisor",
    "agent-7",
    "system:pbx",
    "jy-engineering-1",
    "10.12.200.133",
    "2001:db8:85a3::8a2e:370:7334",
    "::1",
    "intake.reports.routine",
    "V2XB22EF",
    "23456789",
    "23456789-1",
    "ticket/23456789/5/0",
    "message:23456789:chain-1:alert",
    "0123456789abcdef0123456789abcdef",
    "12345678-1234-1234-1234-123456789012",
    "23456789-1234-1234-1234-123456789012",
    "a" * LONGEST,
]


@pytest.mark.parametrize("value", PERSONAL)
@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("by", lambda value: {"by": value}),
        ("why", lambda value: {"why": value}),
        ("source", lambda value: {"source": value}),
        ("subject.id", lambda value: {"subject": Subject("ticket", value)}),
        ("details.place", lambda value: {"details": {"place": value}}),
    ],
    ids=lambda field: field if isinstance(field, str) else "",
)
def test_what_could_be_personal_is_refused_by_the_name_of_its_field(
    field: str, changed: Any, value: str
) -> None:
    with pytest.raises(UnfitForAudit) as caught:
        sample_entry(**changed(value))

    assert caught.value.field == field
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize("value", CODES)
def test_ids_and_codes_are_taken(value: str) -> None:
    entry = sample_entry(
        by=value, why=value, source=value, subject=Subject("x", value), details={"a": value}
    )

    assert entry.subject.id == value


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("writer", {"writer": "intake/2"}),
        ("writer", {"writer": ""}),
        ("role", {"role": "Wang Guilan"}),
        ("act", {"act": "opened"}),
        ("act", {"act": "person.opened by Wang"}),
        ("subject.kind", {"subject": Subject("the ticket", "1")}),
        ("details", {"details": {"13800138000": 1}}),
        ("details", {"details": {chr(ord("a") + n): n for n in range(MOST_DETAILS + 1)}}),
        ("details.phone", {"details": {"phone": 13800138000}}),
        ("details.share", {"details": {"share": 0.5}}),
        ("details.was", {"details": {"was": True}}),
        ("details.was", {"details": {"was": None}}),
        ("n", {"n": 0}),
        ("n", {"n": True}),
        ("n", {"n": 1.0}),
        ("at", {"at": datetime(2026, 11, 23)}),  # noqa: DTZ001 - that is what is refused
        ("at", {"at": BEGUN.astimezone(timezone(timedelta(hours=8)))}),
        ("at", {"at": BEGUN.replace(microsecond=1)}),
        ("at", {"at": "2026-11-23"}),
        ("by", {"by": None}),
    ],
)
def test_what_is_no_entry_is_refused_by_the_name_of_its_field(
    field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(UnfitForAudit) as caught:
        sample_entry(**changes)

    assert caught.value.field == field


OTHERS: list[dict[str, Any]] = [
    {"writer": "router"},
    {"n": 2},
    {"at": BEGUN},
    {"by": "lin"},
    {"role": "auditor"},
    {"act": "person.shown"},
    {"subject": Subject("ticket", "V2XB22EG")},
    {"subject": Subject("order", "V2XB22EF")},
    {"why": "complaint"},
    {"why": None},
    {"source": "10.0.0.8"},
    {"source": None},
    {"details": {}},
    {"details": {"field": "phone"}},
    {"details": {"field": "phone", "round": 2}},
    {"details": {"field": "phone", "round": "1"}},
]


@pytest.mark.parametrize("changes", OTHERS, ids=str)
def test_another_entry_has_another_digest(changes: dict[str, Any]) -> None:
    entry = sample_entry()

    assert digest(replace(entry, **changes), genesis("intake")) != digest(entry, genesis("intake"))


def test_no_field_is_left_out_of_these_changes() -> None:
    assert {name for changes in OTHERS for name in changes} == set(sample_entry().__slots__)


def test_an_entry_behind_another_one_has_another_digest() -> None:
    assert digest(sample_entry(), genesis("intake")) != digest(sample_entry(), genesis("router"))


def test_the_canonical_form_is_the_same_for_ever() -> None:
    """Chains of earlier releases must verify: these bytes and this digest never change."""
    assert canonical(sample_entry()) == (
        b'{"act":"person.opened","at":"2026-11-23T01:00:01.000+00:00","by":"chen",'
        b'"details":{"field":"phone","round":1},"n":1,"role":"privacy_officer",'
        b'"source":"10.0.0.7","subject":["ticket","V2XB22EF"],"why":"callback","writer":"intake"}'
    )
    assert digest(sample_entry(), genesis("intake")) == (
        "879922e34858bb7b014c07a641be6bbb978d7494b0a2a55bd58e74bdd21b008c"
    )


def test_the_digest_with_a_key_is_the_same_for_ever_as_well() -> None:
    assert digest(sample_entry(), genesis("intake"), KEY) == (
        "819afa18f8c28eeab53f33e99fd92e9878bd700f565f3000603ab47cf2f1fcec"
    )
    assert digest(sample_entry(), genesis("intake"), b"o" * 32) != digest(
        sample_entry(), genesis("intake"), KEY
    )


codes = st.text("abcdefXYZ._:/-", min_size=1, max_size=20)
entries = st.builds(
    sample_entry,
    n=st.integers(1, 10**8),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001 - made aware
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    ),
    by=codes,
    subject=st.builds(Subject, st.sampled_from(["ticket", "parked"]), codes),
    why=st.none() | codes,
    source=st.none() | codes,
    details=st.dictionaries(
        st.text("abc_", min_size=1, max_size=5).filter(lambda name: name[0] != "_"),
        codes | st.integers(-999_999, 999_999),
        max_size=5,
    ),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(entry=entries)
def test_an_entry_comes_back_from_its_document(entry: Any) -> None:
    for key in (KEY, None):
        link = Link.of(entry, genesis("intake"), key)

        assert from_doc(to_doc(link)) == link
    assert to_doc(link)["_id"] == f"intake/{entry.n}"


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"_id": "intake/2"},
        {"_id": 7},
        {"made_by": "router"},
        {"subject": {"kind": "ticket", "id": "V2XB22EF", "name": "x"}},
        {"subject": "ticket"},
        {"subject": None},
        {"details": None},
        {"details": ["a"]},
        {"n": "1"},
        {"n": 1.0},
        {"n": None},
        {"at": None},
        {"by": "王女士"},
        *({name: ...} for name in to_doc(Link.of(sample_entry(), ""))),
    ],
    ids=str,
)
def test_a_document_that_holds_anything_else_is_no_entry(changes: dict[str, Any]) -> None:
    doc = to_doc(Link.of(sample_entry(), genesis("intake"))) | changes
    whole = {name: value for name, value in doc.items() if value is not ...}

    with pytest.raises(ValueError, match=r"."):
        from_doc(whole)
