"""Bytes from outside as one JSON object: strictly, or whatever can be read of them.

`read_json_object` is what a publisher is held to. `read_any_json_object` is for what may be a cry
for help, which must not be lost for half an emoji or an old machine's encoding.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any, Final

import orjson

from shared.contracts.errors import Fault, MalformedMessage

MAX_BODY_BYTES: Final = 256 * 1024
"""A long letter is 20 kB; more than this is a mistake or an attack."""
MAX_REWRITTEN_BYTES: Final = 8 * MAX_BODY_BYTES
"""What our own queues take: a body that is read and written again may grow, a control character to
six bytes and a Chinese one of GB 18030 to three.
"""
MAX_DEPTH: Final = 12
CHINESE_CODECS: Final = ("gb2312", "big5hkscs", "gb18030")
"""The narrowest first: GB 18030 takes nearly all bytes of Big5 for characters of its own."""
HALF: Final = re.compile("[\ud800-\udfff]")
REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
EXACT_DIGITS: Final = 20
"""Longer whole numbers fit no field; to read thousands of digits exactly costs their square."""
WAY_OUT: Final = "send one JSON object in UTF-8, without byte-order mark, NaN or half characters"


def read_json_object(body: bytes, *, at_most: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """Read one JSON object, emptied below MAX_DEPTH; raises MalformedMessage for any other body,
    and for one of more bytes.
    """
    _check_size(body, at_most)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedMessage("body", "is not UTF-8 JSON", WAY_OUT) from error
    return _object(found)


def read_any_json_object(body: bytes) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """Read what can be read, and the fault of a body that `read_json_object` would refuse.

    Another encoding is recognised, half characters and numbers that are none are replaced. Raises
    MalformedMessage for what is no JSON object in any dress.
    """
    _check_size(body, MAX_BODY_BYTES)
    try:
        return _object(orjson.loads(body)), ()
    except orjson.JSONDecodeError:
        text, codec = _decoded(body)
        how = f"is not plain UTF-8 JSON and was read as {codec}, as far as it can be"
        return _object(_read_loosely(text)), (damaged(how),)


def without_halves(found: Any) -> Any:
    """The same value with each half of a character replaced: it cannot be written, kept or
    published, and a question mark would ask.
    """
    text = json.dumps(found, ensure_ascii=False)
    return json.loads(HALF.sub(REPLACED, text)) if HALF.search(text) else found


def damaged(how: str) -> Fault:
    """The fault of a body that had to be read in another way than it should."""
    return Fault("body", how, WAY_OUT)


def _check_size(body: bytes, at_most: int) -> None:
    if len(body) > at_most:
        raise MalformedMessage("body", f"is {len(body)} bytes", f"send at most {at_most} bytes")


def _object(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise MalformedMessage("body", "is not a JSON object", "send one JSON object")
    _cut_below(found, MAX_DEPTH)
    return found


def _decoded(body: bytes) -> tuple[str, str]:
    """The text of a body, and the encoding it is taken for."""
    codec = json.detect_encoding(body)  # by byte-order mark and zero bytes
    text = body.decode(codec, "replace")
    broken = text.count(REPLACED)
    whole = sum(not c.isascii() for c in text) - broken
    if whole >= broken:
        return text, codec
    for chinese in CHINESE_CODECS:
        try:
            return body.decode(chinese), chinese
        except UnicodeDecodeError:
            continue
    found = [(body.decode(each, "replace"), each) for each in (codec, "gb18030", "big5hkscs")]
    return min(found, key=lambda read: _odd(read[0]))


def _odd(text: str) -> int:
    """How much of a text says nothing: an encoding that is not its own makes private characters."""
    return sum(c == REPLACED or unicodedata.category(c) == "Co" for c in text)


def _read_loosely(text: str) -> Any:
    """JSON with whatever it must not hold replaced; raises MalformedMessage."""
    try:
        found = json.loads(
            text.strip("\0\ufeff \t\r\n"),
            strict=False,  # control characters are taken out of the fields later
            parse_constant=_nothing,
            parse_float=_finite,
            parse_int=_whole,
        )
        # Written once more, so that it is what the strict reader could have read.
        return orjson.loads(HALF.sub(REPLACED, json.dumps(found, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(
            "body", "is not JSON in any encoding that we know", WAY_OUT
        ) from error


def _nothing(_name: str) -> None:
    """In the place of NaN and Infinity."""


def _finite(digits: str) -> float | None:
    return found if math.isfinite(found := float(digits)) else None


def _whole(digits: str) -> float | None:
    return int(digits) if len(digits) < EXACT_DIGITS else _finite(digits)


def _cut_below(found: dict[str, Any], depth: int) -> None:
    """Empty what lies deeper, in place and without recursion, since depth is the attack.

    No field of ours reaches a third of that depth, so what is cut belongs to a field that is at
    fault anyway: routine work is refused for it, an emergency is taken without it.
    """
    level: list[dict[str, Any] | list[Any]] = [found]
    for _ in range(depth - 1):
        level = [inner for outer in level for _, inner in _nested(outer)]
    for outer in level:
        for key, _ in _nested(outer):
            outer[key] = None


def _nested(outer: Any) -> list[tuple[Any, Any]]:
    places = outer.items() if isinstance(outer, dict) else enumerate(outer)
    return [(key, inner) for key, inner in places if isinstance(inner, dict | list)]
