"""The resident's pages as HTML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from fastapi.responses import HTMLResponse

from services.survey.domain import DIMENSIONS, LONGEST_COMMENT, Matter
from services.survey.forms import SCORES, Form
from shared.policy.policy import Policy
from shared.policy.taxonomy import Area, RequestType
from shared.policy.templates import Language
from shared.runtime.web import Paper

ROOT: Final = "/s"
"""Where the pages are."""

Said = Literal["thanks", "already", "expired"]
Trouble = Literal["missing", "too_large", "away"]


class Pages:
    """Renders each page in the reader's language, with the names of the policy in force."""

    def __init__(self, policy: Callable[[], Policy]) -> None:
        self._policy = policy
        self._paper = Paper("services.survey", ROOT, policy)

    def form(
        self, matter: Matter, form: Form, language: Language, *, status: int = 200
    ) -> HTMLResponse:
        """The question, with what was typed and what is wrong with it."""
        return self._paper.page(
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
        return self._paper.page(
            "said.html", language, status, said=said, reopened=reopened, **about
        )

    def trouble(self, said: Trouble, language: Language, *, status: int) -> HTMLResponse:
        """What concerns no known survey, in both languages."""
        return self._paper.trouble(said, language, status=status)

    def _about(self, matter: Matter, language: Language) -> dict[str, Any]:
        policy = self._policy().at(matter.estate)
        return {"matter": matter, "policy": policy, "kind": kind_of(matter, policy, language)}


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
