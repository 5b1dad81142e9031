"""What an exchange sends is read whatever it is; what cannot be trusted is counted, not guessed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.telephony.exchange.translate import Translator
from services.telephony.exchange.translate_blocks import LONGEST, Block, BlockReader
from services.telephony.exchange.translate_channels import MOST_CHANNELS
from services.telephony.exchange.translate_clock import SET_ANEW, time_of
from services.telephony.exchange.translate_document import ExchangeDocument
from services.telephony.exchange.translate_recording import heard_in, read_recording
from shared.calls.agents import Membership
from shared.calls.facts import EndedBy, Fact, Kind
from shared.calls.fold import fold_all
from shared.calls.gaps import Gap, Why
from shared.calls.outcomes import Outcome
from tests.calls.made import at
from tests.calls.recordings import callers, described, document, stream


def stamp(when: datetime) -> str:
    return f"{int(when.timestamp())}.{when.microsecond:06}"


def event(
    name: str, seconds: float, id: str = "1.0", device: str = "PJSIP/trunk-a", **more: str
) -> Block:
    return {
        "Event": name,
        "Timestamp": stamp(at(seconds)),
        "Channel": f"{device}-0000000a",
        "Uniqueid": id,
        "Linkedid": more.pop("Linkedid", id),
        **more,
    }


def newcomer(seconds: float, id: str = "1.0", did: str = "4000000001", **more: str) -> Block:
    return event("Newchannel", seconds, id, ChannelState="4", Exten=did, **more)


def told(
    blocks: list[Block],
    translator: Translator | None = None,
    document_: ExchangeDocument | None = None,
) -> list[Fact | Gap]:
    listener = translator or Translator(document_ or document())
    told = [each for block in blocks for each in listener.take(block, _heard(block))]
    return [each for each in told if isinstance(each, Fact | Gap)]


def _heard(block: Block) -> datetime:
    return time_of(block.get("Timestamp", "")) or at(0)


def facts(blocks: list[Block], **about: Any) -> list[Fact]:
    return [each for each in told(blocks, **about) if isinstance(each, Fact)]


def test_a_stream_may_be_cut_anywhere_in_the_middle_of_a_letter_too() -> None:
    whole = stream("numbers")
    at_letter = whole.index("王女士".encode())
    piece = whole[at_letter - 2_000 : at_letter + 2_000]
    expected = list(BlockReader().feed(piece))

    assert any("王女士" in block.values() for block in expected)
    for cut in range(1_990, 2_020):
        reader = BlockReader()
        assert [*reader.feed(piece[:cut]), *reader.feed(piece[cut:])] == expected
    single = BlockReader()
    assert [b for n in range(len(piece)) for b in single.feed(piece[n : n + 1])] == expected


@pytest.mark.parametrize("size", [1, 7, 1_460, 65_536])
def test_a_connection_reads_what_a_recording_does(size: int) -> None:
    whole, reader = stream("two-queues").replace(b"\n", b"\r\n"), BlockReader()
    pieces = (whole[n : n + size] for n in range(0, len(whole), size))
    read = [block for piece in pieces for block in reader.feed(piece)]

    assert read == [h.block for h in heard_in(stream("two-queues")) if "Connection" not in h.block]


def test_the_greeting_is_no_part_of_the_first_answer() -> None:
    [block] = BlockReader().feed(
        b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: x\r\n\r\n"
    )

    assert block == {"Response": "Success", "Message": "x"}


def test_a_block_without_an_end_is_left_out_and_takes_no_memory() -> None:
    reader = BlockReader()
    for _ in range(3 * LONGEST // 1_000):
        assert [*reader.feed(b"x" * 1_000)] == []

    assert len(reader._rest) <= LONGEST
    assert [*reader.feed(b"\n\nEvent: A\n\n")] == [{"Event": "A"}]
    assert reader.too_long == 1


def test_of_a_header_that_comes_twice_the_exchanges_own_counts() -> None:
    [block] = BlockReader().feed(b"Uniqueid: 1.0\nUserEvent: A\nUniqueid: 2.0\n\n")

    assert block["Uniqueid"] == "1.0"


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    [block] = BlockReader().feed(b"CallerIDName: \xff\xfe|A, \xe7\x8e\x8b: B\n\n")

    assert block == {"CallerIDName": "\\xff\\xfe|A, 王: B"}


def test_names_and_numbers_that_are_none_change_nothing() -> None:
    rubbish = ["", "<unknown>", "anonymous", "110", "A|B|C", "x, y; z", "王女士", "+" * 500]
    for number in rubbish:
        [offered] = facts([newcomer(0, CallerIDNum=number, CallerIDName=number)])
        assert offered.number == (number if number == "110" else None)
        assert offered.id == facts([newcomer(0)])[0].id


@pytest.mark.parametrize(
    "timestamp", [None, "", "now", "1e9", "1.5", "-1.000000", "99999999999.000000", "1.0000000"]
)
def test_an_event_without_a_time_is_counted_and_tells_nothing(timestamp: str | None) -> None:
    translator, block = Translator(document()), newcomer(0)
    block.pop("Timestamp")
    if timestamp is not None:
        block["Timestamp"] = timestamp

    assert told([block], translator) == []
    assert translator.counts["no_timestamp"] == 1


def test_an_event_of_another_clock_is_counted_and_tells_nothing() -> None:
    translator = Translator(document())
    told([newcomer(0)], translator)
    for off in (timedelta(days=-300), timedelta(hours=2)):
        block = newcomer(1, "2.0", Timestamp=stamp(at(1) + off))
        assert [*translator.take(block, at(1))] == []
    assert [fact.kind for fact in facts([newcomer(2, "3.0")], translator=translator)] == [
        Kind.OFFERED
    ]
    assert translator.counts["another_clock"] == 2


def test_an_exchange_whose_clock_was_set_is_believed_again() -> None:
    translator = Translator(document())
    told([newcomer(0)], translator)
    off = timedelta(hours=5)
    heard = [
        len([*translator.take(newcomer(0, f"{n}.1", Timestamp=stamp(at(n) + off)), at(n))])
        for n in range(SET_ANEW + 5)
    ]

    assert sum(heard) == 6
    assert translator.counts["another_clock"] == SET_ANEW - 1


def test_the_listeners_clock_may_be_days_off() -> None:
    translator = Translator(document())
    for n in range(50):
        assert [*translator.take(newcomer(n * 60, f"{n}.0"), at(n * 60) + timedelta(days=30))]

    assert translator.clock.offset == timedelta(days=30)


def test_of_a_call_that_nobody_knows_facts_are_told_and_no_call_is_made() -> None:
    blocks = [
        event("QueueCallerJoin", 1, Queue="hotline"),
        event("HangupRequest", 2),
        event("Hangup", 3, Cause="16"),
    ]
    heard = facts(blocks)

    assert [fact.kind for fact in heard] == [Kind.QUEUED, Kind.ENDED]
    assert fold_all(heard) == []


@pytest.mark.parametrize(
    "name", ["Newchannel", "Hangup", "BridgeEnter", "AgentConnect", "UserEvent"]
)
def test_an_event_without_its_headers_tells_nothing(name: str) -> None:
    translator = Translator(document())

    assert told([{"Event": name, "Timestamp": stamp(at(0))}], translator) == []
    assert (
        told([{"Event": name, "Timestamp": stamp(at(1)), "Uniqueid": "<unknown>"}], translator)
        == []
    )


def test_what_the_document_does_not_name_is_unknown_and_counted() -> None:
    translator = Translator(document())
    heard = facts(
        [
            newcomer(0, did="999"),
            newcomer(1, "2.0", device="PJSIP/carrier-z"),
            event("QueueCallerJoin", 2, Queue="seventh"),
            event(
                "AgentConnect",
                3,
                Queue="seventh",
                Interface="PJSIP/lobby",
                DestChannel="PJSIP/lobby-0000000b",
                DestUniqueid="3.0",
            ),
        ],
        translator=translator,
    )
    [first, second] = fold_all(heard)

    assert (first.line, first.trunk, first.stays[0].queue) == ("unknown", "a", "seventh")
    assert (first.outcome, first.talks[0].agent) == (None, None)
    assert (second.line, second.trunk) == ("unknown", None)
    assert dict(translator.counts) == {"unknown_line": 2, "unknown_device": 2, "unknown_agent": 1}


def test_a_telephone_that_the_exchange_rings_is_its_own_and_rings_nobody_up() -> None:
    ring = event("DialBegin", 1, DestChannel="PJSIP/lobby-0000000b", DestUniqueid="2.0")
    heard = facts([newcomer(0), ring, newcomer(5, "3.0", device="PJSIP/lobby")])

    assert [call.call for call in fold_all(heard)] == ["1.0"]


def test_an_agent_who_rings_a_colleague_is_no_call() -> None:
    assert facts([newcomer(0, device="PJSIP/8001", did="8002")]) == []


def test_whoever_hangs_up_is_told_from_whoever_is_let_go() -> None:
    translator = Translator(document())
    asked = [newcomer(0), event("HangupRequest", 5), event("Hangup", 5.1, Cause="16")]
    let_go = [newcomer(6), event("SoftHangupRequest", 7), event("Hangup", 7.1, Cause="16")]

    assert facts(asked, translator=translator)[-1].by is EndedBy.CALLER
    assert facts(let_go, translator=translator)[-1].by is EndedBy.SYSTEM


@pytest.mark.parametrize(
    ("cause", "by"),
    [
        ({"Cause": "0"}, EndedBy.CALLER),
        ({"Cause": "127", "TechCause": "487"}, EndedBy.CALLER),
        ({"Cause": "16"}, None),
    ],
)
def test_where_nobody_says_who_asked_to_hang_up_the_cause_does_or_nothing(
    cause: dict[str, str], by: EndedBy | None
) -> None:
    assert facts([newcomer(0), event("Hangup", 7, **cause)])[-1].by is by


def test_one_number_may_be_called_by_several_names_and_several_trunks() -> None:
    given = described()
    given["lines"]["hotline"]["called"].append({"trunk": "b", "did": "+8657188880000"})
    block = newcomer(0, did="+8657188880000", device="PJSIP/trunk-b")
    [offered] = facts([block], document_=ExchangeDocument.model_validate(given))
    [elsewhere] = facts([newcomer(0, did="+8657188880000")])

    assert offered.line == "hotline"
    assert elsewhere.line is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            lambda d: d["lines"]["small"]["called"].append({"trunk": "a", "did": "4000000001"}),
            "one line",
        ),
        (
            lambda d: d["lines"]["small"]["called"].append({"trunk": "z", "did": "1"}),
            "No such trunk",
        ),
        (lambda d: d["trunks"]["a"].update(devices="PJSIP/("), "no pattern"),
        (lambda d: d["agents"].append({"pattern": "x"}), "extension"),
        (lambda d: d.update(secret="x"), "secret"),
        (lambda d: d.update(exchange="a/b"), "exchange"),
        (lambda d: d["user_events"]["left"][0]["how"].update(X="eaten"), "how"),
    ],
)
def test_a_document_that_cannot_be_meant_is_refused(change: Any, named: str) -> None:
    given = described()
    change(given)

    with pytest.raises(ValidationError, match=named):
        ExchangeDocument.model_validate(given)


def test_a_restart_is_told_from_a_lost_line_by_since_when_the_exchange_is_up() -> None:
    for uptime, why in ((5, Why.RESTART), (86_400, Why.CONNECTION)):
        translator = Translator(document())
        told([newcomer(0)], translator)
        translator.connect()
        # What a new connection tells of itself is no sign that the exchange lived before it.
        told([{"Event": "SuccessfulAuth", "Timestamp": stamp(at(59))}], translator)
        [gap] = translator.take({"Event": "FullyBooted", "Uptime": str(uptime)}, at(60))
        assert isinstance(gap, Gap)
        assert (gap.why, gap.began, gap.surveyed) == (why, at(0), why is Why.RESTART)


def test_a_first_connection_has_no_gap_before_it() -> None:
    translator = Translator(document())
    translator.connect()

    assert [*translator.take({"Event": "FullyBooted", "Uptime": "soon"}, at(0))] == []
    assert translator.counts["no_uptime"] == 1


def test_who_is_still_there_is_listed_and_with_whom() -> None:
    translator = Translator(document())
    before = facts([newcomer(0)], translator=translator)
    translator.connect()
    gaps = [*translator.take({"Event": "FullyBooted", "Uptime": "9000"}, at(60))]
    listed = [
        _listed("1.0", "PJSIP/trunk-a-00000001", "1.0", "b1"),
        _listed("2.0", "PJSIP/8002-00000002", "1.0", "b1"),
        {"Event": "CoreShowChannelsComplete", "ActionID": "7"},
    ]
    seen = [each for block in listed for each in translator.take(block, at(60))]
    [call] = fold_all(
        [*before, *(f for f in seen if isinstance(f, Fact))],
        [g for g in [*gaps, *seen] if isinstance(g, Gap)][-1:],
    )

    assert (call.ended_at, call.incomplete, call.agents) == (None, True, ("8002",))


def test_whoever_goes_while_the_list_is_told_is_not_there() -> None:
    translator = Translator(document())
    translator.connect()
    blocks = [
        {"Event": "FullyBooted", "Uptime": "9000"},
        _listed("1.0", "PJSIP/trunk-a-00000001", "1.0", ""),
        _listed("2.0", "PJSIP/trunk-a-00000002", "2.0", ""),
        event("Hangup", 1, "1.0"),
        {"Event": "CoreShowChannelsComplete", "ActionID": "7"},
    ]

    assert {fact.call for fact in facts(blocks, translator=translator)} == {"1.0", "2.0"}
    assert [f.call for f in facts(blocks[1:], translator=translator) if f.kind is Kind.SEEN] == [
        "2.0"
    ]


def _in_queue(agent: str, **said: str) -> Block:
    return {
        "Event": "QueueMember",
        "ActionID": "8",
        "Queue": "hotline",
        "Location": f"PJSIP/{agent}",
        "Status": "1",
        "Paused": "0",
        **said,
    }


def test_who_is_in_the_queues_is_told_when_it_is_asked_and_who_is_not_has_signed_off() -> None:
    translator = Translator(document())
    end = {"Event": "QueueStatusComplete", "ActionID": "8"}
    paused = _in_queue("8002", Paused="1", PausedReason="lunch")

    def standing(*blocks: Block) -> dict[str, tuple[bool, bool, str | None]]:
        said = [each for block in (*blocks, end) for each in translator.take(block, at(5))]
        return {
            each.agent: (each.signed_on, each.paused, each.reason)
            for each in said
            if isinstance(each, Membership)
        }

    on, off = (True, False, None), (False, False, None)
    assert standing(_in_queue("8001"), paused) == {"8001": on, "8002": (True, True, "lunch")}
    assert standing(_in_queue("8001")) == {"8001": on, "8002": off}
    assert standing() == {"8001": off}
    assert standing(_in_queue("nobody", Location="SIP/x")) == {}
    assert translator.counts["unknown_member"] == 1


def test_channels_whose_end_goes_unheard_are_forgotten_in_the_end() -> None:
    translator = Translator(document())
    for n in range(MOST_CHANNELS + 5):
        told([event("Newchannel", n / 1_000, f"{n}.0", ChannelState="0")], translator)

    assert len(translator._channels) == MOST_CHANNELS
    assert translator._channels.forgotten == 5


def test_five_thousand_events_of_a_second_are_read_within_it() -> None:
    """As many as a bus holds in one batch; measured with room, since the machine is shared."""

    blocks = [block for n in range(1_000) for block in _storm(n)]
    began = time.process_time()
    heard = facts(blocks)

    assert len(blocks) == 5_000
    assert time.process_time() - began < 2.5
    calls = fold_all(heard)
    assert {call.outcome for call in calls} == {Outcome.ABANDONED}
    assert len(calls) == 1_000


def test_a_stream_that_names_no_time_of_its_listener_is_read_by_the_exchanges() -> None:
    bare = b"\n".join(line for line in stream("day").split(b"\n") if not line.startswith(b"# recv"))
    there, here = read_recording(bare, document()), read_recording(stream("day"), document())

    assert there.calls == here.calls
    assert len(there.calls) == len(callers("day"))


def _storm(n: int) -> Iterator[Block]:
    id, second = f"{n}.0", n / 1_000
    yield newcomer(second, id)
    yield event("QueueCallerJoin", second + 0.0001, id, Queue="hotline")
    yield event("HangupRequest", second + 0.0002, id)
    yield event("QueueCallerAbandon", second + 0.0003, id, Queue="hotline")
    yield event("Hangup", second + 0.0004, id, Cause="16")


def _listed(id: str, channel: str, linked: str, bridge: str) -> Block:
    return {
        "Event": "CoreShowChannel",
        "ActionID": "7",
        "Uniqueid": id,
        "Channel": channel,
        "Linkedid": linked,
        "BridgeId": bridge,
    }


def test_a_queue_that_rings_an_agent_through_a_wire_has_one_agent_with_one_talk() -> None:
    """As where members are `Local/…`: by Asterisk's documentation, not by a recording."""
    half, whole = "Local/8001@desk-0000000c;", "PJSIP/8001-0000000d"
    blocks = [
        newcomer(0),
        event("QueueCallerJoin", 1, Queue="hotline"),
        _born(2.0, "2.1", f"{half}1"),
        _born(2.1, "2.2", f"{half}2"),
        {
            "Event": "LocalBridge",
            "Timestamp": stamp(at(2.2)),
            "LocalOneChannel": f"{half}1",
            "LocalOneUniqueid": "2.1",
            "LocalTwoChannel": f"{half}2",
            "LocalTwoUniqueid": "2.2",
        },
        _born(2.3, "2.3", whole),
        event(
            "AgentConnect",
            5,
            Interface="Local/8001@desk",
            DestChannel=f"{half}1",
            DestUniqueid="2.1",
        ),
        _enters(5.01, "1.0", "PJSIP/trunk-a-0000000a", "b1"),
        _enters(5.02, "2.1", f"{half}1", "b1"),
        _enters(5.03, "2.2", f"{half}2", "b2"),
        _enters(5.04, "2.3", whole, "b2"),
        {**event("HangupRequest", 65, "2.3"), "Channel": whole, "Cause": "16"},
        event("Hangup", 65.1, Cause="16"),
    ]
    [call] = fold_all(facts(blocks))

    assert (call.outcome, call.agent, call.agents) == (Outcome.ANSWERED, "8001", ("8001",))
    assert call.handle_s == pytest.approx(60.1, abs=0.01)
    assert call.ended_by is EndedBy.AGENT


