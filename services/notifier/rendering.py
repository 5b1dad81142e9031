"""From a message's facts to the words somebody reads. Pure; done on demand, right before sending.

Times are the estate's own, names are the policy's in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import TemplateError

from services.notifier.errors import CannotWrite
from services.notifier.messages import Message
from shared.policy.policy import Policy
from shared.policy.templates import Language

CLOCKS: Final[Mapping[str, Mapping[Language, str]]] = {
    "accept": {"zh": "接单", "en": "accept"},
    "first_reply": {"zh": "首次回复", "en": "first reply"},
    "arrive": {"zh": "到场", "en": "on site"},
    "resolve": {"zh": "办结", "en": "done"},
    "control": {"zh": "险情控制", "en": "danger over"},
    "feed_back": {"zh": "反馈", "en": "feed back"},
    "appointment": {"zh": "预约上门", "en": "visit"},
}
REASONS: Final[Mapping[str, Mapping[Language, str]]] = {
    "parts": {"zh": "等待配件", "en": "a part is awaited"},
    "access": {"zh": "等待入户", "en": "access is awaited"},
    "weather": {"zh": "天气原因", "en": "the weather"},
    "third_party": {"zh": "等待第三方", "en": "others have to act first"},
}
"""A reason is a code; one that has no words here stands for itself."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
                  "Dec")  # fmt: skip


def render(message: Message, policy: Policy, *, name: str, link: str) -> tuple[str, str]:
    """Subject and body of a message for whoever is called `name`, in the words and the time of the
    estate it is about; raises CannotWrite.
    """
    policy = policy.at(message.estate)
    fields = fields_of(message, policy, name=name, link=link)
    try:
        return policy.templates.words(message.purpose, message.language).render(fields)
    except (TemplateError, KeyError, ValueError, TypeError) as error:
        raise CannotWrite(
            f"{message.purpose}.{message.language}: {type(error).__name__}"
        ) from error


def fields_of(message: Message, policy: Policy, *, name: str, link: str) -> dict[str, str]:
    """Every field that a template may use, as text; empty where nothing is known."""
    facts, language = message.facts, message.language
    taxonomy, zone = policy.taxonomy, policy.calendar.zone

    def named(find: Callable[[str], Any], key: str) -> str:
        return _name(find, facts.get(key), language)

    def at(key: str) -> str:
        found = facts.get(key)
        return spoken_time(found, zone, language) if found else ""

    estate = policy.group.find_estate(message.estate) if message.estate else None
    return {
        "name": name,
        "number": message.number,
        "group": getattr(policy.group, language),
        "desk": _joined(policy.rules.desk_numbers, language),
        "estate": getattr(estate, language) if estate else "",
        "building": str(facts.get("building") or ""),
        "type": named(taxonomy.type, "type"),
        "area": named(taxonomy.area, "area"),
        "urgency": named(_urgency(policy), "urgency"),
        "department": named(taxonomy.department, "department"),
        "kind": named(taxonomy.kind, "kind"),
        "advice": _advice(policy, facts.get("kind"), language),
        "clock": CLOCKS.get(str(facts.get("clock")), {}).get(language, ""),
        "due": at("due"),
        "arrive": at("arrive"),
        "reply": at("reply"),
        "level": str(facts.get("level") or ""),
        "reason": _reason(facts.get("reason"), language),
        "link": link,
    }


def spoken_time(moment: datetime, zone: ZoneInfo, language: Language) -> str:
    """11月23日 16:30, or 23 Nov 16:30."""
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    if language == "zh":
        return f"{local.month}月{local.day}日 {clock}"
    return f"{local.day} {_MONTHS[local.month - 1]} {clock}"


def _name(find: Callable[[str], Any], id: str | None, language: Language) -> str:
    """What the policy calls it; an id from an older version of the policy speaks for itself."""
    if not id:
        return ""
    try:
        return str(getattr(find(id), language))
    except KeyError:
        return id


def _reason(code: str | None, language: Language) -> str:
    return REASONS.get(code, {}).get(language, code) if code else ""


def _urgency(policy: Policy) -> Callable[[str], Any]:
    return {urgency.id: urgency for urgency in policy.taxonomy.urgencies}.__getitem__


def _advice(policy: Policy, kind: str | None, language: Language) -> str:
    if not kind:
        return ""
    try:
        found = policy.taxonomy.kind(kind)
    except KeyError:
        return ""
    return found.first_advice_en if language == "en" else found.first_advice


def _joined(words: tuple[str, ...], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(words)
