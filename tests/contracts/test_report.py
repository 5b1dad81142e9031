"""Reports from outside: strict for routine work, lenient for what may be an emergency."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import MalformedMessage
from shared.contracts.json_body import MAX_BODY_BYTES, MAX_DEPTH, read_json_object
from shared.contracts.report import (
    MAX_TEXT,
    TicketReport,
    read_leniently,
    read_strictly,
)

PHONE = "13800138000"
FULL: dict[str, Any] = {
    "estate": "jinyuan",
    "text": "三号楼电梯困人了，快来人",
    "caller": {"name": "王女士", "phone": PHONE, "role": "owner", "room": "3-1-502"},
    "type": "repair",
    "area": "elevator",
    "location": "3号楼",
    "channel": "phone",
    "reported_at": "2026-11-23T08:00:00+08:00",
    "external_id": "pbx-1",
    "attachments": [],
}
LEAST = {"text": "电梯困人了", "estate": "jinyuan"}
HANGS = pytest.mark.timeout(150)
"""A reader that never ends is the worst answer to a strange report."""


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def emptied() -> dict[str, Any]:
    """What is left of a nest that is deeper than anybody needs."""
    left: dict[str, Any] = {"a": None}
    for _ in range(MAX_DEPTH - 2):
        left = {"a": left}
    return left


@pytest.mark.parametrize("raw", [FULL, LEAST, {**LEAST, "estate": None, "address": "锦园3号楼"}])
def test_a_good_report_is_read_alike_by_both_readers(raw: dict[str, Any]) -> None:
    assert read_leniently(raw) == (read_strictly(raw), ())


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "JSON"),
        (json.dumps(FULL).encode()[:-9], "JSON"),
        ("电梯困人了".encode(), "JSON"),
        ('{"text":"电梯困人了"}'.encode("gb18030"), "JSON"),
        (b'{"text":"\xed\xa0\x80"}', "JSON"),
        (b'{"text":"\\ud800"}', "JSON"),
        (b'{"text":NaN}', "JSON"),
        (b'{"text":"x","n":Infinity}', "JSON"),
        (b"{'text':'x'}", "JSON"),
        (b'{"text":"x"}{"text":"y"}', "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"null", "JSON object"),
        (b'"text"', "JSON object"),
        (b'[{"text":"x"}]', "JSON object"),
        (b'{"text":"' + b"x" * MAX_BODY_BYTES + b'"}', "bytes"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, fault: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_json_object(body)

    assert caught.value.faults[0].field == "body"
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (nested(3), {"a": {"a": {"a": 1}}}),
        (b'{"text":"x","a":' + nested(MAX_DEPTH + 9) + b"}", {"text": "x", "a": emptied()}),
        (b'{"text":"first","text":"last"}', {"text": "last"}),
        (b'{"text":"x"}  \n', {"text": "x"}),
        (b'{"n":1e400}', None),
        (b'{"n":123456789012345678901234567890}', None),
        (json.dumps({"text": "x" * 100_000}).encode(), {"text": "x" * 100_000}),
    ],
)
def test_an_odd_json_object_is_read_or_refused_but_never_breaks(
    body: bytes, found: dict[str, Any] | None
) -> None:
    try:
        read = read_json_object(body)
    except MalformedMessage:
        assert found is None
    else:
        assert found is None or read == found


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": None}, "text"),
        ({"text": 7}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n\t "}, "text"),
        ({"text": "\x00\x07"}, "text"),
        ({"text": "\u200b\u3164\ufffd"}, "text"),
        ({"text": "x" * (MAX_TEXT + 1)}, "text"),
        ({"type": "wish"}, "type"),
        ({"channel": "carrier pigeon"}, "channel"),
        ({"channel": None}, "channel"),
        ({"reported_at": "2026-11-23T08:00:00"}, "reported_at"),
        ({"reported_at": "yesterday"}, "reported_at"),
        ({"due_by": True}, "due_by"),
        ({"caller": "王女士"}, "caller"),
        ({"caller": ["王女士"]}, "caller"),
        ({"caller": {"name": 1}}, "caller.name"),
        ({"caller": {"role": "king"}}, "caller.role"),
        ({"caller": {"phone": "1" * 41}}, "caller.phone"),
        ({"caller": {"surname": "王"}}, "caller.surname"),
        ({"on_site_contact": {"name": []}}, "on_site_contact.name"),
        ({"attachments": "one"}, "attachments"),
        ({"attachments": [1]}, "attachments.0"),
        ({"attachments": ["a"] * 21}, "attachments"),
        ({"confidential": "perhaps"}, "confidential"),
        ({"estate": {"id": "jinyuan"}}, "estate"),
        ({"estate": None}, "estate"),
        ({"location": "x" * 201}, "location"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_the_strict_reader_names_the_field_at_fault(change: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_strictly(FULL | change)

    assert [fault.field for fault in caught.value.faults] == [field]


@HANGS
@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"type": "wish"}, ["type"]),
        ({"reported_at": "2026-11-23T08:00:00"}, ["reported_at"]),
        ({"caller": "王女士"}, ["caller"]),
        ({"attachments": [1, 2]}, ["attachments.0", "attachments.1"]),
        ({"unknown": 1}, ["unknown"]),
        ({"field_2": 1}, ["(unnamed)"]),
        ({"": 1}, ["(unnamed)"]),
        ({"a.b": 1}, ["(unnamed)"]),
        ({"text.x": 1}, ["(unnamed)"]),
        ({PHONE: 1}, ["(unnamed)"]),
        ({"王女士": 1}, ["(unnamed)"]),
        ({"estate": 3}, ["estate", "estate"]),
        ({"type": 1, "area": [], "location": {}}, ["area", "location", "type"]),
    ],
)
def test_the_lenient_reader_keeps_everything_but_what_is_at_fault(
    change: dict[str, Any], faults: list[str]
) -> None:
    report, found = read_leniently(FULL | change)

    assert sorted(fault.field for fault in found) == faults
    kept = {k: v for k, v in FULL.items() if k not in change}
    wanted = TicketReport.model_validate(kept)
    assert report == wanted


@HANGS
@pytest.mark.parametrize(
    ("caller", "kept"),
    [
        ({"name": "王女士", "phone": 1}, {"name": "王女士"}),
        ({"name": ["王"], "phone": PHONE}, {"phone": PHONE}),
        ({"phone": PHONE, "role": "king", "surname": "王"}, {"phone": PHONE}),
        ({"phone": PHONE, PHONE: 1}, {"phone": PHONE}),
        ({"phone": PHONE, "flat.no": 1}, {"phone": PHONE}),
    ],
)
def test_of_a_person_only_the_bad_field_is_dropped(
    caller: dict[str, Any], kept: dict[str, Any]
) -> None:
    """The number to ring back must not be lost for a misspelt role."""
    report, faults = read_leniently({**LEAST, "caller": caller})

    assert report.caller is not None
    assert report.caller.model_dump(exclude_none=True) == kept
    assert faults


@HANGS
@pytest.mark.parametrize(
    "text", [None, 1, [], {}, "", "  \n", "\x00", "\x00\x07 \x1b", "\ud800", " \u0000 "]
)
def test_without_words_there_is_nothing_to_act_on(text: Any) -> None:
    with pytest.raises(MalformedMessage, match="text"):
        read_leniently({**LEAST, "text": text})


@HANGS
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("电梯\x00困人\x07了", "电梯困人了"),
        ("\x1b[31m救命\x1b[0m", "[31m救命[0m"),
        ("两行\n还有\t制表", "两行\n还有\t制表"),
        ("救\ud800命", "救命"),
        ("救" * (MAX_TEXT + 5), "救" * MAX_TEXT),
        (" " * MAX_TEXT + "救命", "救命"),
        ("\x00" * MAX_TEXT + "救命", "救命"),
    ],
)
def test_the_words_are_kept_without_control_characters_and_within_the_limit(
    text: str, read: str
) -> None:
    report, faults = read_leniently({**LEAST, "text": text})

    assert (report.text, faults) == (read, ())


def test_a_missing_place_is_a_fault_but_no_reason_to_refuse() -> None:
    report, faults = read_leniently({"text": "电梯困人了"})

    assert report.text == "电梯困人了"
    assert [fault.field for fault in faults] == ["estate"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SECRET = st.sampled_from(["王小明", PHONE, "3-1-502", "沪A12345"])
HINTED = st.sampled_from([*TicketReport.model_fields, "field_1", PHONE, "王小明"])
PERSON = st.dictionaries(
    st.sampled_from(["name", "phone", "role", "room", "x1", PHONE]), JSON | SECRET
)


@HANGS
@given(st.dictionaries(HINTED | st.text(), JSON | SECRET | PERSON, max_size=8))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_the_lenient_reader_reads_or_says_malformed_and_never_repeats_a_value(
    raw: dict[str, Any],
) -> None:
    try:
        report, faults = read_leniently(raw)
    except MalformedMessage as error:
        told = str(error)
        words = raw.get("text")
        assert not isinstance(words, str) or not words.isalnum()
    else:
        told = "; ".join(map(str, faults))
        assert report.text.strip()
    for secret in ("王小明", PHONE, "3-1-502", "沪A12345"):
        assert secret not in told


@given(st.dictionaries(HINTED | st.text(), JSON | SECRET | PERSON, max_size=8))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_strict_reader_never_repeats_a_value(raw: dict[str, Any]) -> None:
    try:
        read_strictly(raw)
    except MalformedMessage as error:
        told = "; ".join(map(str, (error, *error.faults)))
        assert all(secret not in told for secret in ("王小明", PHONE, "3-1-502", "沪A12345"))
