"""The page of whoever has work: what is shown, and what can be done now. One page for whoever came
by a link and for whoever is signed in.
"""

from shared.runtime.web.work.call import CALL_ACTS, CallAct, CallView, Ended
from shared.runtime.web.work.paper import PACKAGE, Typed, WordsToSay, WorkPaper
from shared.runtime.web.work.view import (
    ACTS,
    DECLINE_REASONS,
    ITEM_KINDS,
    ITEM_ROWS,
    MORE_TIME_REASONS,
    PAUSE_REASONS,
    PAYERS,
    SURE_FIRST,
    Act,
    Advised,
    Again,
    Cost,
    Danger,
    MoreTime,
    Named,
    Pause,
    PlanStep,
    Said,
    Time,
    WorkView,
)

__all__ = [
    "ACTS",
    "CALL_ACTS",
    "DECLINE_REASONS",
    "ITEM_KINDS",
    "ITEM_ROWS",
    "MORE_TIME_REASONS",
    "PACKAGE",
    "PAUSE_REASONS",
    "PAYERS",
    "SURE_FIRST",
    "Act",
    "Advised",
    "Again",
    "CallAct",
    "CallView",
    "Cost",
    "Danger",
    "Ended",
    "MoreTime",
    "Named",
    "Pause",
    "PlanStep",
    "Said",
    "Time",
    "Typed",
    "WordsToSay",
    "WorkPaper",
    "WorkView",
]
