"""Every event has a sample that is read for ever, and what cannot be read says why."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import (
    ContractError,
    Envelope,
    MalformedMessage,
    UnknownEvent,
    known_events,
    read_envelope,
    routing_key,
)
from shared.contracts.intake import TicketClosed
from shared.contracts.router import EmergencyStarted

SAMPLES = Path(__file__).parents[1] / "data" / "events"
KNOWN = sorted(known_events())
NOW = datetime(2026, 11, 23, 1, 0, 0, 123_000, tzinfo=UTC)


def file_of(event_type: str) -> Path:
    name, _, version = event_type.removeprefix("hotline.").rpartition(".")
    return SAMPLES / f"{name}.{version}.json"


def sample(event_type: str = "hotline.ticket.closed.v1") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file_of(event_type).read_text("utf-8"))
    return found


def body(**changes: Any) -> bytes:
    return json.dumps({**sample(), **changes}).encode()


def test_every_event_has_a_sample() -> None:
    missing = [file_of(event).name for event in KNOWN if not file_of(event).exists()]

    assert not missing, f"write a sample of each new event into {SAMPLES.name}: {missing}"


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_a_sample_is_read_for_ever(path: Path) -> None:
    """A sample of an event that is no longer said stays: its messages may wait in a queue."""
    raw = json.loads(path.read_text("utf-8"))

    envelope = read_envelope(path.read_bytes())
    event = envelope.event()

    assert envelope.type == f"hotline.{path.stem}"
    assert event.event_type() == envelope.type
    found = event.model_dump(mode="json")
    for field, value in raw["data"].items():
        assert found[field] == value, field


@pytest.mark.parametrize("event_type", KNOWN)
def test_a_sample_names_every_field_its_event_has_today(event_type: str) -> None:
    assert set(known_events()[event_type].model_fields) == set(sample(event_type)["data"])


@pytest.mark.parametrize("event_type", KNOWN)
def test_an_event_holds_ids_and_facts_and_nobody_s_words(event_type: str) -> None:
    """Promise 9: whoever adds such a field has to think twice."""
    personal = {"name", "phone", "text", "room", "address", "caller", "contact", "note", "mail"}

    assert not personal & set(known_events()[event_type].model_fields)


@pytest.mark.parametrize("event_type", KNOWN)
def test_an_event_is_frozen_and_ignores_what_a_newer_publisher_adds(event_type: str) -> None:
    kind = known_events()[event_type]
    facts = sample(event_type)["data"]

    event = kind.model_validate(facts | {"added_later": "x"})

    assert event == kind.model_validate(facts)
    with pytest.raises(ValueError, match="frozen"):
        event.number = "other"  # type: ignore[attr-defined]  # every event has one


@pytest.mark.parametrize("event_type", KNOWN)
def test_an_event_comes_through_the_wire_unchanged(event_type: str) -> None:
    event = known_events()[event_type].model_validate(sample(event_type)["data"])
    sealed = Envelope.seal(
        event, id="ticket/JY0001/5/0", source="/hotline/intake", subject="JY0001",
        lane="routine", time=NOW,
    )  # fmt: skip

    read = read_envelope(sealed.to_body())

    assert read == sealed
    assert read.event() == event


def test_the_envelope_is_cloudevents_with_its_lane_and_our_id() -> None:
    event = TicketClosed(number="JY0001", outcome="told")
    sealed = Envelope.seal(
        event, id="ticket/JY0001/5/0", source="/hotline/intake", subject="JY0001",
        lane="urgent", time=NOW,
    )  # fmt: skip
    raw = json.loads(sealed.to_body())

    assert {key: raw[key] for key in raw if key != "data"} == {
        "specversion": "1.0",
        "id": "ticket/JY0001/5/0",
        "source": "/hotline/intake",
        "type": "hotline.ticket.closed.v1",
        "time": "2026-11-23T01:00:00.123000Z",
        "subject": "JY0001",
        "lane": "urgent",
        "datacontenttype": "application/json",
    }


@pytest.mark.parametrize(
    ("name", "lane", "key"),
    [
        ("ticket.registered", "routine", "ticket.registered.routine"),
        (EmergencyStarted.name, "urgent", "emergency.started.urgent"),
        ("work_order.handed_over", "urgent", "work_order.handed_over.urgent"),
    ],
)
def test_the_routing_key_is_family_event_and_lane(name: str, lane: Any, key: str) -> None:
    assert routing_key(name, lane) == key
    assert read_envelope(body(type=f"hotline.{name}.v1", lane=lane)).routing_key == key


@pytest.mark.parametrize(
    "event_type",
    ["hotline.ticket.closed.v2", "hotline.ticket.lost.v1", "com.example.thing", ""],
)
def test_an_unknown_type_or_version_says_so(event_type: str) -> None:
    with pytest.raises(UnknownEvent) as caught:
        read_envelope(body(type=event_type)).event()

    assert caught.value.reason == "unknown_event"
    assert event_type in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (body()[:-20], "body"),
        (b"\xff\xfe", "body"),
        ('{"id": "中"}'.encode("gb18030"), "body"),
        (b"[" * 5000, "body"),
        (b"null", "envelope"),
        (b"[]", "envelope"),
        (b"{}", "envelope.id"),
        (body(time="2026-11-23T09:00:00"), "envelope.time"),
        (body(time="yesterday"), "envelope.time"),
        (body(lane="express"), "envelope.lane"),
        (body(data=[]), "envelope.data"),
        (body(specversion="0.3"), "envelope.specversion"),
        (body(id=None), "envelope.id"),
    ],
)
def test_a_damaged_envelope_names_the_field(raw: bytes, field: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_envelope(raw)

    assert field in [fault.field for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"outcome": "13800138000"}, "data.outcome"),
        ({"number": None}, "data.number"),
        ({"round": "第一"}, "data.round"),
        ({"urgency": "13800138000"}, "data.urgency"),
    ],
)
def test_damaged_data_name_the_field_and_never_the_value(facts: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_envelope(body(data=sample()["data"] | facts)).event()

    assert [fault.field for fault in caught.value.faults] == [field]
    assert "13800138000" not in str(caught.value)


@pytest.mark.parametrize("event_type", KNOWN)
def test_the_digest_of_an_event_is_the_same_after_it_was_sent(event_type: str) -> None:
    event = read_envelope(file_of(event_type).read_bytes()).event()
    sealed = Envelope.seal(
        event, id="ticket/1/1/0", source="/hotline/intake", subject="1", lane="routine", time=NOW
    )

    assert read_envelope(sealed.to_body()).digest() == sealed.digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "ticket/JY0001/8/0"},
        {"type": "hotline.ticket.answered.v1"},
        {"time": "2026-11-23T01:00:01Z"},
        {"lane": "urgent"},
        {"data": {**sample()["data"], "outcome": "no_contact"}},
        {"data": {**sample()["data"], "number": "JY0002"}},
        {"data": {**sample()["data"], "another": None}},
    ],
    ids=["id", "type", "time", "lane", "a fact", "what it is about", "one more fact"],
)
def test_an_event_that_says_anything_else_has_another_digest(changes: dict[str, Any]) -> None:
    usual = body(id="ticket/JY0001/7/0", lane="routine", time="2026-11-23T01:00:00Z")
    other = json.dumps({**json.loads(usual), **changes}).encode()

    assert read_envelope(other).digest() != read_envelope(usual).digest()


def test_what_a_later_release_adds_to_the_envelope_changes_no_digest() -> None:
    assert read_envelope(body(sequence=7)).digest() == read_envelope(body()).digest()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.binary()
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from([*sample(), "extra"]), JSON).map(lambda more: body(**more))
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_arrives_is_an_event_or_a_contract_error(raw: bytes) -> None:
    with suppress(ContractError):
        assert read_envelope(raw).event().event_type() in KNOWN
