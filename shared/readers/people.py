"""Whom anybody may name: who has an account, or stands on a duty list. What nobody knows is never
kept, so that no name and no number gets to where ids stand.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from shared.contracts import Fault, MalformedMessage
from shared.contracts.report import Concerned
from shared.identity import action_of
from shared.identity.permissions import PERMISSIONS
from shared.identity.rights import DESK
from shared.policy.duty import EMERGENCY_CHAIN, MANAGEMENT
from shared.policy.policy import Policy
from shared.readers.rosters import FROZEN, DutyReader
from shared.store.store import Store
from shared.tickets import About, Transition

ACCOUNTS: Final = "accounts"
_SEEING_THROUGH: Final = action_of(Transition.OWN)
_NOBODY: Final = ("is nobody's id here", "send that of an account, or of a duty list")
_NOT_OF_DESK: Final = (
    "is not of the desk",
    "name an agent, dispatcher or supervisor, or somebody on the desk's duty list",
)
_GONE: Final = ("has left: the account is frozen", "name somebody who is there")
_NO_DEPARTMENT: Final = ("is not a department of the policy", "see the taxonomy for their ids")
_NOTHING: Final[Mapping[str, Any]] = {}


class KnownPeople:
    """Knows people by the duty lists and the accounts as they are now, frozen accounts too: what
    somebody has done may be told after they have left.
    """

    def __init__(self, store: Store, duty: DutyReader) -> None:
        self._store = store
        self._duty = duty

    async def require(self, id: str, field: str) -> None:
        """Raise MalformedMessage naming the field for an id that is nobody's."""
        if not await self.known([id]):
            raise MalformedMessage(field, *_NOBODY)

    async def require_of_desk(self, id: str, field: str) -> None:
        """Raise MalformedMessage naming the field for who can see no ticket through: whom nobody
        knows, who has left, or is not of the desk.
        """
        await self.require(id, field)
        account = await self._store.get(ACCOUNTS, id, fields=("role", "state")) or _NOTHING
        if account.get("state") == FROZEN:
            raise MalformedMessage(field, *_GONE)
        listed = any(department == DESK for _, department in self._duty.current.lists_of(id))
        if not listed and account.get("role") not in PERMISSIONS[_SEEING_THROUGH].roles:
            raise MalformedMessage(field, *_NOT_OF_DESK)

    async def known(self, ids: Iterable[str]) -> frozenset[str]:
        """Which of these are somebody's."""
        asked = frozenset(ids)
        found = self._listed(asked)
        if asked == found:
            return found
        missing = sorted(asked - found)
        docs = await self._store.find(
            ACCOUNTS, {"_id": {"$in": missing}}, limit=len(missing), fields=("_id",)
        )
        found |= {doc["_id"] for doc in docs}
        if asked != found:  # perhaps put on a list within the last second
            await self._duty.refresh()
        return found | self._listed(asked)

    async def places_of(self, ids: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """How far those of these ids reach who have an account, by id."""
        asked = sorted(set(ids))
        query = {"_id": {"$in": asked}}
        docs = (
            await self._store.find(ACCOUNTS, query, limit=len(asked), fields=("places",))
            if asked
            else []
        )
        return {doc["_id"]: frozenset(doc["places"]) for doc in docs}

    async def read_about(
        self, concerned: Concerned, policy: Policy, *, sent: Mapping[str, Any] = _NOTHING
    ) -> tuple[About, tuple[Fault, ...]]:
        """Whom a matter is about as far as anybody knows them, and a fault for each other. `sent`
        is what it was read from: where something was left out, entries count as they were there.
        """
        departments, people = concerned.departments, concerned.people
        known_departments, known_people = departments_of(policy), await self.known(people)
        faults = (
            *_faults("departments", departments, known_departments, sent, _NO_DEPARTMENT),
            *_faults("people", people, known_people, sent, _NOBODY),
        )
        kept = About(
            tuple(each for each in departments if each in known_departments),
            tuple(each for each in people if each in known_people),
        )
        return kept, faults

    def _listed(self, ids: frozenset[str]) -> frozenset[str]:
        return frozenset(id for id in ids if self._duty.current.person(id) is not None)


def departments_of(policy: Policy) -> frozenset[str]:
    """The departments that may have a duty list."""
    return frozenset({MANAGEMENT, EMERGENCY_CHAIN, *(d.id for d in policy.taxonomy.departments)})


def _faults(
    field: str,
    named: Sequence[str],
    known: Container[str],
    sent: Mapping[str, Any],
    words: tuple[str, str],
) -> Iterator[Fault]:
    entries = sent.get(field, named)
    for each in named:
        if each not in known:
            yield Fault(f"about.{field}.{entries.index(each)}", *words)
