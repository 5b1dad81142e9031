"""The keyboard: one table, from which the page of help is made and which the script obeys. Pure.

Nothing that a browser, a system or an input method owns is in it, and nothing that does nothing
yet: a page that brings a key brings its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Where = Literal["anywhere", "outside_fields", "list"]


@dataclass(frozen=True, slots=True)
class Key:
    """What is pressed, where it counts, and what it does; its words are `key_<act>`. One that is
    `single` is a letter or sign by itself, which a reader may switch off.
    """

    chords: tuple[str, ...]
    where: Where
    act: str
    single: bool = False


KEYS: Final = (
    Key(("/",), "outside_fields", "search", single=True),
    Key(("?",), "outside_fields", "keys", single=True),
    Key(("F8",), "anywhere", "keys"),
    Key(("Alt+1 … Alt+9",), "anywhere", "rail"),
    Key(("g 1 … g 9",), "outside_fields", "rail", single=True),
    Key(("Esc",), "anywhere", "close"),
    Key(("j", "k"), "list", "next", single=True),
    Key(("↓", "↑"), "list", "next"),
    Key(("Enter",), "list", "open"),
)
