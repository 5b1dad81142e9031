"""Group chats: which of them are told, and in which words. Pure.

Everybody in a chat reads what its robot says, also who is not concerned, has left the work, or was
never of the staff. So a chat is told that there is something, never what somebody said, and gets no
link: people concerned have their own message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.notifier.domain import Notice
from services.notifier.messages import Message
from shared.contracts.notifier import GROUP_CHAT
from shared.policy.duty import ANYWHERE, Duty
from shared.policy.ladder import BREACH
from shared.policy.policy import Policy
from shared.policy.templates import Language

_WHAT: Final[Mapping[str, Mapping[Language, str]]] = {
    "alert": {"zh": "紧急事件", "en": "Emergency"},
    "breach": {"zh": "已超时", "en": "Overdue"},
}
_DRILL: Final[Mapping[Language, str]] = {"zh": "【演练】", "en": "[Drill] "}
_SEE: Final[Mapping[Language, str]] = {
    "zh": "详情见发给您本人的消息。",
    "en": "See your own message for more.",
}


def is_group_chat(recipient: str) -> bool:
    """Whether a recipient is a group chat, and no person."""
    return recipient.startswith(GROUP_CHAT)


def chat_of(recipient: str) -> str:
    """The chat's name: an estate (`jinyuan`), or a list (`jinyuan/security`)."""
    return recipient.removeprefix(GROUP_CHAT)


def members_of(chat: str, duty: Duty) -> frozenset[str]:
    """Whom the lists name that a chat is for."""
    place, _, department = chat.partition("/")
    lists = duty.places.get(place, {})
    named = (people for name, people in lists.items() if department in {"", name})
    return frozenset(person.id for people in named for person in people)


def to_group_chats(
    notices: Sequence[Notice], chats: Collection[str], duty: Duty, policy: Policy
) -> tuple[Notice, ...]:
    """One more notice for each chat of whom these are for: of an alert always, of a broken limit
    where the ladder names `robot` for its rung.
    """
    told = dict.fromkeys(
        (chat, notice.cause)
        for notice in notices
        if is_for_group_chats(notice, policy)
        for chat in _chats_of(notice, duty)
        if chat in chats
    )
    by_cause = {notice.cause: notice for notice in notices}
    return tuple(replace(by_cause[cause], recipient=f"{GROUP_CHAT}{chat}") for chat, cause in told)


def is_for_group_chats(notice: Notice, policy: Policy) -> bool:
    """Whether chats are told of what somebody is told of; of an emergency whose caller no
    machine writes to no chat hears either.
    """
    here = policy.at(notice.estate)
    if here.taxonomy.is_told_by_person(notice.facts.get("kind")):
        return False
    if notice.purpose != "breach":
        return notice.purpose == "alert"
    return "robot" in here.rules.channels_at(notice.facts.get("level", BREACH))


def _chats_of(notice: Notice, duty: Duty) -> Iterable[str]:
    """Those of the lists on which the recipient stands there, and that of the estate."""
    for place, department in duty.lists_of(notice.recipient):
        if place in {notice.estate, ANYWHERE}:
            yield f"{place}/{department}"
    if notice.estate is not None:
        yield notice.estate


def words_to_group_chat(message: Message, policy: Policy) -> tuple[str, str]:
    """Subject and body: number, kind, estate and public building, in both languages."""
    zh, en = (_words(message, policy, language) for language in ("zh", "en"))
    (subject, *chinese), english = zh, en
    return subject, "\n".join([*chinese, *english])


def _words(message: Message, policy: Policy, language: Language) -> list[str]:
    facts = message.facts
    what = _WHAT.get(message.purpose, _WHAT["alert"])[language]
    drill = _DRILL[language] if facts.get("test") else ""
    estate = policy.group.find_estate(message.estate) if message.estate else None
    place = [
        _kind(policy, facts, language),
        getattr(estate, language) if estate else "",
        _building(facts.get("building"), language),
    ]
    return [f"{drill}{what} {message.number}", " ".join(filter(None, place)), _SEE[language]]


def _kind(policy: Policy, facts: Mapping[str, object], language: Language) -> str:
    """What the policy calls the kind of emergency, else the area."""
    taxonomy = policy.taxonomy
    for find, id in ((taxonomy.kind, facts.get("kind")), (taxonomy.area, facts.get("area"))):
        if id:
            try:
                return str(getattr(find(str(id)), language))
            except KeyError:
                return str(id)
    return ""


def _building(building: object, language: Language) -> str:
    if not building:
        return ""
    return f"{building}号楼" if language == "zh" else f"building {building}"


def stamp_of(message: Message, policy: Policy) -> str:
    """Number, time and a piece of the message's id: no other message has this line, and the same
    message has it at each attempt.
    """
    local = message.at.astimezone(policy.at(message.estate).calendar.zone)
    return f"{message.number} · {local:%Y-%m-%d %H:%M:%S} · {message.id[:6]}"