def test_calls_that_run_at_once_do_not_slow_each_other_down() -> None:
    blocks = [newcomer(n / 1_000, f"{n}.0") for n in range(1_500)]
    for n in range(1_500):
        blocks.append(_enters(2 + n / 1_000, f"{n}.0", "PJSIP/trunk-a-0000000a", f"b{n}"))
        blocks.append(
            _enters(2 + (n + 0.5) / 1_000, f"{n}.1", f"PJSIP/8{n % 100:03}-0000000b", f"b{n}")
        )
    began = time.process_time()
    joined = [fact for fact in facts(blocks) if fact.kind is Kind.JOINED]

    assert len(joined) == 1_500
    assert time.process_time() - began < 2.5


def _born(seconds: float, id: str, channel: str) -> Block:
    return {
        "Event": "Newchannel",
        "Timestamp": stamp(at(seconds)),
        "Channel": channel,
        "ChannelState": "0",
        "Uniqueid": id,
        "Linkedid": "1.0",
    }


def _enters(seconds: float, id: str, channel: str, bridge: str) -> Block:
    return {
        "Event": "BridgeEnter",
        "Timestamp": stamp(at(seconds)),
        "Channel": channel,
        "Uniqueid": id,
        "Linkedid": id if id.endswith(".0") else "x",
        "BridgeUniqueid": bridge,
    }


def test_a_number_without_an_area_code_is_of_its_trunks_own() -> None:
    described_by = document()
    [trunk] = [name for name, each in described_by.trunks.items() if each.area_code][:1]
    area = described_by.trunks[trunk].area_code
    assert described_by.whole_number(trunk, "00000125") == f"{area}00000125"
    for whole in ("13800138000", "057100000123", "+8657100000124", "12345", "110"):
        assert described_by.whole_number(trunk, whole) == whole
    for word in ("anonymous", "", "+", "A|B|C", "1" * 40):
        assert described_by.whole_number(trunk, word) is None
    assert described_by.whole_number(None, "00000125") == "00000125"
