"""How somebody wants the pages: language, theme, single keys. Kept with their account; before they
sign in, and for what the account leaves open, in their browser. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from services.console.clients.own import OwnSettings
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


def looks_by(settings: OwnSettings, kept: Looks) -> Looks:
    """What the account says; what it leaves open is as the browser keeps it."""
    theme = next((each for each in THEMES if each == settings.theme), kept.theme)
    return Looks(settings.language or kept.language, theme, settings.single_keys)


def chosen(settings: OwnSettings, name: str, value: str) -> OwnSettings:
    """The settings with one of them chosen, by the name of the cookie that would keep it."""
    changed: dict[str, dict[str, object]] = {
        LANGUAGE_COOKIE: {"language": value},
        THEME_COOKIE: {"theme": None if value == THEMES[0] else value},
        KEYS_COOKIE: {"single_keys": value != OFF},
    }
    return settings.model_copy(update=changed[name])


def own_path(text: str | None) -> str:
    """Where to go next, within the console; the beginning instead of anywhere else."""
    path = text or "/"
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours and path.isprintable() and len(path) <= 2_000 else "/"
