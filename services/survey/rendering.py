"""Pages as HTML, with the headers that keep them private and free of anybody else's code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final, Literal

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from services.survey.domain import DIMENSIONS, LONGEST_COMMENT, Matter
from services.survey.forms import SCORES, Form
from services.survey.languages import LANGUAGES, words
from shared.policy.policy import Policy
from shared.policy.taxonomy import Area, RequestType
from shared.policy.templates import Language

STYLE: Final = files("services.survey").joinpath("static/survey.css").read_text("utf-8")
STYLE_VERSION: Final = hashlib.sha256(STYLE.encode()).hexdigest()[:12]
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Language",
}
"""The address is the key to the page: it goes to no referrer, cache or index."""

Said = Literal["thanks", "already", "expired"]
Trouble = Literal["missing", "too_large", "away"]


class Pages:
    """Renders each page in the reader's language, with the names of the policy in force."""

    def __init__(self, policy: Callable[[], Policy]) -> None:
        self._policy = policy
        self._words = {language: words(language) for language in LANGUAGES}
        self._templates = Environment(
            loader=PackageLoader("services.survey"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def form(
        self, matter: Matter, form: Form, language: Language, *, status: int = 200
    ) -> HTMLResponse:
        """The question, with what was typed and what is wrong with it."""
        return self._page(
            "form.html",
            language,
            status,
            form=_Shown(form),
            scores=SCORES,
            dimensions=DIMENSIONS,
            longest_comment=LONGEST_COMMENT,
            **self._about(matter, language),
        )

    def said(
        self,
        said: Said,
        matter: Matter,
        language: Language,
        *,
        status: int = 200,
        reopened: bool = False,
    ) -> HTMLResponse:
        """What became of an answer."""
        about = self._about(matter, language)
        return self._page("said.html", language, status, said=said, reopened=reopened, **about)

    def trouble(self, said: Trouble, language: Language, *, status: int) -> HTMLResponse:
        """What concerns no known survey, in both languages."""
        other = self._words["en" if language == "zh" else "zh"]
        return self._page("trouble.html", language, status, said=said, other=other)

    def _about(self, matter: Matter, language: Language) -> dict[str, Any]:
        policy = self._policy().at(matter.estate)
        return {"matter": matter, "policy": policy, "kind": kind_of(matter, policy, language)}

    def _page(
        self,
        template: str,
        language: Language,
        status: int,
        *,
        policy: Policy | None = None,
        **facts: Any,
    ) -> HTMLResponse:
        policy = policy or self._policy()
        html = self._templates.get_template(template).render(
            t=self._words[language],
            language=language,
            group={"zh": policy.group.zh, "en": policy.group.en},
            desk=next(iter(policy.rules.desk_numbers), None),
            style_version=STYLE_VERSION,
            **facts,
        )
        return HTMLResponse(html, status, {**HEADERS, "Content-Language": language})


class _Shown:
    """A form as templates read it: every field is there, if only as nothing."""

    def __init__(self, form: Form) -> None:
        names = ("score", *DIMENSIONS, "comment")
        self.typed = {name: form.typed.get(name, "") for name in names}
        self.faults = form.faults
        self.fault_of = {name: form.faults.get(name) for name in names}


def kind_of(matter: Matter, policy: Policy, language: Language) -> str:
    """The matter's type and area by their names; what the policy no longer knows is left out."""
    taxonomy = policy.taxonomy
    named: list[RequestType | Area] = []
    if matter.type and taxonomy.has_type(matter.type):
        named.append(taxonomy.type(matter.type))
    if matter.area and taxonomy.has_area(matter.area):
        named.append(taxonomy.area(matter.area))
    return " · ".join(entry.zh if language == "zh" else entry.en for entry in named)
