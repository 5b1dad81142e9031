"""Reads by id that are asked for while others are under way go to the server as one question.

Alone, a read goes at once; whoever was in company a moment ago waits a moment for it (`company`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from motor.motor_asyncio import AsyncIOMotorCollection

from shared.lanes import FEW, Precedence
from shared.store.change import Doc
from shared.store.company import Company

LARGEST: Final = 100
"""Documents asked for at once; the first should not wait for megabytes of others."""


class Gathering:
    """Reads of one collection with the same fields."""

    def __init__(
        self,
        collection: AsyncIOMotorCollection[Doc],
        fields: Sequence[str],
        precedence: Precedence,
    ) -> None:
        self._collection = collection
        self._precedence = precedence
        self._projection: dict[str, Any] | None = dict.fromkeys(fields, 1) or None
        self._company = Company()
        self._waiting: dict[str, asyncio.Future[Doc | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, id: str) -> Doc | None:
        """The document as it is at some moment after the call; who asks together gets the same
        one and must not change it.
        """
        answer = self._waiting.get(id)
        if answer is None:
            answer = self._waiting[id] = asyncio.get_running_loop().create_future()
            self._company.joins(len(self._waiting))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_waiting())
        return await asyncio.shield(answer)  # others may be waiting for the same one

    async def _read_waiting(self) -> None:
        while self._waiting:
            size = FEW if await self._precedence.step() else LARGEST
            await self._company.wait(len(self._waiting))
            ids = list(self._waiting)[:size]
            asked = {id: self._waiting.pop(id) for id in ids}
            self._company.went(len(ids))
            try:
                found = await self._find(ids)
            except Exception as error:  # noqa: BLE001 - whoever asked is told
                for answer in asked.values():
                    answer.set_exception(error)
                    answer.exception()  # looked at, should nobody be left who waits for it
            else:
                self._precedence.tell(
                    [partial(answer.set_result, found.get(id)) for id, answer in asked.items()]
                )

    async def _find(self, ids: list[str]) -> dict[str, Doc]:
        cursor = self._collection.find({"_id": {"$in": ids}}, self._projection)
        return {doc["_id"]: doc for doc in await cursor.to_list(None)}
