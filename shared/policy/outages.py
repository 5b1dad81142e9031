"""Whether an emergency is no more than an outage that others have, too. Pure."""

from __future__ import annotations

from shared.policy.policy import Policy
from shared.triage.classify import dangers_in


def is_only_outage(kind: str | None, words: str, policy: Policy) -> bool:
    """Whether somebody who reports an emergency of a kind with these words tells of an outage and
    of nobody in danger; `policy` is that of the estate.
    """
    rules = policy.rules.incidents
    if kind not in rules.kinds or rules.tells_of_people(words):
        return False
    return dangers_in(words, policy.lexicon) <= rules.kinds
