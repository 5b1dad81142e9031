"""What telephony looks after by the clock."""

from __future__ import annotations

from typing import Final

from services.telephony.callbacks.domain import OUTCOMES
from services.telephony.callbacks.following import AT_ONCE as MOST_FOLLOWED
from services.telephony.callbacks.following import Following
from services.telephony.callbacks.left_open import look_left_open
from services.telephony.calls.counting import be_there, calls_back_are_there
from services.telephony.calls.tidying import Tidying
from services.telephony.inbound.exchanges import Exchanges
from services.telephony.lines.watching import Watching
from services.telephony.load.gauges import Looking
from services.telephony.load.rolling import AT_ONCE, Rolling
from shared.bus import run_every
from shared.calls.fold import UNKNOWN_LINE
from shared.store import Store

LOOK_SECONDS: Final = 5.0
LINES_SECONDS: Final = 10.0
COUNT_SECONDS: Final = 2.0
FORGET_SECONDS: Final = 600.0


class Loops:
    """Gaps, quarter hours, lines, who is to be rung back, and what is forgotten."""

    def __init__(
        self,
        store: Store,
        exchanges: Exchanges,
        tidying: Tidying,
        rolling: Rolling,
        looking: Looking,
        following: Following,
        watching: Watching,
    ) -> None:
        self._store = store
        self._exchanges = exchanges
        self._tidying = tidying
        self._rolling = rolling
        self._looking = looking
        self._following = following
        self._watching = watching

    async def run_looks(self) -> None:
        """Mind gaps until cancelled."""
        await run_every(self.look, seconds=LOOK_SECONDS)

    async def run_counts(self) -> None:
        """Count quarter hours until cancelled."""
        await run_every(self.count, seconds=COUNT_SECONDS)

    async def run_lines(self) -> None:
        """Look after lines until cancelled."""
        clock = self._store.clock
        await run_every(self._watching.look, seconds=LINES_SECONDS, wake=clock.moved)

    async def run_forgetting(self) -> None:
        """Forget until cancelled."""
        clock = self._store.clock
        await run_every(self.forget, seconds=FORGET_SECONDS, wake=clock.moved)

    async def run_following(self) -> None:
        """See who got nobody until cancelled."""
        await run_every(self.follow, seconds=COUNT_SECONDS)

    async def follow(self) -> None:
        """Look at what became of every caller of whom that has yet to be done."""
        while await self._following.look() == MOST_FOLLOWED:
            pass

    async def forget(self) -> None:
        """Forget what the policy's time is over for."""
        await self._tidying.forget()
        await self._following.forget()

    async def look(self) -> None:
        """Read the exchanges anew, and make anew what their gaps make another."""
        await self._exchanges.look()
        known = self._exchanges.known
        lines = {UNKNOWN_LINE, *(line for exchange in known for line in exchange.lines)}
        be_there([exchange.id for exchange in known], lines)
        calls_back_are_there(OUTCOMES)
        await self._tidying.mind_gaps()
        await self._looking.look()
        await look_left_open(self._store)

    async def count(self) -> None:
        """Count every quarter hour that has to be."""
        while await self._rolling.look() == AT_ONCE:
            pass
