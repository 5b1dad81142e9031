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
    "repeated": {"zh": "业主多次来电", "en": "the caller had to come back"},
    "false_completion": {"zh": "报完工但未解决", "en": "reported as done, and is not"},
    "false_completion_elsewhere": {
        "zh": "报完工但未解决，且照片拍摄地点不符",
        "en": "reported as done, and is not; the photo was taken elsewhere",
    },
    "leave": {"zh": "休假", "en": "leave"},
    "unqualified": {"zh": "证书不在有效期内", "en": "a certificate that does not count then"},
    "cancelled": {"zh": "排班取消", "en": "it is not needed"},
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
        subject, body = policy.templates.words(message.purpose, message.language).render(fields)
    except (TemplateError, KeyError, ValueError, TypeError) as error:
        raise CannotWrite(
            f"{message.purpose}.{message.language}: {type(error).__name__}"
        ) from error
    if message.facts.get("test"):
        return _as_drill(subject, body, message.language)
    return subject, body


def _as_drill(subject: str, body: str, language: Language) -> tuple[str, str]:
    """Whoever reads it must not take it for real, whatever the group's own words say."""
    if language == "zh":
        return f"【演练】{subject}", f"这是演练，请按预案操作，不要拨打外部电话。\n\n{body}"
    return f"[Drill] {subject}", f"This is a drill: follow the plan, call nobody outside.\n\n{body}"


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
        "from": at("from"),
        "missing": str(facts.get("missing") or ""),
        "gaps": str(facts.get("gaps") or ""),
        "level": str(facts.get("level") or ""),
        "contacts": str(facts.get("contacts") or ""),
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
