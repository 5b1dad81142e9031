"""From a message's facts to the words somebody reads. Pure; done on demand, right before sending.

Times are the estate's own, names are the policy's in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from jinja2 import TemplateError

from services.notifier.group_chats import is_group_chat, words_to_group_chat
from services.notifier.messages import Message
from shared.codes import names
from shared.codes.spoken import CLOCKS, spoken_time
from shared.policy.policy import Policy
from shared.policy.templates import Language

REASONS: Final[Mapping[str, Mapping[Language, str]]] = {
    "parts": {"zh": "等待配件", "en": "a part is awaited"},
    "access": {"zh": "等待入户", "en": "access is awaited"},
    "weather": {"zh": "天气原因", "en": "the weather"},
    "third_party": {"zh": "等待第三方", "en": "others have to act first"},
    **names("raise_reasons"),
    **names("follow_up_reasons"),
    "unreached_unconfirmed": {"zh": "没有回执", "en": "no receipt came"},
    "unreached_unknown": {"zh": "是否收到不明", "en": "nobody knows whether it arrived"},
    "alert_over": {
        "zh": "共用告警的一户已处置完毕，请联系其余住户，确认或驳回该群体事件",
        "en": "the alert that many shared is over for one of them: ask the others, then confirm or "
        "dismiss the incident",
    },
    "agreed": {"zh": "业主已同意", "en": "the owner agrees"},
    "refused": {"zh": "业主不同意", "en": "the owner refuses"},
    "false_completion_elsewhere": {
        "zh": "报完工但未解决，且照片拍摄地点不符",
        "en": "reported as done, and is not; the photo was taken elsewhere",
    },
    "urged": {"zh": "业主催办", "en": "the caller asks for haste"},
    "supplemented": {"zh": "业主补充了情况", "en": "the caller has added something"},
    "cancel_wanted": {
        "zh": "业主要求取消，请确认",
        "en": "the caller no longer needs it; please confirm",
    },
    "too_many": {"zh": "同一发送方的此类消息过多", "en": "its sender sends too many such messages"},
    "leave": {"zh": "休假", "en": "leave"},
    "unqualified": {"zh": "证书不在有效期内", "en": "a certificate that does not count then"},
    "cancelled": {"zh": "排班取消", "en": "it is not needed"},
    "malformed": {"zh": "内容无法读取", "en": "it cannot be read"},
    "unknown_event": {"zh": "消息类型未知", "en": "it is of an unknown kind"},
    "failed": {"zh": "处理时出错", "en": "handling it failed"},
    "gave_up": {"zh": "多次重试未成功", "en": "it failed again and again"},
    "unrouted": {"zh": "路由键有误，没有队列接收", "en": "its routing key leads to no queue"},
    "dead_lettered": {"zh": "消息代理多次投递未成功", "en": "the broker gave up delivering it"},
    "unreached_no_address": {"zh": "没有可用的地址", "en": "there is no address that works"},
    "unreached_no_channel": {"zh": "没有消息渠道", "en": "no channel leads there"},
    "unreached_refused": {"zh": "对方地址拒收", "en": "the address refuses it"},
    "unreached_no_answer": {"zh": "对方地址没有应答", "en": "the address does not answer"},
    "time_given": {"zh": "同意延期", "en": "more time is granted"},
    "time_longer": {"zh": "时限已延长", "en": "there is more time"},
    "time_refused": {"zh": "不同意延期", "en": "no more time is granted"},
    "sign_more_than_usual": {
        "zh": "一小时内查阅次数远多于平时",
        "en": "far more in an hour than usual",
    },
    "sign_ended_tickets": {
        "zh": "一小时内多次查阅已结束的工单",
        "en": "many tickets within an hour that are over",
    },
    "sign_not_their_work": {
        "zh": "一小时内多次查阅与本人无关的工单",
        "en": "many tickets within an hour in which they have no part",
    },
    "sign_one_flat": {
        "zh": "一天内多次查阅同一户",
        "en": "many tickets of one flat within a day",
    },
    "line_down_trunk": {
        "zh": "中继不通，来电进不来",
        "en": "its trunks are down, so nobody gets through",
    },
    "line_down_silent": {
        "zh": "往常此时来电不断，现在一个也没有",
        "en": "nobody rings, at a time at which many do",
    },
    "line_down_rang_in_vain": {
        "zh": "有人试拨，打不通",
        "en": "somebody rang it, and did not get through",
    },
    "line_degraded_some_trunks": {"zh": "部分中继不通", "en": "some of its trunks are down"},
    "line_degraded_unheard": {
        "zh": "收不到交换机的消息，不知道线路是否正常",
        "en": "the exchange tells nothing, so nobody knows whether it works",
    },
    "line_degraded_maintenance": {"zh": "正在按计划维护", "en": "announced work is going on"},
    "watch_firing": {"zh": "告警", "en": "alert"},
    "watch_resolved": {"zh": "已恢复", "en": "over"},
    "line_up": {"zh": "已恢复正常", "en": "it works again"},
    "line_contract_30": {"zh": "合同 30 天内到期", "en": "its contract ends within 30 days"},
    "line_contract_7": {"zh": "合同 7 天内到期", "en": "its contract ends within 7 days"},
    "stopped_its_reader": {"zh": "处理它的程序多次中断", "en": "it ended the program that read it"},
}
"""A reason is a code; one that has no words here stands for itself."""
_STATES: Final[Mapping[str, Mapping[Language, str]]] = {
    "warning": {"zh": "即将到期", "en": "due soon"},
    "breach": {"zh": "已超时（督办第 {} 级）", "en": "overdue (level {})"},
}
"""What a line of a digest says of its deadline."""
_OPEN: Final[Mapping[Language, str]] = {"zh": "打开链接处理：", "en": "Open the link to act: "}
"""Before a link that the group's own words leave out: without it nobody could act."""
_NEW_LINK: Final[Mapping[Language, str]] = {
    "zh": "您的手机已报失，之前收到的链接都已失效，请使用本消息中的链接。",
    "en": "Your telephone was reported as lost. Links you got before open nothing any more; use "
    "the one in this message.",
}
"""Said first where somebody is told again what they knew: it is no new work."""
_PROMISES: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {
        "arrive": "预计 {} 前到场",
        "due": "{} 前处理完毕",
        "reply": "{} 前与您联系",
        "before": "：",
        "between": "，",
    },
    "en": {
        "arrive": "there by {}",
        "due": "done by {}",
        "reply": "we get back to you by {}",
        "before": ": ",
        "between": ", ",
    },
}
"""What a line of the one receipt of a call promises, as its own receipt would."""
_DRILL: Final[Mapping[Language, str]] = {"zh": "【演练】", "en": "[Drill]"}
_AND_MORE: Final[Mapping[Language, str]] = {"zh": "……另有 {} 项", "en": "… and {} more"}
_UNKNOWN_PLACE: Final[Mapping[Language, str]] = {"zh": "地点不明", "en": "Place unknown"}
_BUILDING: Final[Mapping[Language, str]] = {"zh": " {} 号楼", "en": ", building {}"}
_UNSORTED: Final[Mapping[Language, str]] = {"zh": "事项待分类", "en": "not sorted yet"}
_URGENT: Final[Mapping[Language, str]] = {"zh": "{}（{}）", "en": "{} ({})"}


