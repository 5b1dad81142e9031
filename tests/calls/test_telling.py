"""What is told on the bus is heard as it was told, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.telephony.exchange.translate_recording import facts_in, members_in
from shared.calls.facts import Kind
from shared.calls.gaps import Gap, Why
from shared.calls.listening import SETTLED, Listening, gaps_in, summed_up
from shared.calls.telling import KEYS, Tellable, heard, key_of, told
from shared.contracts import MalformedMessage
from tests.calls.made import at, fact
from tests.calls.recordings import WHOLE, document, stream

GAP = Gap(
    exchange="x",
    listener="1",
    why=Why.RESTART,
    began=at(5),
    ended=at(9),
    surveyed=True,
    offers_from=at(4),
)


def listens(since: float, until: float, listener: str = "1", **said: Any) -> Listening:
    return Listening(exchange="x", listener=listener, since=at(since), until=at(until), **said)


@pytest.mark.parametrize("run", [*WHOLE, "restart"])
def test_every_fact_of_a_recording_is_heard_as_it_was_told(run: str) -> None:
    facts, _, _ = facts_in(stream(run), document())
    members, reached = members_in(stream(run), document())
    values: list[Tellable] = [*facts, *members, *reached]
    assert values
    for value in values:
        key, body = told(value)
        assert key in KEYS
        assert heard(body) == value


def test_a_listeners_words_are_heard_as_they_were_told() -> None:
    for word in (
        listens(0, 3.000001),
        listens(9, 20, booted_at=at(7), surveyed=True, gap=GAP, clock_offset_s=-0.25, lines=("a",)),
        listens(9, 21, connected=False),
    ):
        key, body = told(word)
        assert key == key_of(word) == ("pbx.connected" if word.connected else "pbx.lost")
        assert heard(body) == word


def test_a_body_is_a_cloud_event_without_empty_fields() -> None:
    key, body = told(fact(Kind.OFFERED, 1.5, number="13800138000"))
    found = orjson.loads(body)
    assert key == "call.offered"
    assert found["source"] == "/pbx/x"
    assert found["type"] == "hotline.call.offered.v1"
    assert found["time"] == "2026-12-01T09:00:01.500000Z"
    assert found["data"] == {"call": "1.0", "number": "13800138000"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time": None}, "time"),
        ({"time": "2026-12-01T09:00:00"}, "time"),
        ({"type": "hotline.call.offered.v2"}, "type"),
        ({"type": "hotline.ticket.report.v1"}, "type"),
        ({"id": "y/Newchannel/1/1.0"}, "id"),
        ({"id": "x/Newchannel/soon/1.0"}, "id"),
        ({"source": "/iot/x"}, "source"),
        ({"more": 1}, "more"),
        ({"data": {"call": "1.0", "name": "Wang"}}, "data.name"),
        ({"data": {}}, "data.call"),
        ({"data": {"call": "1.0", "party": "nobody"}}, "data.party"),
        ({"data": {"call": "1.0", "line": "13800138000"}}, "data.line"),
        ({"data": None}, "data"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(
    change: dict[str, Any], field: str
) -> None:
    _, body = told(fact(Kind.OFFERED, 1, number="13800138000"))
    found = orjson.loads(body) | change
    found = {name: each for name, each in found.items() if each is not None}
    with pytest.raises(MalformedMessage) as refused:
        heard(orjson.dumps(found))
    assert [fault.field for fault in refused.value.faults] == [field]
    assert "13800138000" not in str(refused.value)


@pytest.mark.parametrize("offset", [1e300, -3.2e8, 3.2e8])
def test_a_clock_that_is_more_than_ten_years_off_is_none_to_reckon_with(offset: float) -> None:
    _, body = told(listens(9, 20, clock_offset_s=offset))
    with pytest.raises(MalformedMessage) as refused:
        heard(body)
    assert [fault.field for fault in refused.value.faults] == ["data.clock_offset_s"]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b"x" * 70_000])
def test_rubbish_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        heard(body)


def test_what_no_listener_says_it_heard_is_a_gap_whoever_died_without_a_word() -> None:
    one = [listens(0, 10), listens(0, 50)]
    two = [listens(5, 90, "2"), listens(100, 150, "2", surveyed=True)]
    [gap] = gaps_in(one + two)
    assert (gap.began, gap.ended, gap.why, gap.surveyed) == (at(90), at(100), Why.CONNECTION, True)
    assert gaps_in([*one, *two, listens(60, 140)]) == []
    assert gaps_in([*reversed(one + two), *two]) == [gap]


def test_many_words_summed_up_tell_the_same_gaps() -> None:
    words = [
        listens(0, 10),
        listens(0, 20, connected=False),
        listens(0, 20),
        listens(30, 40, surveyed=True, lines=("a",)),
        listens(30, 90),
        listens(5, 22, "2"),
    ]
    few = summed_up(words, timedelta(hours=1))
    assert len(few) == 3
    assert gaps_in(few) == gaps_in(words) != []
    assert summed_up(reversed(words), timedelta(hours=1)) == few
    assert [word.until for word in summed_up(words, timedelta(seconds=1))] == [at(90)]


def test_a_gap_counts_when_the_others_have_had_time_to_say_that_they_heard() -> None:
    first = listens(0, 10)
    soon = SETTLED.total_seconds()
    assert gaps_in([first, listens(20, 20 + soon - 1)]) == []
    assert len(gaps_in([first, listens(20, 20 + soon)])) == 1


def test_an_exchange_that_is_up_since_within_the_gap_was_restarted() -> None:
    [gap] = gaps_in([listens(0, 10), listens(20, 60, booted_at=at(15))])
    assert gap.why is Why.RESTART
    assert gap.surveyed
    [gap] = gaps_in([listens(0, 10), listens(20, 60, booted_at=at(-900))])
    assert gap.why is Why.CONNECTION


def test_a_listener_that_knows_what_it_missed_says_it_to_the_moment() -> None:
    known = Gap(
        exchange="x",
        listener="1",
        why=Why.CONNECTION,
        began=at(14),
        ended=at(20),
        surveyed=False,
        offers_from=at(13),
    )
    [gap] = gaps_in([listens(0, 10), listens(20, 60, gap=known)])
    assert (gap.began, gap.ended) == (at(14), at(20))
    assert gap.hides(at(14) - timedelta(seconds=1)) is False
