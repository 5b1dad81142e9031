"""Calls played by hand, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.telephony.calls.domain import KeptCall, call_id
from services.telephony.calls.storage import CALLS
from shared.calls.facts import Fact, Kind, Party, Presentation, fact_id
from shared.calls.fold import fold
from shared.contracts import Step
from shared.store import Collection
from tests.support.bench import ServiceBench

NUMBER = "13800138000"


async def kept_call(
    bench: ServiceBench,
    channel: str = "1.1",
    *,
    number: str | None = NUMBER,
    presentation: Presentation | None = None,
    ago: timedelta = timedelta(minutes=1),
) -> str:
    """A call that an agent answers, as telephony would have kept it; its id."""
    at = bench.now() - ago
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    facts = (
        _fact(Kind.OFFERED, at, channel, line="hotline", presentation=presentation),
        _fact(Kind.ANSWERED, at + timedelta(seconds=4), channel, leg="9", party=Party.AGENT,
              agent="8001"),
    )  # fmt: skip
    is_hidden = presentation is Presentation.WITHHELD
    sealed: Mapping[str, bytes] = {}
    if number is not None:
        person = await bench.platform.sealer.seal_person({"phone": number}, estate=None)
        sealed = {"caller": person}
    kept = KeptCall(
        id=call_id(b"tests", "main", channel),
        exchange="main",
        channel=channel,
        last_at=facts[-1].at,
        facts=facts,
        call=fold(facts),
        persons=sealed,
        index={} if is_hidden else {"phone": bench.platform.index.phones(number)},
    )
    calls = Collection(bench.store, CALLS)
    await calls.change(kept.id, lambda *_: Step(kept), new=kept)
    return kept.id


def _fact(kind: Kind, at: datetime, call: str, **said: Any) -> Fact:
    id = fact_id("main", kind.value, at, f"{call}+{said.get('leg', '')}")
    return Fact(id=id, kind=kind, exchange="main", call=call, at=at, **said)
