"""Pages as HTML in the reader's language, with the headers that keep them private and free of
anybody else's code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, cast
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from shared.policy.documents import read_yaml
from shared.policy.policy import Policy
from shared.policy.templates import Language
from shared.runtime.endpoint_rights import open_to_all

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_MOST_ACCEPTED: Final = 20
"""Entries of Accept-Language that are looked at; browsers send a handful."""
_HERE: Final = "shared.runtime.web"
STYLE: Final = files(_HERE).joinpath("pages.css").read_text("utf-8")


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


STYLE_VERSION: Final = _version(STYLE)
STYLE_PATH: Final = "static/pages.css"
STYLE_MAX_AGE: Final = 86_400
"""The page names its style and its script by content: no old copy is used for a new page."""
SCRIPT: Final = "page.js"
"""The file of a package whose pages have a script: one of our own, that no page needs."""
SCRIPT_PATH: Final = f"static/{SCRIPT}"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action {forms}; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Language",
}
"""The address is the key to the page: it goes to no referrer, cache or index."""


def in_path(token: str) -> str:
    """A token as it stands in an address. One that was signed here stays as it is; what somebody
    made up cannot lead elsewhere.
    """
    return quote(token, safe="")


def choose_language(asked: str | None, accepted: str) -> Language:
    """What the address asks for, else what the browser likes best of ours, else Chinese."""
    for language in LANGUAGES:
        if asked == language:
            return language
    liked = {language: _liking(language, accepted) for language in LANGUAGES}
    return "en" if liked["en"] > liked["zh"] else "zh"


def _liking(language: Language, accepted: str) -> float:
    entries = [entry.partition(";") for entry in accepted.split(",")[:_MOST_ACCEPTED]]
    return max(
        (_quality(rest) for tag, _, rest in entries if _is(language, tag.strip().lower())),
        default=0.0,
    )


def _is(language: Language, tag: str) -> bool:
    return tag == language or tag.startswith(f"{language}-")


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _language(request: Request, lang: Annotated[str | None, Query()] = None) -> Language:
    return choose_language(lang, request.headers.get("accept-language", ""))


Chosen = Annotated[Language, Depends(_language)]
"""The language of whoever asks for a page."""


def words(package: str, language: Language) -> Mapping[str, str]:
    """Every text of a package's pages in a language, by its name in its `words.yaml`."""
    return {name: both[language] for name, both in _words_of(package).items()}


@cache
def _words_of(package: str) -> Mapping[str, Mapping[str, str]]:
    text = files(package).joinpath("words.yaml").read_text("utf-8")
    return cast("Mapping[str, Mapping[str, str]]", read_yaml(text))


class Paper:
    """Renders a package's pages in the reader's language, with the names of the policy in force.

    Its templates extend `base.html`; its words are those of its `words.yaml`. `root` is the first
    part of the pages' paths. With `scripted` they have the package's script (`build_script`). Their
    forms go to their own origin, and to `forms_to` where that is another one.
    """

    def __init__(
        self,
        package: str,
        root: str,
        policy: Callable[[], Policy],
        *,
        scripted: bool = False,
        forms_to: str = "",
    ) -> None:
        self.policy = policy
        self._forms = f"'self' {forms_to}".strip()
        self._style = f"{root}/{STYLE_PATH}?v={STYLE_VERSION}"
        self._script = f"{root}/{SCRIPT_PATH}?v={_version(_script_of(package))}" if scripted else ""
        self._words = {language: words(package, language) for language in LANGUAGES}
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader(_HERE)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self,
        template: str,
        language: Language,
        status: int = 200,
        *,
        policy: Policy | None = None,
        pictures: bool = False,
        **facts: Any,
    ) -> HTMLResponse:
        """One page; `policy` is that of the place it is about, `pictures` where some stand in the
        page itself.
        """
        here = policy or self.policy()
        html = self._templates.get_template(template).render(
            t=self._words[language],
            language=language,
            group={"zh": here.group.zh, "en": here.group.en},
            desk=next(iter(here.rules.desk_numbers), None),
            style=self._style,
            script=self._script,
            **facts,
        )
        return HTMLResponse(html, status, self._headers(language, pictures=pictures))

    def _headers(self, language: Language, *, pictures: bool) -> dict[str, str]:
        allowed = [_POLICY.format(forms=self._forms)]
        allowed += ["script-src 'self'"] if self._script else []
        allowed += ["img-src data:"] if pictures else []
        policy = {"Content-Security-Policy": "; ".join(allowed)}
        return {**policy, **_HEADERS, "Content-Language": language}

    def trouble(
        self, said: str, language: Language, *, status: int, wait: int | None = None
    ) -> HTMLResponse:
        """What concerns nothing that is known here, in both languages; after `wait` seconds it is
        worth trying again.
        """
        other = self._words["en" if language == "zh" else "zh"]
        page = self.page("trouble.html", language, status, said=said, other=other)
        if wait is not None:
            page.headers["Retry-After"] = str(wait)
        return page


def build_style(root: str) -> APIRouter:
    """The style of the pages under `root`, from their own origin."""
    return _build_file(root, STYLE_PATH, STYLE, "text/css")


def build_script(root: str, package: str) -> APIRouter:
    """The script of a package's pages under `root`, from their own origin."""
    return _build_file(root, SCRIPT_PATH, _script_of(package), "text/javascript")


def _script_of(package: str) -> str:
    return files(package).joinpath(SCRIPT).read_text("utf-8")


def _build_file(root: str, path: str, text: str, kind: str) -> APIRouter:
    router = APIRouter(prefix=root, dependencies=[open_to_all()], include_in_schema=False)

    @router.get(f"/{path}")
    async def give() -> Response:
        headers = {"Cache-Control": f"public, max-age={STYLE_MAX_AGE}"}
        return Response(text, media_type=kind, headers=headers)

    return router
