"""A call as it is kept, what a fact makes of it, and what is said of the change. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from shared.calls.call import Call
from shared.calls.facts import LATE_AFTER, Fact, Kind, Presentation, in_order, is_late
from shared.calls.fold import fold
from shared.calls.gaps import Gap
from shared.calls.outcomes import Outcome
from shared.calls.quarters import pieces, quarter_of
from shared.contracts import Event, Step
from shared.contracts.telephony import (
    CallAnswered,
    CallCorrected,
    CallEnded,
    CallOffered,
    CallRinging,
)

MOST_FACTS: Final = 2_000
"""Of one call. One that rings at refusing telephones for hours has no more to tell."""
_MAY_GO_BEYOND: Final = frozenset({Kind.OFFERED, Kind.ANSWERED, Kind.LEFT, Kind.ENDED})
_LETTERS: Final = "abcdefghijklmnop"
_HIDDEN: Final = "sealed"
"""Stands in a fact where there was a number that changes what the call is."""
CALLER: Final = "caller"


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """A line's quarter hour."""

    line: str
    quarter: datetime


class Disposition(StrEnum):
    """What an answered call was that no ticket came of."""

    ANSWERED_AT_ONCE = "answered_at_once"
    WRONG_NUMBER = "wrong_number"
    SILENT = "silent"
    NUISANCE = "nuisance"
    PROMOTION = "promotion"
    INTERNAL = "internal"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Disposed:
    """Who said what a call was, and when."""

    code: Disposition
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """One call of one exchange. `call` is what its facts make, None while nobody has heard it
    being offered. `buckets` are the quarter hours that have to be counted anew because of it;
    `said_over`: its end was said and counted, whatever became of it since.

    `tickets` came of it, one of them an emergency where there is `danger`. `undisposed_at` is when
    it ended, while it has neither a ticket nor a `disposition`. It `asks` while what became of the
    caller has yet to be looked at: whether somebody is to ring back.

    `persons` are who rang and who sent the call on, opened by nobody to be shown but behind a mask;
    `index` is by what the caller is found again, and nothing of one who withholds the number.
    """

    id: str
    version: int = 0
    exchange: str
    channel: str
    last_at: datetime
    facts: tuple[Fact, ...] = ()
    call: Call | None = None
    persons: Mapping[str, bytes] = field(default_factory=dict)
    index: Mapping[str, list[str]] = field(default_factory=dict)
    tickets: tuple[str, ...] = ()
    danger: bool = False
    disposition: Disposed | None = None
    undisposed_at: datetime | None = None
    asks: bool = False
    buckets: tuple[Bucket, ...] = ()
    said_over: bool = False

    @property
    def is_withheld(self) -> bool:
        """Whether the caller does not let the number be shown."""
        return self.call is not None and self.call.presentation is Presentation.WITHHELD


@dataclass(slots=True, eq=False)
class Arrived:
    """A fact that has come in, without numbers; they are sealed and indexed beside it.

    `used`: some write of this process has taken it up.
    """

    fact: Fact
    persons: Mapping[str, bytes] = field(default_factory=dict)
    phones: list[str] = field(default_factory=list)
    used: bool = False


def call_id(secret: bytes, exchange: str, channel: str) -> str:
    """What a call is called. Letters alone: an exchange's own id looks like a mobile number."""
    named = f"{exchange}\0{channel}".encode()
    digest = hmac.new(secret, named, hashlib.sha256).hexdigest()[:20]
    return "c" + "".join(_LETTERS[int(digit, 16)] for digit in digest)


