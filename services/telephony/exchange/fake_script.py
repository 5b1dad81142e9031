"""What a fake exchange does, step by step: a recording, in the order in which it was heard. Pure.

A recording is what one listener heard (`translate_recording` says how it is written). Before its
first event of a connection stands what the exchange knew then, as far as the listener asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from services.telephony.exchange.translate_blocks import Block, block_of
from services.telephony.exchange.translate_clock import time_of

_HEARD: Final = b"# recv "
_CONNECTED: Final = b"# connected"
_LOST: Final = b"# connection lost"
_EPOCH: Final = re.compile(r"\b1\d{9}\b")
_IDS: Final = ("niqueid", "inkedid")
"""How the names of headers end that hold ids; those begin with the second of their beginning."""


@dataclass(frozen=True, slots=True)
class Opens:
    """The exchange can be reached from now on, and is up since `booted_at`.

    `listed`: what it answers to who asks who is there, where the recording holds that.
    """

    at: datetime
    booted_at: datetime
    listed: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Says:
    """One event, to all who listen."""

    at: datetime
    block: Block


@dataclass(frozen=True, slots=True)
class Cuts:
    """Every connection ends, and there is none until it opens again."""

    at: datetime


Step = Opens | Says | Cuts


def steps_of(recording: bytes) -> list[Step]:
    """The steps of a recording."""
    return list(_joined(_single(recording.replace(b"\r", b""))))


def moved(steps: Iterable[Step], by: timedelta) -> list[Step]:
    """The same at another time, with ids of its own: whole seconds, so that ids can follow."""
    by = timedelta(seconds=round(by.total_seconds()))
    return [_moved(step, by) for step in steps]


def text_of(block: Mapping[str, str]) -> bytes:
    """A block as it goes over the wire. No value can end its line."""
    lines = (f"{name}: {_LINE_ENDS.sub(' ', value)}\r\n" for name, value in block.items())
    return ("".join(lines) + "\r\n").encode()


_LINE_ENDS: Final = re.compile(r"[\r\n]")


def timestamp_of(at: datetime) -> str:
    """As the exchange writes a time."""
    return f"{int(at.replace(microsecond=0).timestamp())}.{at.microsecond:06}"


def _single(recording: bytes) -> Iterator[Step]:
    """Answers to what the listener asked come as what an `Opens` at that time would list."""
    at = datetime(1970, 1, 1, tzinfo=UTC)
    for paragraph in recording.split(b"\n\n"):
        lines = []
        for line in paragraph.split(b"\n"):
            if line.startswith(_HEARD):
                whole, _, part = line.removeprefix(_HEARD).decode("ascii", "replace").partition(".")
                at = time_of(f"{whole}.{part.strip()[:6]:0<6}") or at
            elif line.startswith(_CONNECTED):
                yield Opens(at, at)
            elif line.startswith(_LOST):
                yield Cuts(at)
            elif not line.startswith(b"#"):
                lines.append(line)
        block = block_of(b"\n".join(lines))
        if block.get("Event") == "FullyBooted":
            yield Opens(at, at - timedelta(seconds=int(block.get("Uptime", "0"))))
        elif "Timestamp" in block:
            yield Says(at, block)
        elif "Event" in block:
            yield Opens(at, at, (block,))


def _joined(steps: Iterable[Step]) -> Iterator[Step]:
    """What was said of itself at the beginning of a connection belongs to that."""
    opens: Opens | None = None
    for step in steps:
        if not isinstance(step, Opens):
            if opens is not None:
                yield opens
            opens = None
            yield step
        elif opens is None:
            opens = step
        else:
            up = step.at - step.booted_at
            booted_at = opens.at - up if up else opens.booted_at
            opens = replace(opens, booted_at=booted_at, listed=(*opens.listed, *step.listed))
    if opens is not None:
        yield opens


def _moved(step: Step, by: timedelta) -> Step:
    match step:
        case Opens(at, booted_at, listed):
            return Opens(at + by, booted_at + by, tuple(_moved_block(each, by) for each in listed))
        case Says(at, block):
            return Says(at + by, _moved_block(block, by))
        case Cuts(at):
            return Cuts(at + by)


def _moved_block(block: Block, by: timedelta) -> Block:
    seconds = int(by.total_seconds())
    return {
        name: _EPOCH.sub(lambda found: str(int(found[0]) + seconds), value)
        if name.endswith(_IDS) or name == "Timestamp"
        else value
        for name, value in block.items()
    }
