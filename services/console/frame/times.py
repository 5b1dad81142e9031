"""How a moment and a span are said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shared.contracts.times import written
from shared.policy.templates import Language

ZONE: Final = "Asia/Shanghai"
"""Until a page knows its estate's own."""
SOON: Final = timedelta(minutes=5)
_WEEKDAYS: Final = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_UNITS: Final = {"zh": ("天", "小时", "分", "秒"), "en": ("d", "h", "min", "s")}
_GAP: Final = {"zh": "", "en": " "}


def moment(at: datetime, now: datetime, language: Language, zone: str = ZONE) -> str:
    """Today the time of day, else the day with it."""
    there, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    clock = f"{there:%H:%M}"
    if there.date() == today.date():
        return clock
    weekday = _WEEKDAYS[language][there.weekday()]
    year = "" if there.year == today.year else str(there.year)
    if language == "zh":
        return f"{year + '年' if year else ''}{there.month}月{there.day}日 {weekday} {clock}"
    return " ".join(filter(None, (weekday, str(there.day), _MONTHS[there.month - 1], year, clock)))


def deadline(at: datetime, now: datetime, language: Language, zone: str = ZONE) -> str:
    """Until when: a day ends at its own 24:00, for the next one's 00:00 is heard a day late."""
    there = at.astimezone(ZoneInfo(zone))
    if (there.hour, there.minute, there.second) != (0, 0, 0):
        return moment(at, now, language, zone)
    return moment(at - timedelta(minutes=1), now, language, zone).replace("23:59", "24:00")


def typed_moment(typed: str, zone: str = ZONE) -> str:
    """What a field for a local time holds, as a service takes it. Rubbish is left as it is: the
    service says what is wrong with it.
    """
    try:
        at = datetime.fromisoformat(typed)
        return written(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone)))
    except (ValueError, OverflowError):
        return typed


def span(time: timedelta, language: Language) -> str:
    """How long something has been, in one unit, of which there are at least two but for seconds:
    as `live.js` says it.
    """
    seconds = max(int(time.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    counts = (days if hours >= 48 else 0, hours if minutes >= 120 else 0, minutes, seconds)
    at = next((at for at, count in enumerate(counts) if count), len(counts) - 1)
    return f"{counts[at]}{_GAP[language]}{_UNITS[language][at]}"


@dataclass(frozen=True, slots=True)
class Due:
    """When something falls due: `at` for machines, `on` the moment in words, and how long that is
    from now, or ago.
    """

    at: str
    on: str
    span: str
    state: Literal["late", "soon", "far"]


def due_of(at: datetime | None, now: datetime, language: Language) -> Due | None:
    """How a limit is said; None where nothing falls due."""
    if at is None:
        return None
    left = at - now
    state: Literal["late", "soon", "far"] = "far"
    if left < timedelta():
        state = "late"
    elif left < SOON:
        state = "soon"
    return Due(written(at), deadline(at, now, language), span(abs(left), language), state)


def grouped(number: str) -> str:
    """A ticket's number in groups of four, as it is read out."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
