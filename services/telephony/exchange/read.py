"""``python -m services.telephony.exchange.read FILE DOCUMENT``: a recorded stream, call by call.

Standard output gets one JSON line a call, without any number; standard error what could not be
heard, and what the exchange's document does not name. Exit code 2 and one line where a file is not
to be used.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from services.telephony.exchange.translate_document import ExchangeDocument
from services.telephony.exchange.translate_recording import Recorded, lines_of, read_recording
from shared.contracts.times import written

UNUSABLE: Final = 2
_NUMBER: Final = re.compile(r"\d{7,}")
"""A device may be called after somebody's number."""
_ZIPPED: Final = b"\x1f\x8b"
_SAID: Final = {
    "no_timestamp": "events without a time, not counted: set timestampevents = yes",
    "another_clock": "events of another clock, not counted",
    "no_uptime": "connections on which the exchange did not say since when it is up",
    "no_channel": "events without a channel, not counted",
    "unknown_line": "calls to a number that the document does not name",
    "unknown_device": "channels of a device that the document does not name",
    "unknown_agent": "calls answered at a device that the document does not name",
    "unknown_member": "events of queue members whose device the document does not name",
    "unknown_status": "callers who left a queue in a way that the document does not name",
}


class UnusableFileError(Exception):
    """A file that cannot be read as what it is said to be."""


def read_document(file: Path) -> ExchangeDocument:
    """The document of an exchange, as YAML or JSON."""
    try:
        return ExchangeDocument.model_validate(yaml.safe_load(_bytes_of(file)))
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, e['loc'])) or 'as a whole'}: {e['msg']}" for e in error.errors()
        ]
        raise UnusableFileError(f"{file} describes no exchange: {'; '.join(faults)}") from error
    except yaml.YAMLError as error:
        text = " ".join(str(error).split())
        raise UnusableFileError(f"{file} is no YAML: {text}") from error


def notes_on(recorded: Recorded) -> Iterator[str]:
    """What a reader of the figures has to know besides."""
    for gap in recorded.gaps:
        yield f"unheard ({gap.why}) from {written(gap.began)} to {written(gap.ended)}"
    if recorded.missed:
        yield f"{len(recorded.missed)} calls were heard, but not from their beginning: not counted"
    for why, number in recorded.counts.items():
        yield f"{number} {_SAID.get(why, why)}"
    if recorded.unnamed:
        named = ", ".join(sorted(_NUMBER.sub("…", device) for device in recorded.unnamed))
        yield f"devices that the document does not name: {named}"


def main(arguments: Sequence[str]) -> int:
    """Read, and print."""
    file, document = (Path(each) for each in arguments)
    try:
        recorded = read_recording(_stream_of(file), read_document(document))
    except UnusableFileError as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    for line in lines_of(recorded.calls):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    for note in notes_on(recorded):
        sys.stderr.write(f"{note}\n")
    return 0


def _stream_of(file: Path) -> bytes:
    stream = _bytes_of(file)
    if b"Event:" not in stream:
        raise UnusableFileError(f"{file} holds no event of a manager interface.")
    return stream


def _bytes_of(file: Path) -> bytes:
    try:
        held = file.read_bytes()
        return gzip.decompress(held) if held.startswith(_ZIPPED) else held
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnusableFileError(f"{file} cannot be read: {reason}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