class CannotWrite(Exception):
    """The words could not be made from the facts; tried again later, under a corrected policy."""


def render(
    message: Message,
    policy: Policy,
    *,
    name: str,
    link: str,
    quoted: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, str]:
    """Subject and body of a message for whoever is called `name`, in the words and the time of the
    estate it is about, with what is `quoted` of its ticket; raises CannotWrite.
    """
    here = policy.at(message.estate)
    if is_group_chat(message.recipient):
        return words_to_group_chat(message, here)
    fields = fields_of(message, here, name=name, link=link)
    if message.purpose == "digest":
        fields["lines"] = _lines(message, policy)
    subject, body = _worded(message, here, {**fields, **quoted})
    if link and link not in body:
        body = f"{body}\n\n{_OPEN[message.language]}{link}"
    if message.cause != message.cause.first:
        body = f"{body}\n\n{_NEW_LINK[message.language]}"
    if message.facts.get("test"):
        return _as_drill(subject, body, message.language)
    return subject, body


def line_of(message: Message, policy: Policy, *, link: str, quoted: Mapping[str, str]) -> str:
    """What the message that tells several says of one: its subject, its first line, its link.
    Raises CannotWrite.
    """
    here, language = policy.at(message.estate), message.language
    fields = fields_of(message, here, name="", link=link)
    subject, body = _worded(message, here, {**fields, **quoted})
    drill = _DRILL[language] if message.facts.get("test") else ""
    return "\n".join(filter(None, (f"{drill}{subject}", body.partition("\n")[0], link)))


def line_of_receipt(message: Message, policy: Policy) -> str:
    """What the one receipt of a call says of each report: its number, what it is about, where, and
    what is promised, as its own receipt would.
    """
    here, language = policy.at(message.estate), message.language
    fields = fields_of(message, here, name="", link="")
    drill = _DRILL[language] if message.facts.get("test") else ""
    place, matter = fields["estate"], fields["area"] or fields["type"]
    if language == "zh":
        return f"{drill}{message.number} {place}{matter}{_promise_of(fields, language)}"
    what = ", ".join(filter(None, (matter, place)))
    about = f" ({what})" if what else ""
    return f"{drill}{message.number}{about}{_promise_of(fields, language)}"


def _promise_of(fields: Mapping[str, str], language: Language) -> str:
    """What a receipt promises; nothing where nothing was."""
    words = _PROMISES[language]
    kept = ("arrive", "due") if fields["due"] else ("reply",)
    said = [words[fact].format(fields[fact]) for fact in kept if fields[fact]]
    return words["before"] + words["between"].join(said) if said else ""


