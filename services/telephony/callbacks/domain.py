"""A call back: one for each number and line, however often it rang in vain. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from services.telephony.calls.domain import KeptCall, is_answered
from shared.calls.call import Call
from shared.calls.outcomes import Outcome
from shared.contracts import Step
from shared.contracts.refusals import NotNow
from shared.contracts.telephony import CallBackChanged
from shared.policy.policy import CallBackRules


class CallBackState(StrEnum):
    """How a call back stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    """Somebody is ringing."""
    REACHED = "reached"
    NEVER_REACHED = "never_reached"
    """Nobody answered, as often as the policy says."""
    SUPERSEDED = "superseded"
    """The caller rang again, and was answered."""
    NOT_POSSIBLE = "not_possible"


LIVE: Final = frozenset({CallBackState.OPEN, CallBackState.CLAIMED})
Ended = Literal["reached", "never_reached", "superseded", "not_possible"]
OUTCOMES: Final[tuple[Ended, ...]] = ("reached", "never_reached", "superseded", "not_possible")
Heard = Literal["reached", "no_answer"]


class WhyNot(StrEnum):
    """Why nobody can be rung back."""

    WITHHELD = "withheld"
    NO_NUMBER = "no_number"
    SWITCHBOARD = "switchboard"


_GOT_NOBODY: Final = frozenset(
    {
        Outcome.ABANDONED,
        Outcome.ABANDONED_GREETING,
        Outcome.CALLBACK_ASKED,
        Outcome.TIMED_OUT,
        Outcome.BLOCKED,
        Outcome.LOST,
    }
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody rang the caller."""

    by: str
    at: datetime
    heard: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """Somebody who got nobody. Its id is that of one of its `calls`, the one that was looked at
    first; `last_at` is when the last of them rang. While it is live, `key` is what only one may
    have: the number by the blind index and the line.

    `unseen`: the number is withheld, but an emergency hangs on the call.
    """

    id: str
    version: int = 0
    line: str
    key: str | None
    phones: tuple[str, ...] = ()
    calls: tuple[str, ...]
    since: datetime
    last_at: datetime
    due_at: datetime
    state: CallBackState = CallBackState.OPEN
    why_not: WhyNot | None = None
    unseen: bool = False
    attempts: tuple[Attempt, ...] = ()
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    ended_at: datetime | None = None


def got_nobody(call: Call, rules: CallBackRules) -> bool:
    """Whether somebody is to ring the caller back: nobody answered, or who did lost them."""
    if call.test or call.ended_at is None:
        return False
    if is_answered(call):
        return call.dropped
    if call.outcome is Outcome.ABANDONED_GREETING:
        return (call.wait_s or 0.0) > rules.after_s
    return call.outcome in _GOT_NOBODY


def begun(
    kept: KeptCall, call: Call, phones: Sequence[str], rules: CallBackRules, *, unseen: bool = False
) -> CallBack:
    """The call back for the first call of a number that got nobody; at once for who was lost."""
    since = call.ended_at or call.last_sign_at
    return CallBack(
        id=kept.id,
        line=call.line,
        key=kept.id if unseen else key_of(phones, call.line),
        phones=tuple(phones),
        calls=(kept.id,),
        since=since,
        last_at=call.offered_at,
        due_at=since if call.dropped else since + rules.within,
        unseen=unseen,
    )


def key_of(phones: Sequence[str], line: str) -> str:
    """What only one that is live may have: the number and the line."""
    return f"{phones[0]}/{line}"


def not_possible(kept: KeptCall, call: Call, why: WhyNot) -> CallBack:
    """Nobody can be rung back, and that is on the list."""
    since = call.ended_at or call.last_sign_at
    return CallBack(
        id=kept.id,
        line=call.line,
        key=None,
        calls=(kept.id,),
        since=since,
        last_at=call.offered_at,
        due_at=since,
        state=CallBackState.NOT_POSSIBLE,
        why_not=why,
        ended_at=since,
    )


def possible_after_all(back: CallBack, begun: CallBack) -> Step[CallBack] | None:
    """An emergency has come of the call meanwhile; None where it was possible before."""
    if back.state is not CallBackState.NOT_POSSIBLE:
        return None
    return changed(replace(begun, version=back.version))


def rang_again(
    back: CallBack, kept: KeptCall, call: Call, rules: CallBackRules
) -> Step[CallBack] | None:
    """The same number has rung in vain once more; None where that is known, or it is over. Calls
    are looked at in any order: until somebody has rung back, the earliest says by when to.
    """
    if back.state not in LIVE or kept.id in back.calls:
        return None
    alone = begun(kept, call, back.phones, rules)
    is_sooner = call.dropped or not back.attempts
    after = replace(
        back,
        calls=(*back.calls, kept.id),
        since=min(back.since, alone.since),
        last_at=max(back.last_at, alone.last_at),
        due_at=min(back.due_at, alone.due_at) if is_sooner else back.due_at,
    )
    return changed(after)


def superseded(back: CallBack, answered_at: datetime, now: datetime) -> Step[CallBack] | None:
    """The caller was answered after all calls of it; None where one was later, or it is over."""
    if back.state not in LIVE or back.last_at > answered_at:
        return None
    return changed(_ended(back, CallBackState.SUPERSEDED, now))


def claim(back: CallBack, by: str, rules: CallBackRules, now: datetime) -> Step[CallBack] | None:
    """Somebody rings now; None where they do already. Whoever does not say what came of it for the
    policy's gap has lost it to whoever asks next. Raises NotNow.
    """
    _must_be_live(back)
    if back.state is CallBackState.CLAIMED:
        if back.claimed_by == by:
            return None
        if back.claimed_at is not None and now < back.claimed_at + rules.gap:
            raise NotNow(
                "call-back-taken",
                "Somebody else is ringing this caller",
                "take another; this one is free again when they have said what came of it",
                state=back.state.value,
            )
    return changed(replace(back, state=CallBackState.CLAIMED, claimed_by=by, claimed_at=now))


def heard(
    back: CallBack, by: str, what: Heard, rules: CallBackRules, now: datetime
) -> Step[CallBack] | None:
    """What came of ringing: reached, or nobody answered; after the last attempt never reached. None
    where the same person said it before. Raises NotNow unless they are who rings.
    """
    if what == "reached" and back.state is CallBackState.REACHED and back.claimed_by == by:
        return None
    _must_be_live(back)
    if back.state is not CallBackState.CLAIMED or back.claimed_by != by:
        raise NotNow(
            "call-back-not-claimed",
            "You have not taken this call back",
            "take it first, ring, and then say what came of it",
            state=back.state.value,
        )
    tried = replace(back, attempts=(*back.attempts, Attempt(by, now, what)))
    if what == "reached":
        return changed(_ended(tried, CallBackState.REACHED, now))
    if len(tried.attempts) >= rules.attempts:
        return changed(_ended(tried, CallBackState.NEVER_REACHED, now))
    later = now + rules.gap
    return changed(
        replace(tried, state=CallBackState.OPEN, claimed_by=None, claimed_at=None, due_at=later)
    )


def changed(back: CallBack) -> Step[CallBack]:
    """As it stands now, and what is said of it."""
    said = CallBackChanged(call=back.id, line=back.line, state=back.state.value)
    return Step(back, (said,))


def _ended(back: CallBack, state: CallBackState, now: datetime) -> CallBack:
    return replace(back, state=state, key=None, ended_at=now)


def _must_be_live(back: CallBack) -> None:
    if back.state not in LIVE:
        raise NotNow(
            "call-back-over",
            "This call back is over",
            "read the list again; nothing is left to do here",
            state=back.state.value,
        )
