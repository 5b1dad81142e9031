"""Which of our two languages a reader gets, and the words of the pages in each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, cast

from fastapi import Depends, Query, Request

from shared.policy.templates import Language
from shared.policy.yaml import read_yaml

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_MOST_ACCEPTED: Final = 20
"""Entries of Accept-Language that are looked at; browsers send a handful."""


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
