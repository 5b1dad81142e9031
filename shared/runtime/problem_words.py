"""What problems say in both languages: the names they are made of, and sentences from these.

All words stand in `problem_words.yaml`, the names of acts in the table of codes; only the thing's
path and its state decide which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

from shared.codes import name_of
from shared.policy.documents import read_yaml
from shared.tickets import Transition
from shared.tickets.lifecycle import FINISHED, FOR_GOOD, VOID, TicketStatus
from shared.tickets.table import ROWS

GAP: Final = "{}"
OF_A_TICKET: Final = "/v1/tickets/{number}"
"""Where a ticket is; what a command over the queue does not find is one."""
_FILE: Final = "problem_words.yaml"
_ENDS: Final[Mapping[str, frozenset[str]]] = {
    "ticket_over": frozenset({TicketStatus.CLOSED, TicketStatus.ANSWERED}),
    "for_good": frozenset({TicketStatus.MERGED}),
    "order_done": FINISHED,
    "order_gone": VOID | {"of an earlier round"},
}
"""From where no work order goes on, by the way out. A cancelled one may be that of a ticket that is
cancelled, too: the ticket says so.
"""


@dataclass(frozen=True, slots=True)
class Both:
    """The same words twice."""

    en: str
    zh: str


def missing_at(path: str) -> tuple[Both, Both] | None:
    """What is not there, and what to look at, by the pattern of the path where it was asked for;
    None where no thing is named there. Nothing but the path decides, so what is foreign reads like
    what is missing.
    """
    things = _words()["things"]
    known = [each for each in things if path == each or path.startswith(f"{each}/")]
    if not known:
        return None
    thing = things[max(known, key=len)]
    check = _words()["checks"][thing["check"]]
    title = Both(
        f"There is no such {thing['en']}, or it is not yours",
        f"没有这个{thing['zh']}，或者它不在您的权限范围内",
    )
    remedy = Both(
        f"check {check['en']}; if that is right, your token may not reach its place or department",
        f"请核对{check['zh']}；如果没有错，可能是您的账号管不到它所属的小区或部门",
    )
    return title, remedy


def why_not_now(
    transition: Transition, status: str, possible: Sequence[str], remedy: str = ""
) -> Both:
    """How it stands with what a transition was asked for, and what to do; `remedy` is what the rule
    itself says of that.
    """
    state = _both("states", status)
    way = Both(remedy, in_chinese(remedy)) if remedy else _way(transition, status, possible)
    told = "；".join(filter(None, (f"现在的状态：{state.zh}", way.zh)))
    return Both(f"it is {state.en}; {way.en}", told)


def in_chinese(text: str) -> str:
    """The Chinese of a sentence that the table knows, also of one with something filled in; nothing
    for any other.
    """
    whole, parts = _phrases()
    if text in whole:
        return whole[text]
    for pattern, chinese in parts:
        if (found := pattern.fullmatch(text)) is not None:
            return chinese.format(*(in_chinese(each) or each for each in found.groups()))
    return ""


def told_in_both(fault: Mapping[str, str]) -> dict[str, str]:
    """A field's fault and its remedy with the Chinese beside, where the words are ours."""
    chinese = {f"{name}_zh": in_chinese(fault.get(name, "")) for name in ("fault", "remedy")}
    return {**fault, **{name: text for name, text in chinese.items() if text}}


def _way(transition: Transition, status: str, possible: Sequence[str]) -> Both:
    if ROWS[transition].on == "work_order":
        # A ticket that is over for good, or not, stands in the way of all its work orders.
        named = next((name for name, states in _ENDS.items() if status in states), None)
        if named is not None:
            return _both("ways", named)
    elif status in FOR_GOOD:
        return _both("ways", "for_good")
    if not possible:
        return _both("ways", "by_rule")
    verbs = [_verb(each) for each in possible]
    return Both(
        f"possible now: {', '.join(verb.en for verb in verbs)}",
        f"现在可以：{'、'.join(verb.zh for verb in verbs)}",
    )


def _verb(transition: str) -> Both:
    return Both(name_of("transitions", transition, "en"), name_of("transitions", transition, "zh"))


def _both(part: str, name: str) -> Both:
    found = _words()[part].get(name, {"en": name.replace("_", " "), "zh": name})
    return Both(found["en"], found["zh"])


@cache
def _phrases() -> tuple[Mapping[str, str], Sequence[tuple[re.Pattern[str], str]]]:
    """Sentences that stand as they are, and those with gaps: `{}` in English, by number in
    Chinese.
    """
    known: Mapping[str, str] = _words()["phrases"]
    whole = {en: zh for en, zh in known.items() if GAP not in en}
    gaps = [
        (re.compile("(.+?)".join(map(re.escape, en.split(GAP))), re.DOTALL), zh)
        for en, zh in known.items()
        if GAP in en
    ]
    return whole, gaps


@cache
def _words() -> Mapping[str, Any]:
    text = files(__package__ or "").joinpath(_FILE).read_text("utf-8")
    return cast("Mapping[str, Any]", read_yaml(text))
