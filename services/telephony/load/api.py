"""HTTP in: load by the quarter hour, with every figure under its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel

from services.telephony.load.domain import (
    QuarterLoad,
    abandonment,
    carried,
    handle_s,
    patience_s,
    service_level,
    speed_of_answer_s,
    together,
    wait_at,
)
from services.telephony.load.requiring import (
    LATELY,
    lately,
    load_of,
    required_by,
    thresholds,
    usual_handle_s,
)
from services.telephony.load.storage import BY_TIME, LOAD_QUARTERS
from shared.calls.load import ServiceLevel
from shared.calls.quarters import QUARTER, quarter_of
from shared.contracts import MalformedMessage
from shared.contracts.times import Moment
from shared.policy.policy import Policy, ServiceLevelGoal
from shared.runtime import Routes, may
from shared.store import Collection, Store

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=31)
A_DAY: Final = timedelta(days=1)
ALL_LINES: Final = "all"


class ServiceLevelView(BaseModel):
    """A share answered in time; never without its definition and threshold."""

    definition: ServiceLevel
    within_s: int
    share: float | None


class RequiredView(BaseModel):
    """Agents for the policy's goal: by Erlang C, by which nobody hangs up (an upper bound), and by
    Erlang A at the patience that was measured. `words` say both.
    """

    target: float
    within_s: float
    erlang_c: int | None
    erlang_a: int | None
    words: str


class LoadView(BaseModel):
    """Figures of a time. A figure of no call is null. `service_level` is the group's own, by its
    policy; `service_levels` are all.
    """

    offered: int
    running: int
    outcomes: dict[str, int]
    incomplete: int
    service_level: ServiceLevelView
    service_levels: list[ServiceLevelView]
    speed_of_answer_s: float | None
    wait_p50_s: float | None
    wait_p90_s: float | None
    abandonment: float | None
    handled: int
    talk_and_hold_s: float | None
    patience_s: float | None
    offered_load: float | None
    carried_load: float
    required: RequiredView


class LoadQuarterView(LoadView):
    """A quarter hour of a line."""

    line: str
    quarter: datetime


class LoadPage(BaseModel):
    """All quarter hours of the time in which anything was offered, and the whole of it."""

    begins: datetime
    ends: datetime
    whole: LoadView
    items: list[LoadQuarterView]


def build_load_api(store: Store, policy: Callable[[], Policy]) -> Routes:
    """`/v1/load`, by the goal of the policy in force."""
    quarters = Collection(store, LOAD_QUARTERS)
    router = Routes("/v1/load", tags=["load"])

    @router.get("", dependencies=[may("load.see")])
    async def load(
        from_: Annotated[Moment | None, Query(alias="from")] = None,
        to: Annotated[Moment | None, Query()] = None,
        line: Annotated[str | None, Query(max_length=60)] = None,
    ) -> LoadPage:
        """The quarter hours from `from` to `to`, the last day where nothing is said, 31 days at
        most; of one line or of all.
        """
        ends = to or store.clock.now()
        begins = quarter_of(from_ or ends - A_DAY)
        if not begins < ends <= begins + LONGEST:
            raise MalformedMessage("to", "is not within 31 days after `from`", "name less")
        query: dict[str, Any] = {"quarter": {"$gte": begins - LATELY, "$lt": ends}}
        if line is not None:
            query["line"] = line
        known = [each async for each in quarters.walk(query, order=BY_TIME)]
        goal, now = policy().rules.service_level, store.clock.now()
        # A month of quarter hours is seconds of arithmetic: a call must not wait for it to pop up.
        return await asyncio.to_thread(
            page_of, known, begins, ends, line=line or ALL_LINES, goal=goal, now=now
        )

    return router


def page_of(
    known: Sequence[QuarterLoad],
    begins: datetime,
    ends: datetime,
    *,
    line: str,
    goal: ServiceLevelGoal,
    now: datetime,
) -> LoadPage:
    """The figures from `begins` to `ends`; `known` are the quarter hours of these and of the six
    hours before, by time.
    """
    found, of_late = [each for each in known if each.quarter >= begins], lately(known)
    whole, last = (together(part, line=line, quarter=begins) for part in (found, _last(known)))
    until = begins - (begins - ends) // QUARTER * QUARTER
    over = passed(begins, until, now)
    return LoadPage(
        begins=begins,
        ends=ends,
        whole=LoadView(**figures(whole, over, goal, usual_handle_s(whole, last))),
        items=[
            LoadQuarterView(
                line=each.line,
                quarter=each.quarter,
                **figures(
                    each,
                    passed(each.quarter, each.quarter + QUARTER, now),
                    goal,
                    usual_handle_s(each, of_late[each.id]),
                ),
            )
            for each in found
        ],
    )


def passed(begins: datetime, ends: datetime, now: datetime) -> float:
    """How many quarter hours of a time are over: one that runs counts as far as it has come, a
    minute at least, so that a rush is not thinned by what is still to come.
    """
    return max(min(ends, now) - begins, SHORTEST) / QUARTER


def _last(known: Sequence[QuarterLoad]) -> list[QuarterLoad]:
    """Those of the last six hours that there are."""
    return [each for each in known if each.quarter > known[-1].quarter - LATELY]


def figures(
    load: QuarterLoad, quarters: float, goal: ServiceLevelGoal, per_call: float | None
) -> dict[str, Any]:
    """All figures of a load over so many quarter hours, at this time of a call."""
    return {
        "offered": load.offered,
        "running": load.running,
        "outcomes": dict(load.outcomes),
        "incomplete": load.incomplete,
        "service_level": _level(load, ServiceLevel(goal.definition), goal.within_s),
        "service_levels": [
            _level(load, name, within) for name in ServiceLevel for within in thresholds(goal)
        ],
        "speed_of_answer_s": speed_of_answer_s(load),
        "wait_p50_s": wait_at(load, 0.5),
        "wait_p90_s": wait_at(load, 0.9),
        "abandonment": abandonment(load),
        "handled": load.handled,
        "talk_and_hold_s": handle_s(load),
        "patience_s": patience_s(load),
        "offered_load": None
        if per_call is None and load.offered
        else load_of(load, quarters, per_call),
        "carried_load": carried(load, quarters),
        "required": _required(load, quarters, goal, per_call),
    }


def _level(load: QuarterLoad, name: ServiceLevel, within: int) -> ServiceLevelView:
    share = service_level(load, within, name)
    return ServiceLevelView(definition=name, within_s=within, share=share)


def _required(
    load: QuarterLoad, quarters: float, goal: ServiceLevelGoal, per_call: float | None
) -> RequiredView:
    upper = required_by("erlang_c", load, quarters, goal, per_call)
    likely = required_by("erlang_a", load, quarters, goal, per_call)
    return RequiredView(
        target=goal.share,
        within_s=goal.within_s,
        erlang_c=upper,
        erlang_a=likely,
        words=_words(load, [upper, likely], goal),
    )


def _words(load: QuarterLoad, agents: Sequence[int | None], goal: ServiceLevelGoal) -> str:
    upper, likely = agents
    wanted = f"{goal.share:.0%} within {goal.within_s} s"
    if not load.offered:
        return "Nobody rang: one agent is there all the same"
    if upper is None:
        return "No call was handled, so nobody can say how many agents that takes"
    if likely is None:
        return f"{upper} agents for {wanted}, if nobody hangs up; nobody did, or too few"
    most = f"{upper} if nobody hangs up"
    return f"{likely} agents for {wanted}, if callers are as patient as now; {most}"
