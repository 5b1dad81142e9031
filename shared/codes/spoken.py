"""Times as people say them, in both languages and by the estate's clock. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from shared.codes import names
from shared.policy.templates import Language

CLOCKS: Final = names("clocks")
_DAYS: Final[Mapping[int, Mapping[Language, str]]] = {
    0: {"zh": "今天", "en": "today"},
    1: {"zh": "明天", "en": "tomorrow"},
}
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def spoken_time(moment: datetime, zone: ZoneInfo, language: Language) -> str:
    """11月23日 16:30, or 23 Nov 16:30."""
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    if language == "zh":
        return f"{local.month}月{local.day}日 {clock}"
    return f"{local.day} {_MONTHS[local.month - 1]} {clock}"


def spoken_promise(
    clock: str, due: datetime, now: datetime, zone: ZoneInfo, language: Language
) -> str:
    """今天 16:30 前到场, or on site by 16:30 today; the day where it is a later one."""
    what = CLOCKS.get(clock, {}).get(language, clock)
    local = due.astimezone(zone)
    day = _DAYS.get((local.date() - now.astimezone(zone).date()).days)
    if day is None:
        when = spoken_time(due, zone, language)
    elif language == "zh":
        when = f"{day['zh']} {local:%H:%M}"
    else:
        when = f"{local:%H:%M} {day['en']}"
    return f"{when} 前{what}" if language == "zh" else f"{what} by {when}"
