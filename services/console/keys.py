"""The keyboard: one table, from which the page of help is made and which the script obeys. Pure.

Nothing that a browser, a system or an input method owns is in it, and nothing that does nothing
yet: a page that brings a key brings its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Where = Literal[
    "anywhere", "outside_fields", "list", "beside", "form", "desk", "queue", "mine", "ticket"
]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What is pressed, where it counts, and what it does; its words are `key_<act>`. One that is
    `single` is a letter or sign by itself, which a reader may switch off.
    """

    chords: tuple[str, ...]
    where: Where
    act: str
    single: bool = False


KEYS: Final = (
    Shortcut(("/",), "outside_fields", "search", single=True),
    Shortcut(("?",), "outside_fields", "keys", single=True),
    Shortcut(("F8",), "anywhere", "keys"),
    Shortcut(("Alt+1 … Alt+9",), "anywhere", "rail"),
    Shortcut(("g 1 … g 9",), "outside_fields", "rail", single=True),
    Shortcut(("Esc",), "anywhere", "close"),
    Shortcut(("j", "k"), "list", "next", single=True),
    Shortcut(("↓", "↑"), "list", "next"),
    Shortcut(("Enter",), "list", "open"),
    Shortcut(("r",), "list", "apply", single=True),
    Shortcut(("n",), "queue", "next_undecided", single=True),
    Shortcut(("1", "2", "3"), "queue", "take_reading", single=True),
    Shortcut(("o",), "beside", "open_ticket", single=True),
    Shortcut(("f",), "mine", "feed_back", single=True),
    Shortcut(("h",), "mine", "hand_over", single=True),
    Shortcut(("Alt+N",), "mine", "reveal"),
    Shortcut(("Alt+U",), "mine", "not_reached"),
    Shortcut(("Ctrl+Enter",), "form", "save"),
    Shortcut(("t",), "ticket", "tell", single=True),
    Shortcut(("s",), "ticket", "supplement", single=True),
    Shortcut(("u",), "ticket", "urge", single=True),
    Shortcut(("f",), "ticket", "feedback", single=True),
    Shortcut(("h",), "ticket", "own", single=True),
    Shortcut(("r",), "ticket", "reclassify", single=True),
    Shortcut(("n",), "ticket", "note", single=True),
    Shortcut(("p",), "ticket", "appoint", single=True),
    Shortcut(("d",), "ticket", "transfer", single=True),
    Shortcut(("Ctrl+Enter",), "desk", "register"),
    Shortcut(("Alt+C",), "desk", "take_call"),
    Shortcut(("F2",), "desk", "another"),
    Shortcut(("F9",), "desk", "emergency"),
    Shortcut(("Esc",), "desk", "end_call"),
    Shortcut(("Alt+E",), "desk", "take_place"),
    Shortcut(("Alt+J",), "desk", "join"),
    Shortcut(("Alt+S",), "desk", "split"),
    Shortcut(("Alt+P",), "desk", "to_place"),
    Shortcut(("Alt+A",), "desk", "to_area"),
    Shortcut(("Alt+T",), "desk", "to_text"),
    Shortcut(("F4", "1 … 4"), "desk", "supplement_likely"),
)
