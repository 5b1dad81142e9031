"""Pages as HTML in the reader's language, within the frame; and parts of pages for htmx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from services.console.frame.assets import assets
from services.console.frame.house import Visit
from services.console.frame.looks import THEMES
from services.console.frame.rail import RailEntry, rail_of
from services.console.frame.times import span
from shared.policy.templates import Language
from shared.runtime.web import LANGUAGES, words

FRAME: Final = "services.console.frame"
MOVED: Final = timedelta(minutes=2)
"""So far ahead a clock is no two machines' difference any more: a trial's was moved."""
TICKETS: Final = "tickets"
"""The page that answers the search of the top bar; without it there is no search."""


@cache
def words_of(package: str, language: Language) -> Mapping[str, str]:
    """What a room's pages say: its own words and those of the frame."""
    own = words(package, language) if package != FRAME else {}
    return {**words(FRAME, language), **own}


class Paper:
    """Renders one room's templates, which extend `base.html`; their words stand in the room's
    `words.yaml`, as `t['name']`.
    """

    def __init__(self, package: str, entries: Sequence[RailEntry]) -> None:
        self._package = package
        self._entries = entries
        self._words = {language: words_of(package, language) for language in LANGUAGES}
        places = [package] if package == FRAME else [package, FRAME]
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(place) for place in places]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def t(self, visit: Visit) -> Mapping[str, str]:
        """The words for whoever reads."""
        return self._words[visit.looks.language]

    def page(self, visit: Visit, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """A whole page."""
        reader = visit.reader
        may = reader.may if reader else frozenset()
        search = any(each.name == TICKETS and each.needs in may for each in self._entries)
        return self._made(
            visit,
            template,
            status,
            **facts,
            reader=reader,
            rail=rail_of(_without_search(self._entries), may, visit.path),
            search=search,
            back=visit.back,
            **_trial(visit),
            themes=THEMES,
            languages=LANGUAGES,
            asset={name: each.path for name, each in assets().items()},
        )

    def part(self, visit: Visit, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """A piece of a page, for whoever has the rest already."""
        return self._made(visit, template, status, **facts)

    def card(self, template: str, language: Language, **facts: Any) -> str:
        """One card of a list that is pushed: the same for whoever reads it in this language."""
        html = self._templates.get_template(template).render(
            t=self._words[language], language=language, **facts
        )
        return html.strip()

    def _made(self, visit: Visit, template: str, status: int, **facts: Any) -> HTMLResponse:
        language = visit.looks.language
        html = self._templates.get_template(template).render(
            t=self.t(visit), language=language, looks=visit.looks, **facts
        )
        headers = {"Content-Language": language, "Vary": "Accept-Language, Cookie, HX-Request"}
        return HTMLResponse(html, status, headers)


def _trial(visit: Visit) -> dict[str, Any]:
    """How far a trial's clock was moved, in words and for scripts; nothing where it was not."""
    if visit.ahead < MOVED:
        return {"trial": "", "ahead": 0}
    ahead = int(visit.ahead / timedelta(milliseconds=1))
    return {"trial": span(visit.ahead, visit.looks.language), "ahead": ahead}


def _without_search(entries: Sequence[RailEntry]) -> list[RailEntry]:
    return [entry for entry in entries if entry.name != TICKETS]
