"""Never refused begins at the bytes: what can be read of a body is judged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.contracts import MalformedMessage
from shared.contracts.json_body import read_any_json_object, read_json_object, without_halves

CRY = {"estate": "jinyuan", "text": "三号楼电梯困人了，快来人"}
TRADITIONAL = {"estate": "jinyuan", "text": "電梯困人了，快來人"}
PLAIN = json.dumps(CRY, ensure_ascii=False)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("gb18030"),
        PLAIN.encode("gbk"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        PLAIN.encode() + b"\x00",
        PLAIN.encode() + b"\r\n\x00\x00",
    ],
)
def test_a_body_in_another_dress_says_the_same(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_json_object(body)

    found, faults = read_any_json_object(body)

    assert found == CRY
    assert [fault.field for fault in faults] == ["body"]


@pytest.mark.parametrize("codec", ["gb18030", "big5"])
def test_one_broken_byte_of_another_encoding_costs_its_character(codec: str) -> None:
    words = {"gb18030": "三号楼电梯里困了两个人，快来", "big5": "三號樓電梯裡困了兩個人，快來"}[
        codec
    ]
    begin, end = (part.encode(codec) for part in ('{"text":"' + words, '快來"}'))

    read = read_any_json_object(begin + b"\xff" + end)[0]["text"]

    assert read.startswith(words)


@pytest.mark.parametrize("codec", ["big5", "big5hkscs", "gb18030", "utf-16"])
def test_traditional_characters_are_read_in_the_codes_they_are_written_in(codec: str) -> None:
    body = json.dumps(TRADITIONAL, ensure_ascii=False).encode(codec)

    assert read_any_json_object(body)[0] == TRADITIONAL


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"text":"\\u7535\\u68af\\u56f0\\u4eba\\ud83c"}', "电梯困人\ufffd"),
        (b'{"text":"\\udc00\\u7535\\u68af\\u56f0\\u4eba"}', "\ufffd电梯困人"),
        (b'{"text":"\\u7535\\u68af\\ud83d\\ude00\\u56f0\\u4eba\\ud83c"}', "电梯😀困人\ufffd"),
        ('{"text":"电梯困人'.encode() + b'\xf0\x9f"}', "电梯困人\ufffd"),
        ('{"text":"电梯困人'.encode() + b'\xed\xa0\xbc"}', "电梯困人\ufffd\ufffd\ufffd"),
        ('{"text":"电梯\n困\x01人"}'.encode(), "电梯\n困\x01人"),
        ('{"text":"电梯困人","x":NaN}'.encode(), "电梯困人"),
        ('{"text":"电梯困人","x":[Infinity,-Infinity,1e400]}'.encode(), "电梯困人"),
        (('{"text":"电梯困人","x":' + "9" * 5_000 + "}").encode(), "电梯困人"),
    ],
)
def test_what_is_broken_costs_itself_alone(body: bytes, words: str) -> None:
    found, faults = read_any_json_object(body)

    assert found["text"] == words
    assert [fault.field for fault in faults] == ["body"]
    json.dumps(found).encode()  # anybody can write and read it from here on
    assert "NaN" not in json.dumps(found)
    assert "Infinity" not in json.dumps(found)


def test_a_body_without_fault_is_read_without_one() -> None:
    assert read_any_json_object(PLAIN.encode()) == (CRY, ())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        "电梯困人了".encode(),
        PLAIN.encode()[:-9],
        b"\xff\xfe",
        b"\xff\xfe\x00",
        b"[" * 100_000 + b"NaN",
        b'{"a":' * 100_000 + b"NaN" + b"}" * 100_000,
        b'[{"text":"\\ud83c"}]',
        bytes(range(256)) * 100,
    ],
)
def test_a_body_that_is_no_object_in_any_dress_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_any_json_object(body)

    assert caught.value.faults[0].field == "body"


def test_no_fault_repeats_what_it_was_found_in() -> None:
    body: Any = '{"text":"王小明 13800138000 \\ud83c"}'.encode()

    told = str(read_any_json_object(body)[1][0])

    assert "王小明" not in told
    assert "13800138000" not in told


def test_a_half_of_a_character_is_replaced_and_nothing_else_is_read_anew() -> None:
    found = {"note": "着火\ud83c", "n": 10**20, "in": ["\udfff", "👍"]}

    assert without_halves(found) == {"note": "着火\ufffd", "n": 10**20, "in": ["\ufffd", "👍"]}
    assert without_halves(whole := {"note": "着火"}) is whole
