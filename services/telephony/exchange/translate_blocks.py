"""The text that an Asterisk manager interface sends, read in pieces. Pure.

A piece may end anywhere, in the middle of a letter too: nothing is decoded before its block is
whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

Block = dict[str, str]
"""Header → value. Of a header that comes twice the first is kept: those of the exchange come first,
so that no word of a dialplan can take their place."""

LONGEST: Final = 256 * 1024
"""Bytes of one block. What is longer is no event, and is left out."""
_BANNER: Final = b"Asterisk Call Manager/"


@dataclass(slots=True)
class BlockReader:
    """One connection. `too_long` counts what was left out."""

    too_long: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _skipping: bool = False

    def feed(self, piece: bytes) -> Iterator[Block]:
        """The blocks that are whole with this piece."""
        self._rest += piece.replace(b"\r", b"")
        if self._rest.startswith(_BANNER) and b"\n" in self._rest:
            del self._rest[: self._rest.index(b"\n") + 1]
        while (end := self._rest.find(b"\n\n")) >= 0:
            text = bytes(self._rest[:end])
            del self._rest[: end + 2]
            if self._skipping:
                self._skipping = False
            elif block := block_of(text):
                yield block
        if len(self._rest) > LONGEST:
            self._rest = self._rest[-1:]
            self.too_long += not self._skipping
            self._skipping = True


def block_of(text: bytes) -> Block:
    """One block. Bytes that are no UTF-8 are shown as such; a line without a colon is left out."""
    block: Block = {}
    for line in text.split(b"\n"):
        header, colon, value = line.partition(b":")
        if colon:
            name = header.decode("utf-8", "backslashreplace")
            block.setdefault(name, value.removeprefix(b" ").decode("utf-8", "backslashreplace"))
    return block
