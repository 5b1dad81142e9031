"""What somebody asks for in a list, read as filters: the words of a search, and what a person has
to tell the caller.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from shared.contracts import MalformedMessage
from shared.identity import EVERYWHERE, Principal
from shared.policy.policy import Policy
from shared.privacy.terms import sought_in
from shared.readers.ticket_filters import TicketFilters
from shared.store import Store
from shared.tickets.lifecycle import DONE
from shared.tickets.numbers import LENGTH, is_number, read_number

MOST_TASKS: Final = 2_000
"""Results that a person is to tell in the whole group; who has more has other worries."""
_LIKE_A_NUMBER: Final = re.compile(
    rf"(?=.*[0-9])(?=.*[A-Z])[0-9A-Z]{{{LENGTH + 1}}}", re.ASCII | re.DOTALL
)
_APART: Final = re.compile(r"[\s\-‐-―]+")


def sought(words: str, asked: TicketFilters, principal: Principal) -> Mapping[str, Any]:
    """A ticket number, or the terms of words. Raises MalformedMessage for what is nearly a number,
    and for words without a place or a time: those of years are too many to look through.
    """
    number = read_number(words.strip())
    if is_number(number):
        return {"number": number}
    if _LIKE_A_NUMBER.fullmatch(_APART.sub("", words).upper()):
        raise MalformedMessage(
            "q",
            "looks like a ticket number, and its check character does not fit",
            "have it read out once more, character by character",
        )
    terms = sought_in(words)
    is_near = asked.estates or asked.registered_from or EVERYWHERE not in principal.places
    if not is_near:
        raise MalformedMessage(
            "q", "names neither place nor time", "add `estate` or `registered_from`"
        )
    return {"terms": terms}


async def to_be_told(store: Store, policy: Policy) -> Mapping[str, Any]:
    """A query of the tickets whose result a person tells the caller: by the policy of their place,
    or since no message brought it.
    """
    tasks = await store.find(
        "follow_ups",
        {"state": "open", "why": "tell"},
        sort=[("due_at", 1), ("_id", 1)],
        limit=MOST_TASKS,
        fields=("number",),
    )
    failed = sorted({task["number"] for task in tasks})
    any_of = [{"_id": {"$in": failed}}, *_by_policy(policy)]
    return {"status": {"$in": sorted(DONE)}, "$or": any_of}


def _by_policy(policy: Policy) -> list[Mapping[str, Any]]:
    """Types and urgencies that are fed back by call, by the places where that is so."""
    places: dict[frozenset[str], list[str | None]] = defaultdict(list)
    for estate in (None, *(each.id for each in policy.group.estates)):
        places[policy.at(estate).rules.feedback_by_call].append(estate)
    return [
        {"estate": {"$in": estates}, "$or": [{"type": named}, {"urgency": named}]}
        for codes, estates in places.items()
        if codes
        for named in [{"$in": sorted(codes)}]
    ]
