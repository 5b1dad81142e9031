"""A page as a reader without a browser sees it: its form, its words, its faults."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from typing_extensions import override

_VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})


@dataclass
class Field:
    """One thing to fill in."""

    name: str
    value: str
    kind: str
    checked: bool = False


class Page(HTMLParser):
    """Reads a page at once; raises for markup that does not close what it opens."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.fields: list[Field] = []
        self.ids: set[str] = set()
        self.language = ""
        self.links: list[str] = []
        self.labelled: set[str] = set()
        self.described: set[str] = set()
        self.legends = 0
        self.action: str | None = None
        self._words: list[str] = []
        self._open: list[str] = []
        self._textarea: Field | None = None
        self.scripts: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        if "id" in found:
            assert found["id"] not in self.ids, f"the id {found['id']} is there twice"
            self.ids.add(found["id"])
        self.described |= set(found.get("aria-describedby", "").split())
        self.scripts += [name for name in found if name.startswith("on") or name == "style"]
        if (read := getattr(self, f"_read_{tag}", None)) is not None:
            read(found)
        elif tag in {"script", "style", "iframe"}:
            self.scripts.append(tag)

    def _read_html(self, found: dict[str, str]) -> None:
        self.language = found["lang"]

    def _read_a(self, found: dict[str, str]) -> None:
        self.links.append(found["href"])

    def _read_form(self, found: dict[str, str]) -> None:
        self.action = found["action"]

    def _read_label(self, found: dict[str, str]) -> None:
        self.labelled |= {found["for"]} if "for" in found else set()

    def _read_legend(self, _: dict[str, str]) -> None:
        self.legends += 1

    def _read_input(self, found: dict[str, str]) -> None:
        assert "label" in self._open, f"{found['name']} has no label"
        self.fields.append(Field(found["name"], found["value"], found["type"], "checked" in found))

    def _read_textarea(self, found: dict[str, str]) -> None:
        self._textarea = Field(found["name"], "", "textarea")
        self.fields.append(self._textarea)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "textarea" and self._textarea is not None:
            # As a browser does: one line break after the tag is not part of the words.
            self._textarea.value = self._textarea.value.removeprefix("\n")
            self._textarea = None

    @override
    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea.value += data
        else:
            self._words.append(data)

    @property
    def words(self) -> str:
        """What is written on it."""
        return " ".join(" ".join(self._words).split())

    def chosen(self) -> dict[str, str]:
        """What a browser would send as the form stands."""
        return {f.name: f.value for f in self.fields if f.kind != "radio" or f.checked}
