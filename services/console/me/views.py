"""What the page of one's own settings shows, and what its form means. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.own import OwnSession, OwnSettings
from services.console.frame.choices import Choice
from services.console.frame.times import moment
from shared.contracts.times import written
from shared.policy.templates import Language

AS_BROWSER: Final = ""
ON, OFF = "on", "off"
SWITCH: Final = (ON, OFF)
THEMES: Final = (AS_BROWSER, "light", "dark")
SETTINGS: Final = ("language", "theme", "sound", "single_keys")
NAMES: Final[Mapping[str, str]] = {"zh": "中文", "en": "English"}


@dataclass(frozen=True, slots=True)
class Picked:
    """A setting as the form shows it: what may be chosen, and what is."""

    name: str
    choices: Sequence[Choice]
    chosen: str


@dataclass(frozen=True, slots=True)
class SessionLine:
    """Where the reader is signed in."""

    id: str
    how: str
    began_at: str
    began: str
    used_at: str
    used: str
    is_here: bool


def settings_form(settings: OwnSettings, t: Mapping[str, str]) -> list[Picked]:
    """Every setting with its choices. A theme that only other programs offer stays as it is."""
    themes = (*THEMES, *({settings.theme or AS_BROWSER} - set(THEMES)))
    languages = [Choice(each, name) for each, name in NAMES.items()]
    return [
        Picked(
            "language",
            [Choice(AS_BROWSER, t["as_browser"]), *languages],
            settings.language or AS_BROWSER,
        ),
        Picked(
            "theme",
            [Choice(each, t[f"theme_{each or 'system'}"]) for each in themes],
            settings.theme or AS_BROWSER,
        ),
        Picked("sound", _switch(t), ON if settings.sound else OFF),
        Picked("single_keys", _switch(t), ON if settings.single_keys else OFF),
    ]


def wished(
    before: OwnSettings, form: Mapping[str, str], seen: Mapping[str, str]
) -> OwnSettings | None:
    """The settings with what was changed in the form since it was `seen`; None for what it does not
    offer. What it does not show stays, and so does what another page has changed meanwhile.
    """
    language, theme = form["language"], form["theme"]
    known = (
        language in (AS_BROWSER, *NAMES)
        and theme in (*THEMES, before.theme, seen.get("theme"))
        and {form["sound"], form["single_keys"]} <= set(SWITCH)
    )
    if not known:
        return None
    filled = {
        "language": language or None,
        "theme": theme or None,
        "sound": form["sound"] == ON,
        "single_keys": form["single_keys"] == ON,
    }
    changed = {name: each for name, each in filled.items() if form[name] != seen.get(name)}
    return before.model_copy(update=changed)


def session_lines(
    sessions: Sequence[OwnSession], now: datetime, language: Language
) -> list[SessionLine]:
    """Where the reader is signed in, this session first."""
    return [
        SessionLine(
            id=each.id,
            how=each.how,
            began_at=written(each.started_at),
            began=moment(each.started_at, now, language),
            used_at=written(each.used_at),
            used=moment(each.used_at, now, language),
            is_here=each.own,
        )
        for each in sorted(sessions, key=lambda each: not each.own)
    ]


def _switch(t: Mapping[str, str]) -> list[Choice]:
    return [Choice(ON, t["switch_on"]), Choice(OFF, t["switch_off"])]
