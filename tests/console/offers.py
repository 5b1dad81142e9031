"""What a page offers whoever reads it: where it leads, and what it would send. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urldefrag

from typing_extensions import override

VOID: Final = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr",
})  # fmt: skip
TYPED: Final = {
    "tel": "13800138000", "datetime-local": "2027-01-15T15:00", "date": "2027-01-15",
    "time": "15:00", "number": "1",
}  # fmt: skip
WORDS: Final = "测试"
"""What is typed where words are wanted."""
_VERBS: Final = ("hx-post", "hx-get")


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be sent: by a form with one of its buttons, or by a button alone."""

    path: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> Mapping[str, str]:
        """As it goes over the line."""
        return dict(self.fields)


@dataclass
class Offers(HTMLParser):
    """What is there and not hidden."""

    links: dict[str, None] = field(default_factory=dict)
    acts: dict[Act, None] = field(default_factory=dict)
    without_label: list[str] = field(default_factory=list)
    _open: list[tuple[str, bool]] = field(default_factory=list)
    _form: str | None = None
    _fields: dict[str, str] = field(default_factory=dict)
    _buttons: list[tuple[str, str]] = field(default_factory=list)
    _select: str | None = None

    def __post_init__(self) -> None:
        """A parser that has read nothing."""
        HTMLParser.__init__(self)

    @property
    def _is_hidden(self) -> bool:
        return any(hidden for _, hidden in self._open)

    @override
    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append((tag, "hidden" in at))
        if self._is_hidden or "hidden" in at or "disabled" in at:
            return
        if tag == "a" and at.get("href", "").startswith("/"):
            self.links[urldefrag(at["href"]).url] = None
        if tag == "form":
            self._form = _target(at)
            self._fields, self._buttons = {}, []
        elif self._form is not None:
            self._control(tag, at)
        elif path := next((at[verb] for verb in _VERBS if verb in at), None):
            self._lead(at, path)

    def _lead(self, at: Mapping[str, str], path: str) -> None:
        if "hx-get" in at:
            self.links[path] = None
        else:
            self.acts[Act(path)] = None

    def _control(self, tag: str, at: Mapping[str, str]) -> None:
        name, kind = at.get("name", ""), at.get("type", "text")
        if tag == "input" and name:
            chosen = kind not in {"radio", "checkbox"} or name not in self._fields
            if chosen:
                self._fields[name] = at.get("value") or TYPED.get(kind, WORDS)
        elif tag == "textarea" and name:
            self._fields[name] = WORDS
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and not self._fields.get(self._select):
            self._fields[self._select] = at.get("value", "")
        elif tag == "button" and at.get("type", "submit") == "submit":
            self._buttons.append((name, at.get("value", "")))
            if path := at.get("formaction"):
                self.acts[Act(path, tuple(self._fields.items()))] = None
        elif tag == "button" and "hx-post" in at:
            self.acts[Act(at["hx-post"], tuple(self._fields.items()))] = None

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "form" and self._form is not None:
            self._send()
        while self._open:
            name, _ = self._open.pop()
            if name == tag:
                return

    def _send(self) -> None:
        assert self._form is not None
        for name, value in self._buttons or [("", "")]:
            more = {name: value} if name else {}
            self.acts[Act(self._form, tuple({**self._fields, **more}.items()))] = None
        self._form = None


def _target(at: Mapping[str, str]) -> str | None:
    """Where a form that sends goes; None for one that only asks."""
    if at.get("method", "get").lower() != "post" and "hx-post" not in at:
        return None
    return at.get("action") or at.get("hx-post")


def offers_of(html: str) -> Offers:
    """What a page offers."""
    found = Offers()
    found.feed(html)
    return found


def shape(path: str) -> str:
    """A path without what it is about, so that two of one kind are one."""
    bare = re.sub(r"\?.*", "", path)
    return "/".join(_part(part) for part in bare.split("/"))


def _part(part: str) -> str:
    is_number = re.fullmatch(r"[0-9A-Z]{8}", part)
    is_id = re.search(r"\d", part) and len(part) > 8
    return "*" if is_number or is_id else part
