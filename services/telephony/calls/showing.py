"""Calls as whoever reads them gets them: behind a mask, and with whose telephone answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.telephony.calls.domain import KeptCall
from services.telephony.calls.masks import Masks
from services.telephony.calls.views import CallSummary, CallView, summary, view
from shared.contracts.refusals import NotThere
from shared.readers.telephones import Telephone, TelephoneReader
from shared.store import Store


class Showing:
    """Shows calls. Whose a telephone is, the profiles say as they are now."""

    def __init__(self, store: Store, masks: Masks) -> None:
        self._telephones = TelephoneReader(store)
        self._masks = masks

    async def listed(self, found: Sequence[KeptCall]) -> list[CallSummary]:
        """Those of which it is known that they were offered."""
        owners = await self._telephones.owners(_answering(found))
        return [
            summary(kept, kept.call, await self._masks.of(kept), _owner(kept, owners))
            for kept in found
            if kept.call is not None
        ]

    async def one(self, kept: KeptCall | None) -> CallView:
        """All of one; raises NotThere where nobody knows that it was offered."""
        if kept is None or kept.call is None:
            raise NotThere
        owners = await self._telephones.owners(_answering([kept]))
        return view(kept, kept.call, await self._masks.of(kept), _owner(kept, owners))


def _telephone(kept: KeptCall) -> Telephone | None:
    agent = kept.call and kept.call.agent
    return Telephone(kept.exchange, agent) if agent else None


def _answering(found: Iterable[KeptCall]) -> set[Telephone]:
    return {each for kept in found if (each := _telephone(kept)) is not None}


def _owner(kept: KeptCall, owners: Mapping[Telephone, str]) -> str | None:
    telephone = _telephone(kept)
    return None if telephone is None else owners.get(telephone)
