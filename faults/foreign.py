"""The publisher that is not Python, as a sender: a process that is fed lines and answers lines."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from typing_extensions import override

from faults.ledger import Ledger
from faults.plan import Item
from faults.senders import AT_ONCE, Gate, Sender, body_of, key_of

SCRIPT: Final = Path(__file__).parent / "node" / "publisher.mjs"
LIBRARY: Final = Path(__file__).parents[1] / "build" / "node"
"""Where `deploy/setup.sh faults` installs what is not Python."""


class NodePublisher(Sender):
    """Hands its items to the process, which repeats each until the broker confirms it."""

    def __init__(self, url: str, ledger: Ledger, gate: Gate) -> None:
        super().__init__(ledger, gate, AT_ONCE["node"])
        self._url = url
        self._process: Process | None = None
        self._open: dict[str, asyncio.Future[bool]] = {}

    @override
    async def send_all(self, items: Iterable[Item]) -> None:
        self._process = await asyncio.create_subprocess_exec(
            required("node"), SCRIPT, LIBRARY,
            env={**os.environ, "HOTLINE_AMQP_URL": self._url}, stdin=PIPE, stdout=PIPE,
        )  # fmt: skip
        listening = asyncio.create_task(self._listen())
        try:
            await super().send_all(items)
        finally:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            await listening

    @override
    async def send_once(self, item: Item) -> bool:
        assert self._process is not None
        assert self._process.stdin is not None
        id = f"{item.name}-{item.kind}"
        future = self._open[id] = asyncio.get_running_loop().create_future()
        line = {"id": id, "key": key_of(item), "body": base64.b64encode(body_of(item)).decode()}
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        if await future:
            self._ledger.confirm(item)
        return True

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._hear(json.loads(line))
        for future in self._open.values():
            if not future.done():
                future.set_exception(RuntimeError("the publisher in Node ended early"))

    def _hear(self, said: dict[str, str]) -> None:
        match said:
            case {"confirmed": id}:
                self._open.pop(id).set_result(True)
            case {"nacked": _}:
                self._ledger.nacks += 1
            case {"repeated": _}:
                self._ledger.repeats += 1
            case {"trouble": what}:
                self._ledger.faults.append(f"the publisher in Node: {what}")
            case _:
                pass


def required(program: str) -> str:
    """The program's path; a sentence that says what installs it otherwise."""
    found = shutil.which(program)
    if found is None or not (LIBRARY / "node_modules" / "amqplib").exists():
        raise FileNotFoundError(f"{program} with amqplib is not there: deploy/setup.sh faults")
    return found
