"""The heads of the chains, kept outside the database: files that are only added to.

Whoever can write to the database can make a chain anew that fits in itself; it will not fit these.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

from shared.audit.chain import Anchor, entry_id

FOLDER: Final = "audit"
"""Inside the data folder, unless a setting names another."""
SUFFIX: Final = ".jsonl"
LONGEST_LINE: Final = 1_000
_DIGEST_LENGTH: Final = 64


class NotAnchored(Exception):
    """The entry is in the database, and its head could not be kept outside of it."""


class Anchors:
    """One writer's heads, appended to a file of this process alone."""

    def __init__(self, folder: Path, writer: str) -> None:
        self._folder = folder
        self._writer = writer
        self._file: Path | None = None
        self._last = 0
        # Whoever is cancelled leaves a thread behind that has not ended yet.
        self._turn = threading.Lock()

    async def start(self) -> None:
        """Make the folder, for its owner alone; OSError where nobody may write."""
        await asyncio.to_thread(self._make_folder)

    async def add(self, anchor: Anchor) -> None:
        """Return when the disk has it; raises NotAnchored."""
        try:
            await asyncio.to_thread(self._append, anchor)
        except OSError as error:
            raise NotAnchored(f"{self._folder} cannot be written to: {error.strerror}") from error

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _append(self, anchor: Anchor) -> None:
        with self._turn:
            if anchor.n <= self._last:  # cancelled, and overtaken by a head that covers it
                return
            # After a failure the line may be torn: what follows goes into a file of its own.
            file, self._file = self._file or self._fresh(anchor.at), None
            _append(file, to_line(anchor))
            self._file, self._last = file, anchor.n

    def _fresh(self, at: datetime) -> Path:
        """A new file. Containers share process numbers, so that chance tells replicas apart."""
        self._make_folder()
        name = f"{self._writer}.{at:%Y%m%dT%H%M%SZ}.{secrets.token_hex(4)}{SUFFIX}"
        file = self._folder / name
        file.touch(mode=0o600, exist_ok=False)
        _sync(self._folder)
        return file


def _append(file: Path, line: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        written = os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if written != len(line):
        raise OSError(0, "only a part was written")


def _sync(folder: Path) -> None:
    """The name of a new file must outlive a crash as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_line(anchor: Anchor) -> bytes:
    """One line of a file."""
    said = {
        "writer": anchor.writer,
        "n": anchor.n,
        "digest": anchor.digest,
        "at": anchor.at.isoformat(timespec="milliseconds"),
    }
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def from_line(line: bytes) -> Anchor:
    """The anchor of a line; ValueError for a line that was not written here."""
    try:
        said = json.loads(line)
        anchor = Anchor(
            said["writer"], said["n"], said["digest"], datetime.fromisoformat(said["at"])
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("is no anchor") from error
    if to_line(anchor) != line or not isinstance(anchor.n, int) or anchor.n < 1:
        raise ValueError("is no anchor")
    if not isinstance(anchor.digest, str) or len(anchor.digest) != _DIGEST_LENGTH:
        raise ValueError("holds no digest")
    return anchor


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """A file as it was when it was found; what was added later is not read."""

    path: Path
    writer: str
    size: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """The first line of a file that cannot be read; `torn` when the file ends within it."""

    where: str
    why: str
    torn: bool


def find_files(folders: Iterable[Path]) -> list[AnchorFile]:
    """The files of all writers in these folders, which may not be there."""
    return [
        AnchorFile(path, path.name.partition(".")[0], path.stat().st_size)
        for folder in folders
        for path in sorted(folder.glob(f"*{SUFFIX}"))
    ]


class AnchorReader:
    """One writer's anchors out of all its files, in the order of their entries.

    What cannot be read is put aside in `bad`, the first line of each file. A file is opened when
    its time comes, so that as many are open at once as processes ran at once.
    """

    def __init__(self, files: Iterable[AnchorFile]) -> None:
        self._files = list(files)
        self.bad: list[BadLine] = []

    def __iter__(self) -> Iterator[Anchor]:
        """Every anchor that can be read."""
        begins = ((_begins_at(file), place) for place, file in enumerate(self._files))
        waiting = sorted(begins, reverse=True)
        running: list[tuple[int, int, Anchor, Iterator[Anchor]]] = []
        while waiting or running:
            if waiting and (not running or waiting[-1][0] <= running[0][0]):
                _, place = waiting.pop()
                anchors = self._anchors_of(self._files[place])
            else:
                _, place, anchor, anchors = heappop(running)
                yield anchor
            if (following := next(anchors, None)) is not None:
                heappush(running, (following.n, place, following, anchors))

    def _anchors_of(self, file: AnchorFile) -> Iterator[Anchor]:
        last, is_whole = 0, True
        for place, line in enumerate(_lines(file), 1):
            try:
                anchor = _read(line, file.writer, after=last)
            except ValueError as error:
                if is_whole:
                    where = f"{file.path.name}:{place}"
                    self.bad.append(BadLine(where, str(error), torn=_is_torn(line)))
                is_whole = False
            else:
                last = anchor.n
                yield anchor


def _read(line: bytes, writer: str, *, after: int) -> Anchor:
    if _is_torn(line):
        raise ValueError("ends in the middle")
    anchor = from_line(line)
    if anchor.writer != writer:
        raise ValueError("is another writer's")
    if anchor.n <= after:
        raise ValueError(f"goes back to {entry_id(writer, anchor.n)}")
    return anchor


def _is_torn(line: bytes) -> bool:
    """A process died within it, or it is being written now."""
    return len(line) < LONGEST_LINE and not line.endswith(b"\n")


def _lines(file: AnchorFile) -> Iterator[bytes]:
    left = file.size
    with file.path.open("rb") as lines:
        while left and (line := lines.readline(min(left, LONGEST_LINE))):
            left -= len(line)
            yield line


def _begins_at(file: AnchorFile) -> int:
    """The first entry that a file knows of; 0 where no line can be read."""
    for line in _lines(file):
        try:
            return from_line(line).n
        except ValueError:
            continue
    return 0
