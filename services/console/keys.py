"""The keyboard: one table, from which the page of help is made and which the script obeys. Pure.

Nothing that a browser, a system or an input method owns is in it, and nothing that does nothing
yet: a page that brings a key brings its row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Where = Literal[
    "anywhere",
    "outside_fields",
    "list",
    "beside",
    "form",
    "desk",
    "queue",
    "mine",
    "call_back",
    "ticket",
]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What is pressed, where it counts, and what it does; its words are `key_<act>`. One that is
    `single` is a letter or sign by itself, which a reader may switch off; without what it `needs`
    it does nothing for them.
    """

    chords: tuple[str, ...]
    where: Where
    act: str
    single: bool = False
    needs: str = ""


KEYS: Final = (
    Shortcut(("/",), "outside_fields", "search", single=True, needs="ticket.see"),
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
    Shortcut(("1", "2", "3"), "queue", "take_reading", single=True, needs="ticket.reclassify"),
    Shortcut(("o",), "beside", "open_ticket", single=True),
    Shortcut(("f",), "mine", "feed_back", single=True),
    Shortcut(("h",), "mine", "hand_over", single=True),
    Shortcut(("Alt+N",), "mine", "reveal", needs="person.reveal"),
    Shortcut(("Alt+U",), "mine", "not_reached"),
    Shortcut(("Alt+N",), "call_back", "reveal", needs="call_back.do"),
    Shortcut(("Alt+U",), "call_back", "not_reached", needs="call_back.do"),
    Shortcut(("Ctrl+Enter",), "form", "save"),
    Shortcut(("t",), "ticket", "tell", single=True, needs="ticket.tell"),
    Shortcut(("s",), "ticket", "supplement", single=True, needs="ticket.supplement"),
    Shortcut(("u",), "ticket", "urge", single=True, needs="ticket.urge"),
    Shortcut(("f",), "ticket", "feedback", single=True, needs="ticket.feedback"),
    Shortcut(("h",), "ticket", "own", single=True, needs="ticket.own"),
    Shortcut(("r",), "ticket", "reclassify", single=True, needs="ticket.reclassify"),
    Shortcut(("n",), "ticket", "note", single=True, needs="ticket.note"),
    Shortcut(("p",), "ticket", "appoint", single=True, needs="ticket.appoint"),
    Shortcut(("d",), "ticket", "transfer", single=True, needs="ticket.transfer"),
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
_NEEDS: Final[Mapping[Where, tuple[str, ...]]] = {
    "desk": ("ticket.register_anywhere",),
    "queue": ("manual_queue.see",),
    "mine": ("case.see",),
    "call_back": ("call_back.see",),
    "ticket": ("ticket.see",),
    "list": ("emergency.see", "ticket.see", "call_back.see", "line.see"),
    "beside": ("case.see", "manual_queue.see"),
}
"""Whoever may none of these has no such page."""
_THERE: Final[Mapping[str, tuple[Where, ...]]] = {
    "desk": ("desk", "form"),
    "queue": ("queue", "beside", "list", "form"),
    "mine": ("mine", "beside", "list", "form"),
    "call-backs": ("call_back", "list", "form"),
    "emergencies": ("list", "form"),
    "lines": ("list", "form"),
    "tickets": ("list", "form"),
}
"""What counts on a page, by the first part of its address."""


def keys_for(may: Collection[str], *, singles: bool, has_rail: bool) -> list[Shortcut]:
    """The keys that do something for whoever may this."""
    return [
        key
        for key in KEYS
        if (singles or not key.single)
        and (not key.needs or key.needs in may)
        and (key.where not in _NEEDS or set(_NEEDS[key.where]) & set(may))
        and (has_rail or key.act != "rail")
    ]


def of_page(keys: Sequence[Shortcut], path: str) -> list[Shortcut]:
    """Those of them that count on the page of this address."""
    first, _, rest = path.strip("/").partition("/")
    there = ("ticket", "form") if first == "tickets" and rest else _THERE.get(first, ())
    return [key for key in keys if key.where in there]
