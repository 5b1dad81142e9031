"""What pages say: complete in both languages, and nothing said in a template itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from typing_extensions import override

import services.console
from services.console.app import ROOMS
from services.console.frame.guard import POLICY
from services.console.frame.paper import FRAME, words_of
from services.console.keys import KEYS
from shared.identity import PERMISSIONS, STAFF_ROLES
from shared.runtime.web import LANGUAGES, words

HERE: Final = Path(services.console.__file__).parent
PACKAGES: Final = sorted(
    f"services.console.{file.parent.name}" for file in HERE.glob("*/words.yaml")
)
TEMPLATES: Final = sorted(HERE.glob("*/templates/*.html"))
_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_USED: Final = re.compile(r"\bt\['(\w+)'(?: ~|\])")
_BUILT: Final = re.compile(r"\bt\['(\w+)' ~")
NAMES_OF_LANGUAGES: Final = {"中文", "English"}
SIGNS: Final = re.compile(r"[\W\d_]*")
HTMX: Final = frozenset({
    "hx-get", "hx-post", "hx-target", "hx-swap", "hx-trigger", "hx-include", "hx-sync",
    "hx-confirm", "hx-disable", "hx-swap-oob", "hx-indicator",
})  # fmt: skip
"""What the pages use of htmx: the subset that its versions 2 and 4 share."""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_is_there_in_both_languages(package: str) -> None:
    chinese, english = (words(package, language) for language in LANGUAGES)

    assert chinese.keys() == english.keys()
    assert [
        name for name in chinese if not chinese[name].strip() or not english[name].strip()
    ] == []
    assert [name for name, text in english.items() if re.search(r"[\u4e00-\u9fff]", text)] == []


@pytest.mark.parametrize("package", [each for each in PACKAGES if each != FRAME])
def test_no_room_says_otherwise_what_the_frame_says(package: str) -> None:
    assert words(package, "zh").keys() & words(FRAME, "zh").keys() == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: f"{t.parts[-3]}/{t.name}")
def test_every_text_that_a_template_uses_is_there(template: Path) -> None:
    room = f"services.console.{template.parts[-3]}"
    known = words_of(room if room in PACKAGES else FRAME, "zh")
    text = template.read_text("utf-8")

    whole = set(_USED.findall(text)) - set(_BUILT.findall(text))
    shared_frame = {"title"} if template.name == "base.html" else set()
    assert whole - known.keys() - shared_frame == set()
    assert [
        begins for begins in _BUILT.findall(text) if not any(n.startswith(begins) for n in known)
    ] == []


def test_whatever_is_put_together_at_the_time_has_its_words() -> None:
    frame = words(FRAME, "zh").keys()
    help_page = words("services.console.help", "zh").keys()

    assert {f"role_{role}" for role in STAFF_ROLES} <= frame
    assert {f"rail_{entry.name}" for room in ROOMS for entry in room.entries} <= frame
    assert {f"key_{key.act}" for key in KEYS} | {f"where_{key.where}" for key in KEYS} <= help_page
    assert {entry.needs for room in ROOMS for entry in room.entries} <= PERMISSIONS.keys()
    assert {key.needs for key in KEYS if key.needs} <= PERMISSIONS.keys()


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]
        said = {"alt", "title", "placeholder", "aria-label"}
        self.texts += [value or "" for name, value in attrs if name in said]


def _read(template: Path) -> _Texts:
    parser = _Texts()
    parser.feed(_EXPRESSION.sub("", template.read_text("utf-8")))
    return parser


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: f"{t.parts[-3]}/{t.name}")
def test_no_template_says_anything_itself(template: Path) -> None:
    said = [text for text in _read(template).texts if not SIGNS.fullmatch(text)]

    assert set(said) <= NAMES_OF_LANGUAGES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: f"{t.parts[-3]}/{t.name}")
def test_templates_need_no_inline_script_or_style_and_stay_within_the_subset(
    template: Path,
) -> None:
    names = {name for name, _ in _read(template).attributes}

    assert "unsafe" not in POLICY
    assert "<style" not in template.read_text("utf-8")
    assert {name for name in names if name == "style" or name.startswith("on")} == set()
    assert {name for name in names if name.startswith("hx-")} <= HTMX
    scripts = re.findall(r"<script([^>]*)>", template.read_text("utf-8"))
    assert all("src=" in attributes for attributes in scripts)