def _worded(message: Message, here: Policy, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body in the words of a place; raises CannotWrite."""
    try:
        return here.templates.words(message.purpose, message.language).render(fields)
    except (TemplateError, KeyError, ValueError, TypeError) as error:
        raise CannotWrite(
            f"{message.purpose}.{message.language}: {type(error).__name__}"
        ) from error


def _as_drill(subject: str, body: str, language: Language) -> tuple[str, str]:
    """Whoever reads it must not take it for real, whatever the group's own words say."""
    if language == "zh":
        return f"【演练】{subject}", f"这是演练，请按预案操作，不要拨打外部电话。\n\n{body}"
    return f"[Drill] {subject}", f"This is a drill: follow the plan, call nobody outside.\n\n{body}"


def fields_of(message: Message, policy: Policy, *, name: str, link: str) -> dict[str, str]:
    """Every field that a template may use, as text; empty where the message does not know it."""
    facts, language = message.facts, message.language
    zone = policy.calendar.zone

    def at(key: str) -> str:
        found = facts.get(key)
        return spoken_time(found, zone, language) if found else ""

    estate = policy.group.find_estate(message.estate) if message.estate else None
    named = _names(facts, policy, language)
    return {
        "name": name,
        "number": message.named,
        "group": getattr(policy.group, language),
        "desk": _joined(policy.rules.desk_numbers, language),
        "estate": getattr(estate, language) if estate else "",
        "building": str(facts.get("building") or ""),
        "place": _place(estate, facts, language),
        "matter": _matter(named, language),
        **named,
        "round": str(message.round) if message.round > 1 else "",
        "advice": _advice(policy, facts.get("kind"), language),
        "clock": CLOCKS.get(str(facts.get("clock")), {}).get(language, ""),
        "case": str(facts.get("clock") or facts.get("reason") or ""),
        "due": at("due"),
        "arrive": at("arrive"),
        "reply": at("reply"),
        "from": at("from"),
        "missing": str(facts.get("missing") or ""),
        "gaps": str(facts.get("gaps") or ""),
        "level": str(facts.get("level") or ""),
        "households": str(facts.get("households") or ""),
        "contacts": str(facts.get("contacts") or ""),
        "reason": _reason(facts.get("reason"), language),
        "count": str(facts.get("count") or ""),
        "lines": "",
        "total": _yuan(facts.get("total")),
        "sender": str(facts.get("sender") or ""),
        "ticket": str(facts.get("ticket") or ""),
        "person": str(facts.get("person") or ""),
        "link": link,
        "progress": "",
        "words": str((facts.get("says") or {}).get(language, "")),
        "runbook": str(facts.get("runbook") or ""),
    }


def _names(facts: Mapping[str, Any], policy: Policy, language: Language) -> dict[str, str]:
    """What the policy calls the things that a message is about."""
    taxonomy = policy.taxonomy
    finders: Mapping[str, Callable[[str], Any]] = {
        "type": taxonomy.type,
        "area": taxonomy.area,
        "urgency": _urgency(policy),
        "department": taxonomy.department,
        "kind": taxonomy.kind,
    }
    return {what: _name(find, facts.get(what), language) for what, find in finders.items()}


def _place(estate: Any, facts: Mapping[str, Any], language: Language) -> str:
    """Where it is: the estate and the building, or that nobody knows it."""
    if estate is None:
        return _UNKNOWN_PLACE[language]
    building = facts.get("building")
    where = _BUILDING[language].format(building) if building else ""
    return f"{getattr(estate, language)}{where}"


def _matter(named: Mapping[str, str], language: Language) -> str:
    """What it is about: the danger, else the area and how urgent it is."""
    what = named["kind"] or named["area"] or named["type"] or _UNSORTED[language]
    return _URGENT[language].format(what, named["urgency"]) if named["urgency"] else what


def _lines(message: Message, policy: Policy) -> str:
    """What a digest tells, a line each, in the time of the estate that each is about."""
    lines: Sequence[Mapping[str, Any]] = message.facts.get("lines", ())
    words = [_line(line, policy.at(line["estate"]), message.language) for line in lines]
    left = message.facts.get("count", 0) - len(lines)
    if left:
        words.append(_AND_MORE[message.language].format(left))
    return "\n".join(words)


def _line(line: Mapping[str, Any], policy: Policy, language: Language) -> str:
    estate = policy.group.find_estate(line["estate"]) if line["estate"] else None
    words = (
        line["number"],
        getattr(estate, language) if estate else "",
        CLOCKS.get(line["clock"], {}).get(language, line["clock"]),
        spoken_time(line["due"], policy.calendar.zone, language),
        _STATES[line["purpose"]][language].format(line["level"]),
        _DRILL[language] if line.get("test") else "",
    )
    return " ".join(filter(None, words))


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


def _yuan(fen: int | None) -> str:
    """12345 fen are 123.45 yuan."""
    return "" if fen is None else f"{fen // 100}.{fen % 100:02}"


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
