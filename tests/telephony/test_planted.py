"""Numbers that exchanges tell are nowhere but sealed: no collection, event, series, answer, log."""

from __future__ import annotations

from typing import Final

import pytest

from shared.calls.telling import told
from shared.store.search import search_database
from tests.telephony.bench import Bench

RUNS: Final = ("numbers", "day", "transfers")


async def test_numbers_of_recordings_are_found_nowhere(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [fact for run in RUNS for fact in bench.recorded(run)]
    numbers = {n for fact in facts for n in (fact.number, fact.diverted_from) if n}
    needles = sorted(n.lstrip("+").encode() for n in numbers if len(n) >= 8 and n.isascii())
    needles = [needle for needle in needles if needle.isdigit()]
    assert len(needles) > 30
    await bench.tell(*facts)
    await bench.send([("call.ended", told(facts[0])[1])], user=bench.user)  # parked, and sealed
    await bench.look()
    assert len(await bench.kept()) > 60

    read = 0
    own = bench.corner.database
    async for searched in search_database(bench.corner.mongo_url, needles, only=own):
        read += searched.read
        assert not searched.found, searched.place
    assert read > 60
    shown = (await bench.http.get("/metrics")).text
    listed = await bench.http.get("/v1/calls?limit=200", headers=bench.signed_in("supervisor"))
    parked = await bench.http.get("/v1/parked", headers=bench.signed_in("supervisor"))
    said = "".join(str(envelope.data) for envelope in bench.heard)
    log = capsys.readouterr().out
    assert "message_parked" in log
    for text in (shown, listed.text, parked.text, said, log):
        assert [needle for needle in needles if needle.decode() in text] == []
