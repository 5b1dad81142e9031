"""What strangers write into a message's properties is read as far as it can be.

The broker passes on whatever bytes it was given. A text that is no UTF-8, a time beyond the
calendar or headers nested without end must not end the connection: the message would come again
and end the next one, and nothing behind it would ever be read. The library offers no place for
this, so its table of decoders is given ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pamqp import decode

_short_str: Final = decode.short_str
_timestamp: Final = decode.timestamp
_field_table: Final = decode.field_table


def _read_short_str(value: bytes) -> tuple[int, str]:
    try:
        return _short_str(value)
    except UnicodeDecodeError:
        end = value[0] + 1
        return end, value[1:end].decode("utf-8", "replace")


def _read_timestamp(value: bytes) -> tuple[int, datetime | None]:
    """None for a moment that no calendar has, such as nanoseconds taken for seconds."""
    try:
        return _timestamp(value)
    except (ValueError, OverflowError, OSError):
        if len(value) < 8:
            raise
        return 8, None


def _read_headers(value: bytes) -> tuple[int, dict[str, Any]]:
    """No headers rather than no message."""
    try:
        return _field_table(value)
    except (ValueError, RecursionError, ArithmeticError):
        return 4 + int.from_bytes(value[:4], "big"), {}


def read_leniently() -> None:
    """From now on no property of a message can end a connection of this process."""
    decode.short_str = _read_short_str
    decode.METHODS["shortstr"] = _read_short_str
    for table, key in ((decode.METHODS, "timestamp"), (decode.TABLE_MAPPING, b"T")):
        table[key] = _read_timestamp  # type: ignore[index]
    decode.METHODS["table"] = _read_headers
