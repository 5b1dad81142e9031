"""Quarter hours are counted anew whenever a call of theirs changes: exact, however late it does.

A call's own write says which quarter hours it touches, so that no crash can lose that. Whoever
counts reads the quarter hour's version first: of two who count at once, the one that saw less does
not win.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from services.telephony.calls.domain import Bucket, KeptCall, counted
from services.telephony.calls.storage import CALLS
from services.telephony.load.domain import QuarterLoad, at_version, id_of, loaded
from services.telephony.load.storage import LOAD_QUARTERS, OFFERED
from shared.bus.loops import each
from shared.calls.call import Call
from shared.calls.quarters import QUARTER
from shared.contracts import Step
from shared.readers.ticket_filters import EVER
from shared.store import Collection, Store

AT_ONCE: Final = 500
LONGEST_CALL: Final = timedelta(hours=6)
"""So far back it is looked for calls that still occupied an agent in a quarter hour."""
ATTEMPTS: Final = 10


class Rolling:
    """Counts quarter hours."""

    def __init__(self, store: Store) -> None:
        self._calls = Collection(store, CALLS)
        self._offered = Collection(store, OFFERED)
        self._quarters = Collection(store, LOAD_QUARTERS)

    async def look(self) -> int:
        """Count what calls say has to be counted; how many calls those were."""
        # The bound is there for the index, which holds these alone.
        waiting = {"buckets.0": {"$exists": True}, "buckets.quarter": {"$gt": EVER}}
        seen = await self._calls.find(waiting, limit=AT_ONCE)
        buckets = {id_of(bucket): bucket for call in seen for bucket in call.buckets}
        failed = await each(partial(self._count_one, buckets), sorted(buckets))
        done = {call.id: call for call in seen if not failed & {*map(id_of, call.buckets)}}
        await each(partial(self._mark, done), sorted(done))
        return len(done)

    async def _mark(self, seen: Mapping[str, KeptCall], id: str) -> None:
        await self._calls.change(id, lambda kept, _: counted(kept, seen[id]))

    async def _count_one(self, buckets: Mapping[str, Bucket], id: str) -> None:
        bucket = buckets[id]

        async def decide(before: QuarterLoad, _: datetime) -> Step[QuarterLoad]:
            return Step(at_version(loaded(bucket, await self._near(bucket)), before))

        new = QuarterLoad(id=id, line=bucket.line, quarter=bucket.quarter)
        await self._quarters.change(id, decide, new=new, attempts=ATTEMPTS)

    async def _near(self, bucket: Bucket) -> list[Call]:
        """The calls of the line that were offered in the quarter hour, or last into it."""
        begins, of_line = bucket.quarter, {"call.line": bucket.line}
        within = {"$gte": begins, "$lt": begins + QUARTER}
        before = {"$gte": begins - LONGEST_CALL, "$lt": begins}
        its_own = {**of_line, "call.offered_at": within}
        lasting = {**of_line, "call.offered_at": before, "call.last_sign_at": {"$gt": begins}}
        near = self._offered.walk({"$or": [its_own, lasting]})
        return [each.call async for each in near if each.call is not None]
