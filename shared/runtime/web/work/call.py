"""What somebody is shown who is to ring a caller: the words to say, and what may be said of the
call. A value, whoever made it; it holds no name and no number to ring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from shared.policy.templates import Language
from shared.runtime.web.work.view import Named, Said, Time

Subject = Literal["result", "visit", "visit_missed", "extended", "outage", "reopened"]
"""What the caller is to be told."""
CallAct = Literal["told", "no_answer", "unreachable"]
CALL_ACTS: Final[tuple[CallAct, ...]] = ("told", "no_answer", "unreachable")
"""What a page lets its reader say; that nobody rings again is asked once more."""
HEARD: Final = ("satisfied", "said_nothing", "not_satisfied", "not_done")
"""What a caller who heard the result may have said of it, as the form has it; codes."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a call: `how` is a code, `again_at` when the caller is rung again."""

    how: str
    by_reader: bool
    again_at: datetime | None = None


class Also(NamedTuple):
    """Another promise that the same call tells: a visit between two times, a limit that was put
    off, or one as it was promised first.
    """

    how: Literal["visit", "extended", "promised"]
    begins: datetime | None
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One caller to ring, for one reader. `ends` is what the words to say name: the begin and the
    end of a visit, the later time, when an outage is over; `before` the time it takes the place of.
    `also` is what else is to be told, `tells` when the promises were made that the words name. Of
    what `is_discreet` nothing is said to whoever picks up. `noted` is the code of what was said of
    a call and is about to take effect.
    """

    number: str
    what: Named
    now: datetime
    due: datetime
    subject: Subject
    group: Named
    kind: Named | None = None
    estate: Named | None = None
    building: str = ""
    is_drill: bool = False
    is_discreet: bool = False
    may_have_heard: bool = False
    outcome: str = "done"
    round: int = 1
    begins: datetime | None = None
    ends: datetime | None = None
    before: datetime | None = None
    also: tuple[Also, ...] = ()
    tells: tuple[datetime, ...] = ()
    done: tuple[Said, ...] = ()
    notes: tuple[Said, ...] = ()
    promised: tuple[Time, ...] = ()
    turn: int = 1
    again_at: datetime | None = None
    noted: str | None = None
    ended: Ended | None = None
    can: frozenset[CallAct] = frozenset()

    @property
    def asks_what_they_say(self) -> bool:
        """Whether the caller's own word belongs to it."""
        return self.subject == "result"


def to_say(
    view: CallView,
    words: Mapping[str, str],
    language: Language,
    when: Callable[[datetime], str],
) -> tuple[str, ...]:
    """What to say to the caller, a paragraph each, in `words` of a language. Where nobody may hear
    what it is about, only who rings: the rest is as the plan says.
    """
    facts = {
        "group": view.group.in_(language),
        "what": view.what.in_(language),
        "number": view.number,
        "round": str(view.round),
        "from": when(view.begins) if view.begins else "",
        "until": when(view.ends) if view.ends else "",
        "before": when(view.before) if view.before else "",
        "done": view.done[-1].words if view.done else "",
    }
    if view.is_discreet:
        return (words["say_hello_discreet"].format_map(facts),)
    said = [words[f"say_{code}"].format_map(facts) for code in _said(view)]
    for each in view.also:
        times = {
            "from": when(each.begins) if each.begins else "",
            "until": when(each.ends),
        }
        said.append(words[f"say_{each.how}"].format_map(facts | times))
    if view.subject != "result":
        said.append(words["say_goodbye"])
    return tuple(said)


def _said(view: CallView) -> Iterator[str]:
    yield "hello"
    match view.subject:
        case "result":
            if view.may_have_heard:
                yield "may_have_heard"
            known = view.outcome if view.outcome in {"handed_over", "restored"} else "done"
            yield f"result_{known}"
            if view.done:
                yield "what_was_done"
            yield "ask"
        case "extended":
            yield "extended_from" if view.before else "extended"
        case "outage":
            yield "outage_until" if view.ends else "outage"
        case _:
            yield view.subject
