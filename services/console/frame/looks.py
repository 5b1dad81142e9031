"""How somebody wants the pages: language, theme, single keys. Kept in their browser. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from shared.policy.templates import Language

Theme = Literal["system", "light", "dark"]
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)
LANGUAGE_COOKIE: Final = "hotline_language"
THEME_COOKIE: Final = "hotline_theme"
KEYS_COOKIE: Final = "hotline_keys"
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class Looks:
    """What is chosen; `single_keys` are letters and signs that act by themselves."""

    language: Language
    theme: Theme
    single_keys: bool


def looks_of(cookies: Mapping[str, str], liked: Language) -> Looks:
    """What a browser keeps, else what it `liked`; rubbish is as nothing."""
    language: Language = liked
    if cookies.get(LANGUAGE_COOKIE) == "zh":
        language = "zh"
    if cookies.get(LANGUAGE_COOKIE) == "en":
        language = "en"
    theme = next((each for each in THEMES if each == cookies.get(THEME_COOKIE)), THEMES[0])
    return Looks(language, theme, cookies.get(KEYS_COOKIE) != OFF)


def own_path(text: str | None) -> str:
    """Where to go next, within the console; the beginning instead of anywhere else."""
    path = text or "/"
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours and path.isprintable() and len(path) <= 2_000 else "/"
