"""The form of the desk and the reports that are made of it. Pure.

What stands in it goes to intake as it was typed: intake judges it, and its answer comes back beside
the fields. The same form always makes the same reports under the same keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

UNKNOWN: Final = "unknown"
"""The kind of an emergency of which nobody has said what it is."""
UTC_OFFSET: Final = "+08:00"
MOST_MATTERS: Final = 20
FIELDS: Final = (
    "phone", "name", "role", "estate", "flat", "text", "location", "type", "area", "confidential",
    "language", "contact_name", "contact_phone", "visit_day", "visit_from", "visit_to", "answer",
)  # fmt: skip
"""What somebody types or chooses."""
INTENT: Final = ("key", "call", "person", "emergency", "kind", "joins", "incident", "split")
"""What the page keeps beside it."""
_OF_EXCHANGE: Final = re.compile(r"c[a-p]{20}", re.ASCII)
"""A call that an exchange told of; every other name was made up by the page."""
_FIELD_OF: Final = {
    "caller.phone": "phone",
    "caller.name": "name",
    "caller.role": "role",
    "caller.room": "flat",
    "on_site_contact.name": "contact_name",
    "on_site_contact.phone": "contact_phone",
    "address": "estate",
    "appointment": "visit_from",
    "appointment.from": "visit_from",
    "appointment.to": "visit_to",
}
"""Where in the form that stands which intake finds fault with."""


@dataclass(frozen=True, slots=True)
class Report:
    """One request to be registered, and its key."""

    key: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What the matter is."""
        return str(self.body.get("text", ""))


@dataclass(frozen=True, slots=True)
class DeskForm:
    """What was sent, by the names of its fields."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def language(self) -> str:
        """Which one the caller speaks."""
        return "en" if self["language"] == "en" else "zh"

    @property
    def is_callable(self) -> bool:
        """Whether there is a number by which somebody can be asked later."""
        return bool(self["phone"] or self["contact_phone"])

    def person_sought(self) -> Mapping[str, str] | None:
        """Whom to look up: the number typed, else whoever rang, else the flat of an estate."""
        if self["phone"]:
            return {"phone": self["phone"]}
        if _OF_EXCHANGE.fullmatch(self["call"]):
            return {"call": self["call"]}
        return self.flat_sought()

    def flat_sought(self) -> Mapping[str, str] | None:
        """The flat of an estate, where both are there."""
        if self["estate"] and self["flat"]:
            return {"estate": self["estate"], "flat": self["flat"]}
        return None

    def report(self) -> dict[str, Any]:
        """All of it as one report."""
        return _filled(
            {
                "channel": "phone",
                "text": self["text"],
                "estate": self["estate"],
                "location": self["location"],
                "type": self["type"],
                "area": self["area"],
                "answer": self["answer"],
                "confidential": self["confidential"] == "on" or None,
                "call": self["call"],
                "caller": self._person("name", "phone", "role", "flat"),
                "on_site_contact": self._person("contact_name", "contact_phone"),
                "appointment": self._visit(),
                **self._danger(),
            }
        )

    def reports(self) -> Sequence[Report]:
        """What is to be registered, in the order in which it was told: of several matters each has
        its own key, and what a person has decided of the whole counts for none of them. Words that
        were typed since they were divided are not left out: then it is one.
        """
        spans = spans_in(self["split"], len(self["text"]))
        if len(spans) < 2 or self["emergency"] or not _holds_all(spans, self["text"]):
            return (Report(self["key"], self.report()),)
        whole = {k: v for k, v in self.report().items() if k not in {"type", "area", "answer"}}
        return tuple(
            Report(f"{self['key']}-{n}", {**whole, "text": self["text"][start:end]})
            for n, (start, end) in enumerate(spans, start=1)
        )

    def _danger(self) -> dict[str, Any]:
        if not self["emergency"]:
            return {}
        return {"emergency_kind": self["kind"] or UNKNOWN, "joins": self["joins"]}

    def _person(self, name: str, phone: str, role: str = "", flat: str = "") -> dict[str, Any]:
        return _filled(
            {
                "name": self[name],
                "phone": self[phone],
                "role": self[role] if role else "",
                "room": self[flat] if flat else "",
            }
        )

    def _visit(self) -> dict[str, str]:
        """As far as it was typed: intake says what is missing, and takes an emergency without."""
        day, begin, end = self["visit_day"], self["visit_from"], self["visit_to"]
        if not (day or begin or end):
            return {}
        return {"from": _moment(day, begin), "to": _moment(day, end)}


def read_form(sent: Mapping[str, Any]) -> DeskForm:
    """A form as a browser sent it; what is no text is not there. Ends of lines are those that the
    page counted.
    """
    known = {name: sent.get(name) for name in (*FIELDS, *INTENT)}
    texts = {name: value for name, value in known.items() if isinstance(value, str)}
    return DeskForm(
        {name: _lines(text) if name == "text" else text.strip() for name, text in texts.items()}
    )


def spans_in(split: str, length: int) -> list[tuple[int, int]]:
    """The parts into which the words are divided, each within them; none where it is rubbish."""
    try:
        found = json.loads(split)
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, list) or len(found) > MOST_MATTERS:
        return []
    if not all(isinstance(each, list) and len(each) == 2 for each in found):
        return []
    spans = [(start, end) for start, end in found if type(start) is int and type(end) is int]
    is_fit = len(spans) == len(found) and all(0 <= a < b <= length for a, b in spans)
    return spans if is_fit else []


def _holds_all(spans: Sequence[tuple[int, int]], text: str) -> bool:
    """Whether these parts, one after the other, leave out nothing but blanks."""
    edges = (0, *(edge for span in spans for edge in span), len(text))
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return all(start <= end and not text[start:end].strip() for start, end in gaps)


def field_of(name: str) -> str | None:
    """Which field of the form that is which intake calls so; None for none of them."""
    found = _FIELD_OF.get(name, name)
    return found if found in FIELDS else None


def _moment(day: str, time: str) -> str:
    return f"{day}T{time}:00{UTC_OFFSET}"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