def without_numbers(fact: Fact) -> Fact:
    """The fact as it is kept: without numbers, and with times as the store keeps them."""
    return replace(
        fact,
        number=None,
        diverted_from=_HIDDEN if fact.diverted_from else None,
        at=fact.at.replace(microsecond=fact.at.microsecond // 1000 * 1000),
    )


def take(
    kept: KeptCall, arrived: Iterable[Arrived], gaps: Sequence[Gap], now: datetime
) -> Step[KeptCall] | None:
    """The call with what has arrived; None where that changes nothing."""
    if is_over_for_good(kept, now):
        return None
    known = {fact.id for fact in kept.facts}
    new = [each for each in arrived if each.fact.id not in known and _has_room(kept, each.fact)]
    if not new:
        return None
    facts = (*kept.facts, *(each.fact for each in new))
    persons, index = dict(kept.persons), dict(kept.index)
    for each in new:
        persons = {**each.persons, **persons}
        if each.phones:
            index.setdefault("phone", each.phones)
    told = replace(kept, facts=tuple(in_order(list(facts))), persons=persons, index=index)
    return _folded(kept, told, gaps, now)


def fold_again(kept: KeptCall, gaps: Sequence[Gap], now: datetime) -> Step[KeptCall] | None:
    """The call by what is known of gaps, and of the time, now; None where it is the same."""
    if not kept.facts or is_over_for_good(kept, now):
        return None
    step = _folded(kept, kept, gaps, now)
    return None if step.value == kept else step


def link(kept: KeptCall, ticket: str, *, danger: bool) -> Step[KeptCall] | None:
    """A ticket has come of the call; None where that is known."""
    after = replace(
        kept,
        tickets=kept.tickets if ticket in kept.tickets else (*kept.tickets, ticket),
        danger=kept.danger or danger,
        asks=kept.asks or (danger and not kept.danger),
    )
    return None if after == kept else Step(_in_the_books(after))


def dispose(kept: KeptCall, code: Disposition, by: str, now: datetime) -> Step[KeptCall] | None:
    """It was this; the last word counts. None where the same was said before."""
    if kept.disposition is not None and kept.disposition.code is code:
        return None
    return Step(_in_the_books(replace(kept, disposition=Disposed(code, by, now))))


def is_answered(call: Call) -> bool:
    """Whether an agent spoke with the caller, or the exchange says so."""
    return call.answered_at is not None or call.outcome is Outcome.ANSWERED


def looked_at(kept: KeptCall, seen: KeptCall) -> Step[KeptCall] | None:
    """What became of the caller is looked at, as far as it is the call that was seen then."""
    if not kept.asks or kept.version != seen.version:
        return None
    return Step(replace(kept, asks=False))


def _in_the_books(kept: KeptCall) -> KeptCall:
    """With whether its end is in the books: by a ticket, or by what somebody says that it was."""
    call = kept.call
    is_open = (
        call is not None
        and is_answered(call)
        and not (call.test or kept.tickets or kept.disposition)
    )
    return replace(kept, undisposed_at=call.ended_at if call and is_open else None)


def _asked(call: Call | None) -> object:
    """What decides whether somebody is to ring back; None while nothing does."""
    if call is None or call.test or (call.ended_at is None and not is_answered(call)):
        return None
    if is_answered(call) and not call.dropped:
        return call.presentation, Outcome.ANSWERED
    return call.presentation, call.outcome, call.line, call.dropped, call.wait_s


def is_over_for_good(kept: KeptCall, now: datetime) -> bool:
    """Whether a fact that comes now is too late."""
    return kept.call is not None and is_late(kept.call.ended_at, now)


def forget_facts(kept: KeptCall, now: datetime) -> Step[KeptCall] | None:
    """A day after its end a call is what it is; None where it is not so far, or done."""
    over = kept.call is not None and is_late(kept.call.ended_at, now)
    return Step(replace(kept, facts=())) if over and kept.facts else None


def forget_numbers(kept: KeptCall) -> Step[KeptCall] | None:
    """Nobody knows any more who rang; None where nobody does."""
    if not kept.persons and not kept.index:
        return None
    return Step(replace(kept, persons={}, index={}))


def is_kept_no_more(kept: KeptCall, shown: timedelta, withheld: timedelta, now: datetime) -> bool:
    """Whether the policy's time is over for who rang: a call's without a ticket. One with a ticket
    is kept as that.
    """
    ended_at = kept.last_at if kept.call is None else kept.call.ended_at
    span = withheld if kept.is_withheld else shown
    return not kept.tickets and ended_at is not None and now - ended_at >= span


def is_nothing(kept: KeptCall, now: datetime) -> bool:
    """Whether nobody heard it being offered, and nobody will any more."""
    return kept.call is None and now - kept.last_at > LATE_AFTER


def counted(kept: KeptCall, seen: KeptCall) -> Step[KeptCall] | None:
    """Its quarter hours are counted, as far as it is the one that was seen then."""
    if not kept.buckets or kept.version != seen.version:
        return None
    return Step(replace(kept, buckets=()))


def _folded(before: KeptCall, told: KeptCall, gaps: Sequence[Gap], now: datetime) -> Step[KeptCall]:
    call = fold(told.facts, gaps, now)
    after = replace(told, call=call, last_at=max(fact.at for fact in told.facts))
    if after.is_withheld:
        after = replace(after, index={})
    if call != before.call:
        touched = {*before.buckets, *_buckets_of(before.call), *_buckets_of(call)}
        asks = told.asks or _asked(call) not in {None, _asked(before.call)}
        after = replace(after, buckets=tuple(sorted(touched)), asks=asks)
    if call is not None and call.ended_at is not None:
        after = replace(after, said_over=True)
    return Step(_in_the_books(after), tuple(_said(before, after)))


def _has_room(kept: KeptCall, fact: Fact) -> bool:
    return len(kept.facts) < MOST_FACTS or (
        fact.kind in _MAY_GO_BEYOND and len(kept.facts) < 2 * MOST_FACTS
    )


def _buckets_of(call: Call | None) -> Iterator[Bucket]:
    """The quarter hour in which it was offered, and those in which agents were with the caller."""
    if call is None or call.test:
        return
    yield Bucket(call.line, quarter_of(call.offered_at))
    talks = [(talk.began, talk.ended) for talk in call.talks]
    consults = [(consult.began, consult.ended) for consult in call.consults]
    for began, ended in talks + consults:
        for quarter, _ in pieces(began, ended):
            yield Bucket(call.line, quarter)


def _said(earlier: KeptCall, kept: KeptCall) -> Iterator[Event]:
    """What is new about a call, each thing once."""
    before, call = earlier.call, kept.call
    if call is None:
        return
    about: dict[str, Any] = {"call": kept.id, "line": call.line, "test": call.test}
    if before is None:
        yield CallOffered(**about)
    was_over = earlier.said_over
    if not was_over:
        yield from _going_on(before, call, about)
    end = {
        "outcome": None if call.outcome is None else call.outcome.value,
        "agent": call.agent,
        "wait": call.wait_s,
        "talk": call.talk_s,
        "incomplete": call.incomplete,
        "tickets": kept.tickets,
    }
    if was_over and before is not None and _end_of(before) != _end_of(call):
        yield CallCorrected(**about, **end)
    elif not was_over and call.ended_at is not None:
        yield CallEnded(**about, **end)


def _going_on(before: Call | None, call: Call, about: Mapping[str, Any]) -> Iterator[Event]:
    """Who is rung, while it goes on, and who has answered."""
    rang = {ring.leg for ring in before.rings} if before is not None else set()
    for ring in call.rings:
        if call.ended_at is None and ring.leg not in rang and ring.ended is None:
            yield CallRinging(**about, agent=ring.agent)
    is_new = before is None or before.answered_at is None
    if call.answered_at is not None and is_new:
        yield CallAnswered(**about, agent=call.agent, wait=call.wait_s)


def _end_of(call: Call) -> tuple[object, ...]:
    return (
        call.line,
        call.test,
        call.outcome,
        call.agent,
        call.wait_s,
        call.talk_s,
        call.incomplete,
    )
